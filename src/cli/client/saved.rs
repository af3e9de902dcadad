//! The saved login: a server and its token, in a file that only its owner can read.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

use crate::config::Token;
use crate::redact::Known;

/// A server and its token.
#[derive(Serialize, Deserialize)]
pub(in crate::cli) struct Login {
    pub(in crate::cli) server: String,
    token: String,
    /// Whether the token may be sent without TLS.
    #[serde(default)]
    pub(in crate::cli) insecure: bool,
}

impl Login {
    pub(in crate::cli) fn new(server: String, token: String, insecure: bool) -> Self {
        Self { server, token, insecure }
    }

    /// Returns the token and registers it as a secret, so that messages mask it.
    pub(super) fn token(&self) -> Token {
        Known::of_process().note(&self.token);
        Token(self.token.clone())
    }

    /// Reads the saved login, if any.
    pub(super) fn read() -> anyhow::Result<Option<Self>> {
        match file() {
            Some(file) => Self::read_from(&file),
            None => Ok(None),
        }
    }

    fn read_from(file: &Path) -> anyhow::Result<Option<Self>> {
        let reading = || format!("reading the saved login in {}", file.display());
        let found = match fs::metadata(file) {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
            found => found.with_context(reading)?,
        };
        ensure!(
            found.permissions().mode() & 0o077 == 0,
            "the saved login in {0} is readable by others, so it is ignored: `chmod 600 {0}`, or sign in with a new token",
            file.display()
        );
        let text = fs::read(file).with_context(reading)?;
        // The parser's own message would quote the contents.
        let login = serde_json::from_slice(&text).ok();
        login.map(Some).with_context(|| format!("{} is not a saved login; sign in again", file.display()))
    }

    /// Saves the login in place of an earlier one, atomically. Returns the path of the file.
    pub(in crate::cli) fn write(&self) -> anyhow::Result<PathBuf> {
        let file = file().context("there is no folder for the login: set HOME or XDG_CONFIG_HOME")?;
        self.write_to(&file).with_context(|| format!("saving the login in {}", file.display()))?;
        Ok(file)
    }

    fn write_to(&self, file: &Path) -> anyhow::Result<()> {
        if let Some(folder) = file.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let beside = file.with_extension(format!("json.{}", std::process::id()));
        let mut new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        new.write_all(&serde_json::to_vec_pretty(self)?)?;
        new.sync_all()?;
        Ok(fs::rename(&beside, file)?)
    }

    /// Deletes the saved login. Returns its server, if there was one.
    pub(in crate::cli) fn forget() -> anyhow::Result<Option<String>> {
        let Some(file) = file() else { return Ok(None) };
        // Delete the file even if it cannot be read.
        let server =
            Self::read_from(&file).ok().flatten().map_or_else(|| "the server".to_owned(), |login| login.server);
        match fs::remove_file(&file) {
            Ok(()) => Ok(Some(server)),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(error).with_context(|| format!("removing {}", file.display())),
        }
    }
}

/// Path of the file: `login.json` in the user's configuration folder. `None` without a home.
fn file() -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from);
    let settings = folder("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
    Some(settings.or_else(|| Some(folder("HOME")?.join(".config")))?.join("stepwell/login.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_kept_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("stepwell/login.json");
        assert!(Login::read_from(&file).unwrap().is_none());
        for token in ["swt_first", "swt_second"] {
            Login::new("https://a.example".to_owned(), token.to_owned(), false).write_to(&file).unwrap();
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
            let read = Login::read_from(&file).unwrap().unwrap();
            assert_eq!((read.server.as_str(), read.token.as_str()), ("https://a.example", token));
        }
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        let refused = Login::read_from(&file).err().unwrap().to_string();
        assert!(refused.contains("is readable by others") && !refused.contains("swt_"), "{refused}");
        fs::write(&file, "{\"token\": \"swt_second\"").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let refused = format!("{:#}", Login::read_from(&file).err().unwrap());
        assert!(refused.contains("is not a saved login") && !refused.contains("swt_"), "{refused}");
    }
}
