//! `audit:` of `hub.yaml`: when and where anchors are written.

use std::path::Path;
use std::time::Duration;

use super::value::duration;
use super::yaml::{Mistakes, Node, entry};
use crate::engine::audit::Keeper;

/// Unless `every` says otherwise.
const EVERY: Duration = Duration::from_hours(1);

/// No anchors are written more often.
const EVERY_MIN: Duration = Duration::from_mins(1);

/// What `audit.anchors` says; none without it, or if it is unfit.
pub(super) fn anchors(node: &Node, mistakes: &mut Mistakes) -> Option<Keeper> {
    let node = entry(mistakes.entries(node, &["anchors"]), "anchors")?;
    let entries = mistakes.entries(node, &["every", "folder"]);
    let every = match entry(entries, "every") {
        None => EVERY,
        Some(node) => {
            let every = duration(node, mistakes)?;
            if every < EVERY_MIN {
                mistakes.at(node, "anchors are written once a minute at most", Some("write `every: PT1H`".to_owned()));
                return None;
            }
            every
        }
    };
    let Some(node) = entry(entries, "folder") else {
        mistakes.at(node, "anchors need a folder", Some("write `folder: /path/to/a/folder`".to_owned()));
        return None;
    };
    let folder = Path::new(mistakes.text(node)?);
    if !folder.is_absolute() {
        let hint = "each node writes there, wherever it is started: begin with /".to_owned();
        mistakes.at(node, format!("{} is not an absolute path", folder.display()), Some(hint));
        return None;
    }
    Some(Keeper { every, folder: folder.to_owned() })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::connect::Secrets;
    use crate::hub::Hub;

    #[test]
    fn anchors_are_read_and_what_cannot_be_meant_is_refused_at_its_place() {
        let load = |text: &str| Hub::load("hub.yaml", text, &Secrets::default());
        let hub = load("audit: { anchors: { every: PT15M, folder: /var/anchors } }").unwrap();
        let keeper = hub.anchors.unwrap();
        assert_eq!((keeper.every, keeper.folder.to_str()), (Duration::from_mins(15), Some("/var/anchors")));
        assert_eq!(load("audit: { anchors: { folder: /a } }").unwrap().anchors.unwrap().every, Duration::from_hours(1));
        assert!(load("audit: {}").unwrap().anchors.is_none());
        for (bad, told) in [
            ("audit: { anchors: { every: PT1H } }", "anchors need a folder"),
            ("audit: { anchors: { folder: anchors } }", "not an absolute path"),
            ("audit: { anchors: { every: PT1S, folder: /a } }", "once a minute"),
            ("audit: { anchor: {} }", "anchor"),
        ] {
            let mistakes = load(bad).unwrap_err();
            assert!(mistakes[0].message.contains(told) && mistakes[0].line == 1, "{bad}: {mistakes:?}");
        }
    }
}
