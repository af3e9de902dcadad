//! Bans phrases that once confused a reader: they may not come back in a document, a page, a workflow, a message or a
//! comment. Only the list itself may contain them.

use std::path::Path;

use super::root;

/// Files and folders that are searched.
const PLACES: [&str; 6] = ["README.md", "docs", "workflows", "web/templates", "src", "crates"];

/// Extensions of text files.
const KINDS: [&str; 5] = ["md", "rs", "yaml", "html", "json"];

/// Banned phrases, each with a better one. Case does not matter.
const PHRASES: &[(&str, &str)] = &[
    ("events that stay away", "missing events"),
    ("nobody is needed", "nothing needs attention"),
    ("nothing goes over many records", "no batches yet"),
    ("asks for nobody", "no longer needs attention"),
    ("nobody told of", "that the webhooks missed"),
    ("nobody had told of", "that the webhooks missed"),
    ("mend the cause", "fix the cause"),
    ("there is no such thing", "not found"),
    ("does not know the method", "method not allowed"),
    ("is no absolute", "is not an absolute"),
    ("what would be otherwise", "what would change"),
    ("look what became of", "determine whether it succeeded"),
    ("cannot be looked at", "cannot be read"),
    ("is made good by", "is retried by"),
    ("the same word again", "idempotent"),
    ("could not say that it left", "could not deregister"),
    ("it failed inside", "internal error"),
    ("do again what failed", "retry failed rows"),
    ("does again what failed", "retries failed rows"),
    ("an address where nothing is", "unknown URLs"),
    ("order status to the opportunity", "write order status to opportunities"),
    ("item to product", "create products from new items"),
    ("output that stands in", "output to use instead"),
    ("at the next boundary", "once no call is in progress"),
    ("rows that failed wait", "failed rows"),
    ("created on neither side", "not created on the other side"),
    ("stopped its nodes", "crashed repeatedly"),
    ("repeatedly killed", "crashed repeatedly"),
    ("undoing what was done", "undo completed steps"),
    ("leaving what was done", "without undoing completed steps"),
    ("may run for long", "may be slow"),
    ("not played here", "not run here"),
    ("it never means every run", "acting on every run is not allowed"),
    ("credentials are needed", "authentication failed"),
    ("is not a known name here", "is not one of: and the known names"),
    ("went on as new", "continued as new"),
    ("goes on as new", "continues as new"),
    ("go on as new", "continue as new"),
    ("no workflow wanted", "no workflow subscribes to"),
    ("a workflow wanted", "a workflow subscribes to"),
    ("for whoever", "for anyone who"),
    ("whoever proposed it", "the proposer"),
    ("not possible any more", "no longer possible"),
    ("asked to go on all the same", "continue anyway"),
    ("go on all the same", "continue anyway"),
    ("none of ours", "ignored, or not one of ours"),
    ("reconciliation results", "reconciliation"),
    ("to the stripe", "to Stripe"),
    ("does not fit the", "does not match the"),
    ("do not fit the", "do not match the"),
    ("fits the body", "matches the body"),
    ("stands still", "is blocked, or has stopped"),
    ("lines become lines", "lines can only become lines"),
    ("names no host", "has no host"),
    ("no answer came:", "there was no answer:"),
    ("held against anchors", "compared with anchors"),
    ("are there already", "already exist"),
    ("a person has to decide about", "needs a decision"),
    ("for ever", "forever"),
    ("authorise", "authorize"),
    ("authorised", "authorized"),
    ("authorises", "authorizes"),
    ("recognise", "recognize"),
    ("recognised", "recognized"),
    ("recognises", "recognizes"),
    ("serialised", "serialized"),
    ("normalise", "normalize"),
    ("normalised", "normalized"),
    ("capitalised", "capitalized"),
    ("behaviour", "behavior"),
    ("neighbour", "neighbor"),
    ("colour", "color"),
    ("fulfilment", "fulfillment"),
    ("licence", "license"),
];

/// A file's text as one line, so that phrases are found across line ends, with the offset at which each line begins.
struct Flat {
    text: String,
    begins: Vec<usize>,
}

impl Flat {
    fn of(text: &str) -> Self {
        let (mut flat, mut begins) = (String::with_capacity(text.len()), Vec::new());
        for line in text.lines() {
            begins.push(flat.len());
            let line = line.trim_start().trim_start_matches(['/', '!', '#', '*', ' ']);
            flat.push_str(line.trim_end_matches(['\\', ' ']));
            flat.push(' ');
        }
        flat.make_ascii_lowercase();
        Self { text: flat, begins }
    }

    /// Returns the lines on which a phrase begins, matching whole words only.
    fn lines<'a>(&'a self, phrase: &'a str) -> impl Iterator<Item = usize> + 'a {
        let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        self.text.match_indices(phrase).filter_map(move |(at, _)| {
            let (before, after) = (&self.text[..at], &self.text[at + phrase.len()..]);
            let opens = is_word(phrase.chars().next()) && is_word(before.chars().next_back());
            let closes = is_word(phrase.chars().next_back()) && is_word(after.chars().next());
            (!opens && !closes).then(|| self.begins.partition_point(|begin| *begin <= at))
        })
    }
}

fn search(place: &Path, found: &mut Vec<String>) {
    if place.is_dir() {
        for entry in std::fs::read_dir(place).unwrap() {
            search(&entry.unwrap().path(), found);
        }
        return;
    }
    let is_text = place.extension().and_then(|kind| kind.to_str()).is_some_and(|kind| KINDS.contains(&kind));
    let Some(text) = is_text.then(|| std::fs::read_to_string(place).unwrap()) else { return };
    let flat = Flat::of(&text);
    let name = place.strip_prefix(root()).unwrap().display();
    for (phrase, instead) in PHRASES {
        found.extend(flat.lines(phrase).map(|line| format!("{name}:{line}: say {instead:?}, not {phrase:?}")));
    }
}

#[test]
fn no_phrase_that_stopped_a_reader_comes_back() {
    let mut found = Vec::new();
    for place in PLACES {
        search(&root().join(place), &mut found);
    }
    found.sort();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_phrase_is_found_across_lines_and_only_as_words() {
    let flat = Flat::of("fine\n    /// Kept for\n    /// ever, for everyone.\nfn for_ever() {}\n");
    assert_eq!(flat.lines("for ever").collect::<Vec<_>>(), [2]);
    assert_eq!(flat.lines("kept for").collect::<Vec<_>>(), [2]);
    assert_eq!(flat.lines("ept for").count(), 0);
}
