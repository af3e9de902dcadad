//! A real browser: headless Chromium, driven over WebDriver. It ends with the test, however the test ends.

use std::cell::Cell;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use thirtyfour::prelude::*;
use thirtyfour::{ChromeCapabilities, ChromiumLikeCapabilities};

use super::{Node, PATIENCE, World, eventually, free_address};

const CHROMIUM: &str = "/usr/bin/chromium";
const CHROMEDRIVER: &str = "/usr/bin/chromedriver";

/// A browser with its own profile. Pages refresh themselves, so checks are single scripts: an element found a moment
/// ago may be gone.
pub struct Browser {
    driver: WebDriver,
    _chromedriver: Chromedriver,
    _profile: tempfile::TempDir,
}

/// Killed on drop, even if a test panics; Chromium then ends too, because their pipe closes.
struct Chromedriver(Child);

impl Drop for Chromedriver {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Browser {
    /// Starts a browser that is 1280 pixels wide.
    pub async fn open() -> Self {
        for program in [CHROMIUM, CHROMEDRIVER] {
            let advice = "the browser tests need it: `apt-get install chromium chromium-driver`";
            assert!(Path::new(program).exists(), "{program} is missing; {advice}");
        }
        let profile = tempfile::tempdir().unwrap();
        let address = free_address();
        let chromedriver = Command::new(CHROMEDRIVER)
            .arg(format!("--port={}", address.port()))
            .env("TMPDIR", profile.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let chromedriver = Chromedriver(chromedriver);
        let client = super::client();
        let url = format!("http://{address}");
        eventually("chromedriver is ready", || async {
            let ready = client.get(format!("{url}/status")).send().await;
            ready.ok().filter(|r| r.status().is_success())
        })
        .await;
        let driver = WebDriver::new(url, capabilities(profile.path())).await.expect("chromium starts");
        let browser = Self { driver, _chromedriver: chromedriver, _profile: profile };
        browser.resize(1280).await;
        browser
    }

    /// Starts a browser in which this user is signed in, on the list of runs.
    pub async fn signed_in(world: &World, node: &Node, user: &str) -> Self {
        let browser = Self::open().await;
        let (ok, _, err) = world.command(&["user", "create", user]);
        assert!(ok, "{err}");
        browser.goto(&node.url(&login_link(world, user))).await;
        browser.click("form button").await;
        browser.shows("h1", "Runs").await;
        browser
    }

    pub async fn goto(&self, url: &str) {
        self.driver.goto(url).await.unwrap();
    }

    /// Returns path and query of the page.
    pub async fn place(&self) -> String {
        let url = self.driver.current_url().await.unwrap();
        url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
    }

    /// Sets the page's width as the style sheet sees it, because windows cannot be as narrow as a phone.
    pub async fn resize(&self, width: u32) {
        let metrics = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.driver.cdp().send_raw("Emulation.setDeviceMetricsOverride", metrics).await.unwrap();
    }

    /// Sets the preferred color scheme: `light` or `dark`.
    pub async fn prefers(&self, scheme: &str) {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.driver.cdp().send_raw("Emulation.setEmulatedMedia", features).await.unwrap();
    }

    /// Returns the result of a script.
    pub async fn script(&self, script: &str) -> Value {
        self.driver.execute(script, Vec::new()).await.unwrap().json().clone()
    }

    /// Returns the result of a function for the first matching element; null if there is none.
    pub async fn of(&self, css: &str, function: &str) -> Value {
        let css = json!(css);
        self.script(&format!("const e = document.querySelector({css}); return e && ({function})(e)")).await
    }

    /// Returns the visible text of the first matching element, in one line; `None` if there is none.
    pub async fn text(&self, css: &str) -> Option<String> {
        self.of(css, "e => e.innerText.replace(/\\s+/g, ' ').trim()").await.as_str().map(str::to_owned)
    }

    /// Waits until an element shows a text, and returns the element's whole text.
    pub async fn shows(&self, css: &str, text: &str) -> String {
        let seen = Cell::new(None);
        let looking = eventually(css, || async {
            let now = self.text(css).await;
            seen.set(now.clone());
            now.filter(|now| now.contains(text))
        });
        match tokio::time::timeout(PATIENCE / 2, looking).await {
            Ok(shown) => shown,
            Err(_) => {
                let page = self.text("body").await.unwrap_or_default();
                panic!("{css} shows {:?}, not {text:?}; the page:\n{page}", seen.take())
            }
        }
    }

    pub async fn click(&self, css: &str) {
        eventually(&format!("{css} can be clicked"), || async {
            // A refresh may replace the element in between.
            let found = self.driver.find(By::Css(css)).await.ok()?;
            found.click().await.ok()
        })
        .await;
    }

    /// Opens a `<details>`.
    pub async fn unfold(&self, css: &str) {
        eventually(&format!("{css} opens"), || async {
            if self.of(css, "e => e.open").await == true {
                return Some(());
            }
            self.driver.find(By::Css(format!("{css} > summary"))).await.ok()?.click().await.ok()?;
            None
        })
        .await;
    }

    pub async fn write(&self, css: &str, text: &str) {
        self.driver.find(By::Css(css)).await.unwrap().send_keys(text).await.unwrap();
    }

    /// Presses a key in the focused element.
    pub async fn press(&self, key: impl Into<TypingData>) {
        let keys: TypingData = key.into();
        self.driver.action_chain().send_keys(keys).perform().await.unwrap();
    }

    /// Fills in the form of an act with a reason and submits it.
    pub async fn act(&self, act: &str, reason: &str) {
        self.unfold(&format!("#act-{act}")).await;
        self.write(&format!("#{act}-reason"), reason).await;
        self.click(&format!("#act-{act} form button")).await;
    }

    /// Returns how far the page can be scrolled sideways, in pixels.
    pub async fn overflow(&self) -> i64 {
        let script = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
        self.script(script).await.as_i64().unwrap()
    }
}

/// Returns the path of a new login link.
pub fn login_link(world: &World, user: &str) -> String {
    let (ok, link, err) = world.command(&["login", "--user", user]);
    assert!(ok, "{err}");
    let start = link.find("/login?token=").expect("the command prints a link");
    link[start..].trim().to_owned()
}

fn capabilities(profile: &Path) -> ChromeCapabilities {
    let mut capabilities = DesiredCapabilities::chrome();
    let profile = format!("--user-data-dir={}", profile.join("profile").display());
    // Over the pipe, Chromium notices when chromedriver is gone. Its own sandbox does not work as root.
    let arguments = [
        "--headless=new",
        "--remote-debugging-pipe",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        &profile,
    ];
    for argument in arguments {
        capabilities.add_arg(argument).unwrap();
    }
    capabilities.set_binary(CHROMIUM).unwrap();
    capabilities
}
