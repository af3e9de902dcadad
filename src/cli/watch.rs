//! `--watch`: prints again whenever something changes.

use std::io::IsTerminal;
use std::time::Duration;

use super::print;
use crate::output;

/// How often to check for changes.
const LOOK: Duration = Duration::from_secs(1);

/// Waits until the next check. Returns false once nobody reads the output.
pub(super) async fn again() -> bool {
    tokio::time::sleep(LOOK).await;
    !output::is_unread()
}

/// The last text printed. On a terminal the next one replaces it, elsewhere it follows.
#[derive(Default)]
pub(super) struct Screen {
    said: Option<String>,
}

impl Screen {
    /// Prints a text unless it is the same as the last one.
    pub(super) fn show(&mut self, text: &str) {
        if self.said.as_deref() == Some(text) {
            return;
        }
        match (&self.said, std::io::stdout().is_terminal()) {
            (None, _) => {}
            (Some(_), true) => print!("\x1b[H\x1b[2J"),
            (Some(_), false) => println!(),
        }
        print::text(text);
        self.said = Some(text.to_owned());
    }
}
