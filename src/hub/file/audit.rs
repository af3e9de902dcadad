//! `audit:` of `hub.yaml`: when anchors are written, and where to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::sink::endpoint;
use super::value::duration;
use super::yaml::{Mistakes, Node, entry};
use crate::connect::Connection;
use crate::engine::audit::Keeper;

/// Unless `every` says otherwise.
const EVERY: Duration = Duration::from_hours(1);

/// No anchors are written more often.
const EVERY_MIN: Duration = Duration::from_mins(1);

/// What `audit.anchors` says; none without it, or if it is unfit.
pub(super) fn anchors(
    node: &Node,
    connections: &BTreeMap<String, Connection>,
    mistakes: &mut Mistakes,
) -> Option<Keeper> {
    let node = entry(mistakes.entries(node, &["anchors"]), "anchors")?;
    let entries = mistakes.entries(node, &["every", "folder", "webhook"]);
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
    let (folder, webhook) = (entry(entries, "folder"), entry(entries, "webhook"));
    if folder.is_none() && webhook.is_none() {
        let hint = "write `folder: /path/to/a/folder`, `webhook: https://host/path`, or both";
        mistakes.at(node, "anchors need a folder or a webhook", Some(hint.to_owned()));
        return None;
    }
    let folder = match folder {
        Some(node) => Some(absolute(node, mistakes)?),
        None => None,
    };
    let webhook = match webhook {
        Some(node) => Some(endpoint(node, connections, mistakes)?),
        None => None,
    };
    Some(Keeper { every, folder, webhook })
}

fn absolute(node: &Node, mistakes: &mut Mistakes) -> Option<PathBuf> {
    let folder = Path::new(mistakes.text(node)?);
    if folder.is_absolute() {
        return Some(folder.to_owned());
    }
    let hint = "every node writes there, whatever its working directory: begin with /".to_owned();
    mistakes.at(node, format!("{} is not an absolute path", folder.display()), Some(hint));
    None
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
        assert_eq!((keeper.every, keeper.folder), (Duration::from_mins(15), Some("/var/anchors".into())));
        let keeper =
            load("audit: { anchors: { webhook: 'https://audit.example.com/anchors' } }").unwrap().anchors.unwrap();
        assert_eq!((keeper.folder, keeper.webhook.as_deref()), (None, Some("https://audit.example.com/anchors")));
        assert_eq!(load("audit: { anchors: { folder: /a } }").unwrap().anchors.unwrap().every, Duration::from_hours(1));
        assert!(load("audit: {}").unwrap().anchors.is_none());
        for (bad, told) in [
            ("audit: { anchors: { every: PT1H } }", "anchors need a folder or a webhook"),
            ("audit: { anchors: { webhook: 'connection://nowhere/anchors' } }", "there is no connection"),
            ("audit: { anchors: { webhook: 'https://me:secret@host/anchors' } }", "credentials"),
            ("audit: { anchors: { folder: anchors } }", "not an absolute path"),
            ("audit: { anchors: { every: PT1S, folder: /a } }", "once a minute"),
            ("audit: { anchor: {} }", "anchor"),
        ] {
            let mistakes = load(bad).unwrap_err();
            assert!(mistakes[0].message.contains(told) && mistakes[0].line == 1, "{bad}: {mistakes:?}");
        }
    }
}
