//! `audit:` of `hub.yaml`: when and where audit anchors are written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::sink::endpoint;
use super::value::duration;
use crate::connect::Connection;
use crate::dsl::mistake::Report;
use crate::dsl::source::Node;
use crate::engine::audit::Keeper;

/// Default for `every`.
const EVERY: Duration = Duration::from_hours(1);

/// Smallest allowed `every`.
const EVERY_MIN: Duration = Duration::from_mins(1);

/// Reads `audit.anchors`; `None` if it is absent or invalid.
pub(super) fn anchors<'s>(
    node: Node<'s>,
    connections: &BTreeMap<String, Connection>,
    report: &mut Report<'s>,
) -> Option<Keeper> {
    let node = report.closed_or_nothing(node, &["anchors"]).get("anchors")?;
    let entries = report.closed_or_nothing(node, &["every", "folder", "webhook"]);
    let every = match entries.get("every") {
        None => EVERY,
        Some(node) => {
            let every = duration(node, report)?;
            if every < EVERY_MIN {
                report.error_with_hint(
                    node,
                    "anchors are written once a minute at most",
                    Some("write `every: PT1H`".to_owned()),
                );
                return None;
            }
            every
        }
    };
    let (folder, webhook) = (entries.get("folder"), entries.get("webhook"));
    if folder.is_none() && webhook.is_none() {
        let hint = "write `folder: /path/to/a/folder`, `webhook: https://host/path`, or both";
        report.error_with_hint(node, "anchors need a folder or a webhook", Some(hint.to_owned()));
        return None;
    }
    let folder = match folder {
        Some(node) => Some(absolute(node, report)?),
        None => None,
    };
    let webhook = match webhook {
        Some(node) => Some(endpoint(node, connections, report)?),
        None => None,
    };
    Some(Keeper { every, folder, webhook })
}

fn absolute<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<PathBuf> {
    let folder = Path::new(report.text(node)?);
    if folder.is_absolute() {
        return Some(folder.to_owned());
    }
    let hint = "every node writes there, whatever its working directory: begin with /".to_owned();
    report.error_with_hint(node, format!("{} is not an absolute path", folder.display()), Some(hint));
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
