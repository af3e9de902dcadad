//! Every command in a document exists, with its options.

use clap::CommandFactory;

use super::{Page, pages};

/// Returns shell lines that call `stepwell`, with continuation lines joined, and commands in the prose such as
/// `stepwell runs list`.
pub(super) fn commands(page: &Page) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for block in page.blocks().iter().filter(|b| ["sh", "bash", "console"].contains(&b.info.as_str())) {
        let joined = block.text.replace("\\\n", " ");
        let lines = joined.lines().filter(|line| {
            // In a console block, only text after the prompt was typed.
            block.info != "console" || line.trim_start().starts_with("$ ")
        });
        for line in lines.filter(|line| !line.trim_start().starts_with('#')) {
            found.extend(calls(line).into_iter().map(|call| (block.place.clone(), call)));
        }
    }
    let prose = page.prose();
    for span in prose.split('`').skip(1).step_by(2).filter(|span| span.starts_with("stepwell ")) {
        found.push((page.name(), span.replace('\n', " ")));
    }
    found
}

/// Returns the `stepwell` commands in a line of shell.
fn calls(line: &str) -> Vec<String> {
    // A substitution contains a command too: `RUN=$(stepwell run ...)`.
    let line = line.replace("$(", ";");
    let parts = line.split(['|', ';', '&']);
    let ours = parts.filter_map(|part| {
        let words: Vec<&str> = part.split_whitespace().collect();
        let at = words.iter().position(|w| *w == "stepwell" || w.ends_with("/stepwell"))?;
        // Only assignments, a prompt and wrappers may precede a command.
        let before = words[..at].iter().all(|w| w.contains('=') || ["$", "exec", "sudo", "timeout"].contains(w));
        before.then(|| format!("stepwell {}", words[at + 1..].join(" ")))
    });
    ours.collect()
}

/// Returns what is wrong with a command: a subcommand or an option that does not exist.
fn wrong(call: &str) -> Option<String> {
    let mut command = stepwell::cli::Cli::command();
    command.build();
    let mut command = &command;
    let mut words = call.split_whitespace().skip(1);
    while let Some(word) = words.next() {
        let word = word.trim_matches(|c| c == '"' || c == '\'');
        if let Some(option) = word.strip_prefix("--") {
            let (option, value) =
                option.split_once('=').map_or((option, None), |(option, value)| (option, Some(value)));
            let known = command.get_arguments().find(|a| a.get_long() == Some(option));
            if known.is_none() && !["help", "version"].contains(&option) {
                return Some(format!("`{}` has no option --{option}", command.get_name()));
            }
            // The next word is the option's value, not a subcommand.
            if value.is_none() && known.is_some_and(|option| option.get_action().takes_values()) {
                words.next();
            }
        } else if command.has_subcommands() {
            let plain = word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
            match command.find_subcommand(word) {
                Some(found) => command = found,
                // `stepwell runs ...` in the prose stands for all of them.
                None if !plain => return None,
                None => return Some(format!("`{}` has no subcommand {word}", command.get_name())),
            }
        }
    }
    None
}

#[test]
fn every_command_shown_exists() {
    let mut seen = 0;
    let mut mistakes = Vec::new();
    for page in pages() {
        for (place, call) in commands(&page) {
            seen += 1;
            mistakes.extend(wrong(&call).map(|why| format!("{place}: {call}: {why}")));
        }
    }
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
    assert!(seen > 20, "only {seen} commands were found: are they still marked as sh?");
    for bad in ["stepwell rnus list", "stepwell runs lst", "stepwell runs list --sttus x", "stepwell serve --fire"] {
        assert!(wrong(bad).is_some(), "{bad} passes");
    }
}
