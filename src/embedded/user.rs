//! Postgres refuses root. Then it runs as a user who owns nothing else that matters.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use anyhow::Context;

/// An unprivileged user.
#[derive(Debug, Clone)]
pub(super) struct User {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
}

/// The user to run Postgres as; none when this process is no root and runs it itself.
pub(super) fn unprivileged() -> anyhow::Result<Option<User>> {
    if !is_root() {
        return Ok(None);
    }
    let passwd = std::fs::read_to_string("/etc/passwd").context("reading /etc/passwd to find a user for Postgres")?;
    let user = ["postgres", "nobody"].iter().find_map(|name| lookup(&passwd, name));
    user.map(Some)
        .context("Postgres refuses to run as root, and neither a user `postgres` nor `nobody` exists; create one")
}

/// The owner of a process's own directory in `/proc` is who it runs as; elsewhere `id` is asked.
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    if let Ok(own) = std::fs::metadata("/proc/self") {
        return own.uid() == 0;
    }
    Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout.starts_with(b"0\n"))
}

fn lookup(passwd: &str, name: &str) -> Option<User> {
    let line = passwd.lines().find(|l| l.split(':').next() == Some(name))?;
    let fields: Vec<&str> = line.split(':').collect();
    Some(User { name: name.to_owned(), uid: fields.get(2)?.parse().ok()?, gid: fields.get(3)?.parse().ok()? })
}

impl User {
    /// Makes a directory and gives it to the user.
    pub(super) fn own(&self, path: &Path) -> anyhow::Result<()> {
        std::os::unix::fs::chown(path, Some(self.uid), Some(self.gid))
            .with_context(|| format!("giving {} to the user {}", path.display(), self.name))
    }

    /// Whether the user can get to a path: every directory above it lets others through.
    pub(super) fn reaches(&self, path: &Path) -> bool {
        let mut probe = Command::new("test");
        probe.arg("-x").arg(path).uid(self.uid).gid(self.gid).current_dir("/");
        probe.status().is_ok_and(|s| s.success())
    }
}

/// A command that runs as the user, if there is one, and knows nothing of this process's environment.
pub(super) fn command(program: &Path, user: Option<&User>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("LC_ALL", "C").env("TZ", "UTC").env("PATH", "/usr/bin:/bin");
    if let Some(user) = user {
        command.uid(user.uid).gid(user.gid).current_dir("/");
    }
    command
}
