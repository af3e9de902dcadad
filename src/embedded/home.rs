//! Where a cluster lives: `data`, `password`, `log`, `port`, and the lock, in one directory. Only `data` and the password belong to the user who runs Postgres.

use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::Context;
use sha2::{Digest, Sha256};

use super::user::{self, User};

/// The directory of a cluster.
#[derive(Debug, Clone)]
pub(super) struct Home {
    pub(super) path: PathBuf,
    /// Who runs Postgres, where it is not this process's own user.
    pub(super) user: Option<User>,
    /// Not inside the data directory, since the user cannot reach that.
    pub(super) is_elsewhere: bool,
}

/// Place for clusters that cannot lie in their data directory. Only root writes there.
const ELSEWHERE: &str = "/var/lib/stepwell";

/// The home of a data directory: inside it, or where an unprivileged user can reach it.
pub(super) fn of(data_dir: &Path) -> anyhow::Result<Home> {
    let inside = data_dir.canonicalize().with_context(|| format!("finding {}", data_dir.display()))?.join("postgres");
    if !user::is_root() {
        return Ok(Home { path: inside, user: None, is_elsewhere: false });
    }
    let name = hex::encode(&Sha256::digest(inside.as_os_str().as_encoded_bytes())[..8]);
    let elsewhere = Path::new(ELSEWHERE).join(name);
    // A cluster stays where it was made, even if the directories above it change their permissions.
    for (path, is_elsewhere) in [(&inside, false), (&elsewhere, true)] {
        if path.join("data").is_dir() {
            let user = user::owner(&path.join("data"))?;
            return Ok(Home { path: path.clone(), user: Some(user), is_elsewhere });
        }
    }
    let user = user::unprivileged()?;
    let is_elsewhere = !user.reaches(data_dir);
    Ok(Home { path: if is_elsewhere { elsewhere } else { inside }, user: Some(user), is_elsewhere })
}

/// Lets others pass through a directory, whatever the umask was.
pub(super) fn open_to_others(path: &Path) -> std::io::Result<()> {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
}

impl Home {
    pub(super) fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    pub(super) fn password_file(&self) -> PathBuf {
        self.path.join("password")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.path.join("log")
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.path.join("in-use")
    }

    fn port_file(&self) -> PathBuf {
        self.path.join("port")
    }

    /// Written last: without it the cluster was left half made.
    fn mark(&self) -> PathBuf {
        self.path.join("complete")
    }

    pub(super) fn is_complete(&self) -> bool {
        self.mark().is_file() && self.data().join("PG_VERSION").is_file()
    }

    /// Major version of Postgres that the cluster was made with; only that one can run it.
    pub(super) fn major(&self) -> Option<u32> {
        std::fs::read_to_string(self.data().join("PG_VERSION")).ok()?.trim().parse().ok()
    }

    /// The port of the last time.
    pub(super) fn port(&self) -> Option<u16> {
        std::fs::read_to_string(self.port_file()).ok()?.trim().parse().ok()
    }

    pub(super) fn remember_port(&self, port: u16) -> anyhow::Result<()> {
        std::fs::write(self.port_file(), port.to_string())
            .with_context(|| format!("writing {}", self.port_file().display()))
    }

    pub(super) fn url(&self, port: u16, database: &str) -> Option<String> {
        let password = std::fs::read_to_string(self.password_file()).ok()?;
        Some(format!("postgres://stepwell:{}@127.0.0.1:{port}/{database}", password.trim()))
    }

    /// Makes the directory. It stays this process's own, so that whoever runs Postgres cannot lead root astray by a link.
    pub(super) fn make(&self) -> anyhow::Result<()> {
        let own = || -> std::io::Result<()> {
            std::fs::create_dir_all(&self.path)?;
            match &self.user {
                None => std::fs::set_permissions(&self.path, std::fs::Permissions::from_mode(0o700)),
                Some(_) if self.is_elsewhere => {
                    open_to_others(Path::new(ELSEWHERE)).and_then(|()| open_to_others(&self.path))
                }
                Some(_) => open_to_others(&self.path),
            }
        };
        own().with_context(|| {
            let owner = std::fs::metadata(&self.path).map(|m| format!(", which belongs to user {}", m.uid()));
            format!(
                "preparing {}{}; run as that user, or choose another directory with --data-dir",
                self.path.display(),
                owner.unwrap_or_default()
            )
        })
    }

    /// Makes the empty directory of the cluster, which only the user who runs Postgres may enter.
    pub(super) fn make_data(&self) -> anyhow::Result<()> {
        let data = self.data();
        std::fs::create_dir(&data)
            .and_then(|()| std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o700)))
            .with_context(|| format!("making {}", data.display()))?;
        self.user.as_ref().map_or(Ok(()), |user| user.own(&data))
    }

    /// Writes a fresh password that only the user who runs Postgres can read.
    pub(super) fn write_password(&self, password: &str) -> anyhow::Result<()> {
        let path = self.password_file();
        let write = || -> anyhow::Result<()> {
            let mut file =
                std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
            file.write_all(password.as_bytes())?;
            self.user.as_ref().map_or(Ok(()), |user| user.own(&path))
        };
        write().with_context(|| format!("writing {}", path.display()))
    }

    /// Says that the cluster is whole.
    pub(super) fn complete(&self) -> anyhow::Result<()> {
        std::fs::write(self.mark(), "").with_context(|| format!("writing {}", self.mark().display()))
    }
}
