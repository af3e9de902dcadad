//! Finds the unprivileged user who runs Postgres in place of root.

use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};

/// An unprivileged user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct User {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
}

/// Returns the user to run Postgres as instead of root.
pub(super) fn unprivileged() -> anyhow::Result<User> {
    let passwd = passwd()?;
    let user = ["postgres", "nobody"].iter().find_map(|name| find(&passwd, |user| user.name == *name));
    user.context("Postgres refuses to run as root, and neither a user `postgres` nor `nobody` exists; create one, or set DATABASE_URL")
}

/// Returns the owner of a path: a cluster runs as its creator.
pub(super) fn owner(path: &Path) -> anyhow::Result<User> {
    let metadata = std::fs::metadata(path).with_context(|| format!("looking at {}", path.display()))?;
    if metadata.uid() == 0 {
        bail!(
            "{} belongs to root, and Postgres refuses to run as root; delete it or give it to another user",
            path.display()
        );
    }
    let known = find(&passwd()?, |user| user.uid == metadata.uid());
    Ok(known.unwrap_or(User { name: metadata.uid().to_string(), uid: metadata.uid(), gid: metadata.gid() }))
}

fn passwd() -> anyhow::Result<String> {
    std::fs::read_to_string("/etc/passwd").context("reading /etc/passwd to find a user for Postgres")
}

fn find(passwd: &str, is_wanted: impl Fn(&User) -> bool) -> Option<User> {
    passwd.lines().filter_map(parse).find(is_wanted)
}

fn parse(line: &str) -> Option<User> {
    let mut fields = line.split(':');
    let name = fields.next()?.to_owned();
    Some(User { name, uid: fields.nth(1)?.parse().ok()?, gid: fields.next()?.parse().ok()? })
}

/// Whether this process is root. Asks `id` on systems without `/proc`.
pub(super) fn is_root() -> bool {
    match std::fs::read_to_string("/proc/self/status") {
        Ok(status) => effective_uid(&status) == Some(0),
        Err(_) => Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout.trim_ascii() == b"0"),
    }
}

/// Returns the second number after `Uid:`.
fn effective_uid(status: &str) -> Option<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

impl User {
    /// Makes the user the owner of a file or directory.
    pub(super) fn own(&self, path: &Path) -> anyhow::Result<()> {
        std::os::unix::fs::chown(path, Some(self.uid), Some(self.gid))
            .with_context(|| format!("changing the owner of {} to {}", path.display(), self.name))
    }

    /// Whether the user can enter a directory, which requires access to all its parents.
    pub(super) fn reaches(&self, path: &Path) -> bool {
        let mut probe = Command::new("test");
        probe.arg("-x").arg(path).uid(self.uid).gid(self.gid).current_dir("/");
        probe.status().is_ok_and(|s| s.success())
    }
}

/// A command with a clean environment, run as the user if there is one.
pub(super) fn command(program: &Path, user: Option<&User>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("LC_ALL", "C").env("TZ", "UTC").env("PATH", "/usr/bin:/bin").current_dir("/");
    if let Some(user) = user {
        command.uid(user.uid).gid(user.gid);
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nbroken line\nnobody:x:65534:65533:nobody:/none:/bin/false\n";

    #[test]
    fn a_user_is_found_among_lines_that_are_not_understood() {
        let nobody = User { name: "nobody".to_owned(), uid: 65_534, gid: 65_533 };
        assert_eq!(find(PASSWD, |user| user.name == "nobody"), Some(nobody));
        assert_eq!(find(PASSWD, |user| user.name == "postgres"), None);
    }

    #[test]
    fn the_effective_user_counts() {
        assert_eq!(effective_uid("Name:\tx\nUid:\t1000\t0\t0\t0\n"), Some(0));
    }
}
