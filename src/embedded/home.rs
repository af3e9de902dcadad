//! The directory of a cluster: `data`, two passwords, `log`, `port` and the lock. Only `data` and the passwords belong
//! to the user who runs Postgres.

use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::Context;
use base64::Engine as _;
use sha2::{Digest, Sha256};

use super::user::{self, User};

/// Location of a cluster.
#[derive(Debug, Clone)]
pub(super) struct Home {
    pub(super) path: PathBuf,
    /// The user who runs Postgres, if different from this process's own.
    pub(super) user: Option<User>,
    /// Whether it is outside the data directory, because that user has no access there.
    pub(super) is_elsewhere: bool,
}

/// The superuser who creates the cluster; used only to prepare the database.
pub(super) const ADMIN_ROLE: &str = "stepwell";

/// The role that Stepwell works as: owns the database and has no other rights on the server.
pub(super) const APP_ROLE: &str = "stepwell_app";

/// Location of clusters that cannot be inside their data directory. Only root can write there.
const ELSEWHERE: &str = "/var/lib/stepwell";

/// Returns the home of a data directory: inside it, or where an unprivileged user has access.
pub(super) fn of(data_dir: &Path) -> anyhow::Result<Home> {
    let inside = data_dir.canonicalize().with_context(|| format!("finding {}", data_dir.display()))?.join("postgres");
    if !user::is_root() {
        return Ok(Home { path: inside, user: None, is_elsewhere: false });
    }
    let name = hex::encode(&Sha256::digest(inside.as_os_str().as_encoded_bytes())[..8]);
    let elsewhere = Path::new(ELSEWHERE).join(name);
    // A cluster stays where it was created, even if the permissions of parent directories change.
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

/// Makes a directory accessible to other users, whatever the umask.
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

    /// Password of Stepwell's role; the other file has the superuser's.
    fn app_password_file(&self) -> PathBuf {
        self.path.join("app-password")
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

    /// Written last: without it, the cluster is incomplete.
    fn mark(&self) -> PathBuf {
        self.path.join("complete")
    }

    pub(super) fn is_complete(&self) -> bool {
        self.mark().is_file() && self.data().join("PG_VERSION").is_file()
    }

    /// Major version of Postgres that created the cluster; only that version can run it.
    pub(super) fn major(&self) -> Option<u32> {
        std::fs::read_to_string(self.data().join("PG_VERSION")).ok()?.trim().parse().ok()
    }

    /// The port used last time.
    pub(super) fn port(&self) -> Option<u16> {
        std::fs::read_to_string(self.port_file()).ok()?.trim().parse().ok()
    }

    pub(super) fn remember_port(&self, port: u16) -> anyhow::Result<()> {
        std::fs::write(self.port_file(), port.to_string())
            .with_context(|| format!("writing {}", self.port_file().display()))
    }

    /// Connection URL of Stepwell's role.
    pub(super) fn url(&self, port: u16, database: &str) -> Option<String> {
        // A running cluster that an earlier version created has only a superuser.
        let Ok(password) = self.app_password() else { return self.admin_url(port, database) };
        Some(format!("postgres://{APP_ROLE}:{password}@127.0.0.1:{port}/{database}"))
    }

    /// Connection URL of the superuser.
    pub(super) fn admin_url(&self, port: u16, database: &str) -> Option<String> {
        let password = std::fs::read_to_string(self.password_file()).ok()?;
        Some(format!("postgres://{ADMIN_ROLE}:{}@127.0.0.1:{port}/{database}", password.trim()))
    }

    pub(super) fn app_password(&self) -> std::io::Result<String> {
        Ok(std::fs::read_to_string(self.app_password_file())?.trim().to_owned())
    }

    /// Creates the directory. It stays owned by this process, so that the Postgres user cannot trick root with a
    /// symbolic link.
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

    /// Creates the empty data directory, accessible only to the user who runs Postgres.
    pub(super) fn make_data(&self) -> anyhow::Result<()> {
        let data = self.data();
        std::fs::create_dir(&data)
            .and_then(|()| std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o700)))
            .with_context(|| format!("making {}", data.display()))?;
        self.user.as_ref().map_or(Ok(()), |user| user.own(&data))
    }

    /// Writes a new superuser password.
    pub(super) fn write_password(&self) -> anyhow::Result<()> {
        self.write_secret(&self.password_file(), std::fs::OpenOptions::new().write(true).create(true).truncate(true))
    }

    /// Writes a password for Stepwell's role, unless there is one.
    pub(super) fn write_app_password_once(&self) -> anyhow::Result<()> {
        let path = self.app_password_file();
        if path.exists() {
            return Ok(());
        }
        self.write_secret(&path, std::fs::OpenOptions::new().write(true).create_new(true))
    }

    /// Writes a random password that only the user who runs Postgres can read.
    fn write_secret(&self, path: &Path, how: &mut std::fs::OpenOptions) -> anyhow::Result<()> {
        let secret = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(rand::random::<[u8; 24]>());
        let mut write = || -> anyhow::Result<()> {
            how.mode(0o600).open(path)?.write_all(secret.as_bytes())?;
            self.user.as_ref().map_or(Ok(()), |user| user.own(path))
        };
        write().with_context(|| format!("writing {}", path.display()))
    }

    /// Marks the cluster as complete.
    pub(super) fn complete(&self) -> anyhow::Result<()> {
        std::fs::write(self.mark(), "").with_context(|| format!("writing {}", self.mark().display()))
    }
}
