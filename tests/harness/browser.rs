//! A real browser: Chromium without a window, driven over WebDriver. Whatever ends the test ends the browser too.

use std::cell::Cell;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use thirtyfour::prelude::*;
use thirtyfour::{ChromeCapabilities, ChromiumLikeCapabilities};

use super::{Node, PATIENCE, World, eventually, free_address};

const CHROMIUM: &str = "/usr/bin/chromium";
const CHROMEDRIVER: &str = "/usr/bin/chromedriver";

/// One browser with a profile of its own. Pages refresh themselves, so questions are asked by script, in one go: an
/// element that was found a moment ago may be gone.
pub struct Browser {
    driver: WebDriver,
    _chromedriver: Chromedriver,
    _profile: tempfile::TempDir,
}

/// Ends with the value, also when a test panics; Chromium ends with it, since their pipe closes.
struct Chromedriver(Child);

impl Drop for Chromedriver {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to do.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Browser {
    /// Starts a browser, 1280 pixels wide.
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

    /// A browser in which this user is signed in, on the list of runs.
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

    /// Path and query of the page.
    pub async fn place(&self) -> String {
        let url = self.driver.current_url().await.unwrap();
        url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
    }

    /// The page's width as the style sheet sees it; windows cannot be as narrow as a telephone.
    pub async fn resize(&self, width: u32) {
        let metrics = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.driver.cdp().send_raw("Emulation.setDeviceMetricsOverride", metrics).await.unwrap();
    }

    /// What the reader's system asks for: `light` or `dark`.
    pub async fn prefers(&self, scheme: &str) {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.driver.cdp().send_raw("Emulation.setEmulatedMedia", features).await.unwrap();
    }

    /// What a script returns.
    pub async fn script(&self, script: &str) -> Value {
        self.driver.execute(script, Vec::new()).await.unwrap().json().clone()
    }

    /// What a function returns for the first element that fits; null if none does.
    pub async fn of(&self, css: &str, function: &str) -> Value {
        let css = json!(css);
        self.script(&format!("const e = document.querySelector({css}); return e && ({function})(e)")).await
    }

    /// The text that a reader sees in the first element that fits, in one line; none if there is no such element.
    pub async fn text(&self, css: &str) -> Option<String> {
        self.of(css, "e => e.innerText.replace(/\\s+/g, ' ').trim()").await.as_str().map(str::to_owned)
    }

    /// Waits until an element shows a text, and gives all of the element's.
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
            // A refresh may take it away between the two; then there is a new one.
            let found = self.driver.find(By::Css(css)).await.ok()?;
            found.click().await.ok()
        })
        .await;
    }

    /// Unfolds a `<details>`.
    pub async fn unfold(&self, css: &str) {
        eventually(&format!("{css} unfolds"), || async {
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

    /// Presses a key where the focus is.
    pub async fn press(&self, key: impl Into<TypingData>) {
        let keys: TypingData = key.into();
        self.driver.action_chain().send_keys(keys).perform().await.unwrap();
    }

    /// Fills the form of an act with a reason and sends it.
    pub async fn act(&self, act: &str, reason: &str) {
        self.unfold(&format!("#act-{act}")).await;
        self.write(&format!("#{act}-reason"), reason).await;
        self.click(&format!("#act-{act} form button")).await;
    }

    /// How far the page can be scrolled sideways, in pixels.
    pub async fn overflow(&self) -> i64 {
        let script = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
        self.script(script).await.as_i64().unwrap()
    }
}

/// Path of a fresh one-time link.
pub fn login_link(world: &World, user: &str) -> String {
    let (ok, link, err) = world.command(&["login", "--user", user]);
    assert!(ok, "{err}");
    let start = link.find("/login?token=").expect("the command prints a link");
    link[start..].trim().to_owned()
}

fn capabilities(profile: &Path) -> ChromeCapabilities {
    let mut capabilities = DesiredCapabilities::chrome();
    let profile = format!("--user-data-dir={}", profile.join("profile").display());
    // Over the pipe Chromium notices that chromedriver is gone. The sandbox of its own cannot be had as root.
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
