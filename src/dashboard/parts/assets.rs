//! Style sheets, scripts and images, compiled into the program. Their URLs contain a hash of the content, so browsers
//! may cache them forever.

use std::sync::LazyLock;

use axum::extract::{Path, RawQuery};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use sha2::{Digest, Sha256};

struct Asset {
    name: &'static str,
    media_type: &'static str,
    content: &'static [u8],
}

const ASSETS: [Asset; 4] = [
    Asset {
        name: "stepwell.css",
        media_type: "text/css; charset=utf-8",
        content: include_bytes!("../../../web/static/stepwell.css"),
    },
    Asset {
        name: "live.js",
        media_type: "text/javascript; charset=utf-8",
        content: include_bytes!("../../../web/static/live.js"),
    },
    Asset {
        name: "htmx.min.js",
        media_type: "text/javascript; charset=utf-8",
        content: include_bytes!("../../../web/static/htmx.min.js"),
    },
    Asset { name: "logo.svg", media_type: "image/svg+xml", content: include_bytes!("../../../web/static/logo.svg") },
];

/// Beginning of the SHA-256 of all contents.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    for asset in &ASSETS {
        hash.update(asset.content);
    }
    hex::encode(&hash.finalize()[..6])
});

/// Returns the URL of a file in `web/static`.
#[must_use]
pub fn address(name: &str) -> String {
    format!("/static/{name}?v={}", *VERSION)
}

/// `GET /static/{file}`
pub async fn serve(Path(file): Path<String>, RawQuery(query): RawQuery) -> Response {
    let Some(asset) = ASSETS.iter().find(|a| a.name == file) else { return StatusCode::NOT_FOUND.into_response() };
    let current = query.and_then(|q| q.strip_prefix("v=").map(|v| v == *VERSION)).unwrap_or(false);
    let caching = if current { "public, max-age=31536000, immutable" } else { "no-cache" };
    ([(CONTENT_TYPE, asset.media_type), (CACHE_CONTROL, caching)], asset.content).into_response()
}
