//! The code stays in order: small files, few files per folder, one place for each module.

use std::fs;
use std::path::{Path, PathBuf};

use super::root;

/// Maximum number of source files at one level of a folder.
const FILES_MAX: usize = 15;

/// Maximum number of lines of a source file other than tests.
const LINES_MAX: usize = 400;

#[test]
fn rooms_are_small_and_no_module_is_a_file_beside_its_folder() {
    let (mut large, mut crowded, mut doubled) = (Vec::new(), Vec::new(), Vec::new());
    for crate_ in
        fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap().path()).chain([root().to_owned()])
    {
        walk(&crate_.join("src"), &mut |folder, files| {
            if files.len() > FILES_MAX {
                crowded.push(name(folder));
            }
            for file in files {
                let is_test = name(file).contains("/tests/") || file.ends_with("tests.rs");
                if !is_test && fs::read_to_string(file).unwrap().lines().count() > LINES_MAX {
                    large.push(name(file));
                }
                if file.with_extension("").is_dir() {
                    doubled.push(name(file));
                }
            }
        });
    }
    large.sort();
    crowded.sort();
    assert_eq!(doubled, Vec::<String>::new(), "these belong in their folders, as mod.rs");
    assert_eq!(large, Vec::<String>::new(), "files with more than {LINES_MAX} lines");
    assert_eq!(crowded, Vec::<String>::new(), "folders with more than {FILES_MAX} source files");
}

fn walk(folder: &Path, visit: &mut impl FnMut(&Path, &[PathBuf])) {
    let entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let (folders, files): (Vec<_>, Vec<_>) = entries.into_iter().partition(|path| path.is_dir());
    let files: Vec<PathBuf> = files.into_iter().filter(|path| path.extension().is_some_and(|e| e == "rs")).collect();
    visit(folder, &files);
    for folder in &folders {
        walk(folder, visit);
    }
}

fn name(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}
