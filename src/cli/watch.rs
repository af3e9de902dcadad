//! `--watch`: what was printed, again as soon as it changes.

use std::io::IsTerminal;
use std::time::Duration;

use super::print;
use crate::output;

/// How often a command looks again.
const LOOK: Duration = Duration::from_secs(1);

/// Waits until it is time to look again; no longer once nobody reads what is printed.
pub(super) async fn again() -> bool {
    tokio::time::sleep(LOOK).await;
    !output::is_unread()
}

/// What was printed last. On a terminal the next takes its place, elsewhere it follows.
#[derive(Default)]
pub(super) struct Screen {
    said: Option<String>,
}

impl Screen {
    /// Prints a text of some lines if it is not the one that was printed last.
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
