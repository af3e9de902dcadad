//! `notify:` of `hub.yaml`: who is told when something needs people.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::NaiveTime;
use chrono_tz::Tz;
use lettre::message::Mailbox;

use super::sink::endpoint;
use super::value::{duration, secret_name};
use crate::connect::{Connection, secret_reference};
use crate::dsl::mistake::{Report, did_you_mean};
use crate::dsl::source::Node;
use crate::notify::{Channel, Email, Endpoint, Quiet, Recipient, Topic};

/// Unless `every` says otherwise.
const EVERY: Duration = Duration::from_mins(5);

/// The kinds of receivers; a channel has exactly one.
const KINDS: [&str; 4] = ["webhook", "slack", "teams", "email"];

/// A channel; none if it has no receiver, or an unfit one.
pub(super) fn channel<'s>(
    name: &str,
    node: Node<'s>,
    connections: &BTreeMap<String, Connection>,
    report: &mut Report<'s>,
) -> Option<Channel> {
    let entries =
        report.closed_or_nothing(node, &["webhook", "slack", "teams", "email", "channel", "about", "every", "quiet"]);
    let kinds: Vec<&str> = KINDS.into_iter().filter(|kind| entries.get(kind).is_some()).collect();
    let [kind] = kinds.as_slice() else {
        let hint = "write one of `webhook`, `slack` and `teams` with an address, or `email`".to_owned();
        report.error_with_hint(node, "a channel has exactly one receiver", Some(hint));
        return None;
    };
    let to = entries.get(kind)?;
    let to = match *kind {
        "email" => Recipient::Email(email(to, report)?),
        "slack" => {
            let channel = entries.get("channel").and_then(|node| report.text(node)).map(str::to_owned);
            Recipient::Slack(address(to, connections, report)?, channel)
        }
        "teams" => Recipient::Teams(address(to, connections, report)?),
        _ => Recipient::Webhook(address(to, connections, report)?),
    };
    if let (Some(node), false) = (entries.get("channel"), *kind == "slack") {
        report.error(node, "`channel` is only for `slack`");
    }
    let about = entries.get("about").map_or_else(|| BTreeSet::from(Topic::ALL), |node| topics(node, report));
    let every = entries.get("every").map_or(Some(EVERY), |node| duration(node, report)).unwrap_or(EVERY);
    let quiet = entries.get("quiet").and_then(|node| quiet(node, report));
    Some(Channel { name: name.to_owned(), to, about, every, quiet })
}

/// `${ $secrets.NAME }`, `https://host/path`, or `connection://NAME/path`.
fn address<'s>(
    node: Node<'s>,
    connections: &BTreeMap<String, Connection>,
    report: &mut Report<'s>,
) -> Option<Endpoint> {
    match node.as_text().and_then(secret_reference) {
        Some(secret) => Some(Endpoint::Secret(secret.to_owned())),
        None => endpoint(node, connections, report).map(Endpoint::Address),
    }
}

fn email<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<Email> {
    let entries = report.closed_or_nothing(node, &["server", "user", "password", "from", "to"]);
    for name in ["server", "from", "to"] {
        if entries.get(name).is_none() {
            report.error(node, format!("`email` needs `{name}`"));
        }
    }
    let server = server(entries.get("server")?, report)?;
    let from = mailbox(entries.get("from")?, report)?;
    let mut to = Vec::new();
    let receivers = entries.get("to")?;
    for item in report.list(receivers)?.items() {
        to.extend(mailbox(item, report));
    }
    if to.is_empty() {
        report.error(receivers, "`to` needs at least one address");
        return None;
    }
    let user = entries.get("user").and_then(|node| report.text(node)).map(str::to_owned);
    let password = entries.get("password").and_then(|node| secret_name(node, report));
    Some(Email { server, user, password, from, to })
}

fn server<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<String> {
    let text = report.text(node)?;
    let fits = url::Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "smtp" | "smtps") && url.host_str().is_some() && url.username().is_empty()
    });
    if !fits {
        let hint = "write smtps://host:465, or smtp://host:587?tls=required; `user` and `password` stand beside it";
        report.error_with_hint(node, format!("{text:?} is not an SMTP server"), Some(hint.to_owned()));
    }
    fits.then(|| text.to_owned())
}

fn mailbox<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<Mailbox> {
    let text = report.text(node)?;
    let parsed = text.parse().ok();
    if parsed.is_none() {
        let hint = "write ops@example.com, or Operations <ops@example.com>".to_owned();
        report.error_with_hint(node, format!("{text:?} is not an e-mail address"), Some(hint));
    }
    parsed
}

fn topics<'s>(node: Node<'s>, report: &mut Report<'s>) -> BTreeSet<Topic> {
    let mut found = BTreeSet::new();
    let Some(list) = report.list(node) else { return found };
    for item in list.items() {
        let Some(name) = report.text(item) else { continue };
        match Topic::named(name) {
            Some(topic) => drop(found.insert(topic)),
            None => {
                let names = || Topic::ALL.into_iter().map(Topic::as_str);
                let known = names().collect::<Vec<_>>().join(", ");
                let hint = did_you_mean(name, names()).or_else(|| Some(format!("topics are {known}")));
                report.error_with_hint(item, format!("there is no topic {name:?}"), hint);
            }
        }
    }
    found
}

fn quiet<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<Quiet> {
    let entries = report.closed_or_nothing(node, &["from", "until", "timeZone", "except"]);
    for name in ["from", "until"] {
        if entries.get(name).is_none() {
            report.error(node, format!("`quiet` needs `{name}`, such as '22:00'"));
        }
    }
    let from = time_of_day(entries.get("from")?, report)?;
    let until = time_of_day(entries.get("until")?, report)?;
    let zone = match entries.get("timeZone") {
        Some(node) => zone(node, report)?,
        None => Tz::UTC,
    };
    let except = entries.get("except").map(|node| topics(node, report)).unwrap_or_default();
    Some(Quiet { from, until, zone, except })
}

fn time_of_day<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<NaiveTime> {
    let text = report.text(node)?;
    let parsed = NaiveTime::parse_from_str(text, "%H:%M").ok();
    if parsed.is_none() {
        report.error_with_hint(node, format!("{text:?} is not a time of day"), Some("write '22:00'".to_owned()));
    }
    parsed
}

fn zone<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<Tz> {
    let text = report.text(node)?;
    let parsed = text.parse().ok();
    if parsed.is_none() {
        let known = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
        let hint = did_you_mean(text, known).or_else(|| Some("for example Europe/Zurich".to_owned()));
        report.error_with_hint(node, format!("{text:?} is not a time zone"), hint);
    }
    parsed
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::connect::Secrets;
    use crate::hub::Hub;
    use crate::notify::{Endpoint, Recipient, Topic};

    fn load(text: &str) -> Result<Hub, Vec<crate::dsl::Mistake>> {
        Hub::load("hub.yaml", text, &Secrets::default())
    }

    #[test]
    fn channels_are_read() {
        let hub = load(
            "connections: { slack: { baseUrl: { any: 'https://slack.example' } } }
notify:
  chat: { slack: 'connection://slack/api/chat.postMessage', channel: C012, about: [runs, connections], every: PT1M }
  hook: { slack: '${ $secrets.slackHook }' }
  people:
    email: { server: 'smtps://mail.example:465', user: hub, password: '${ $secrets.mail }', from: 'Hub <hub@a.example>', to: [ops@a.example] }
    quiet: { from: '22:00', until: '07:00', timeZone: Europe/Zurich, except: [connections] }
",
        );
        let channels = hub.unwrap().channels;
        let names: Vec<&str> = channels.iter().map(|channel| channel.name.as_str()).collect();
        assert_eq!(names, ["chat", "hook", "people"]);
        assert_eq!((channels[0].about.len(), channels[0].every), (2, Duration::from_mins(1)));
        let Recipient::Slack(endpoint, None) = &channels[1].to else { panic!("{:?}", channels[1]) };
        assert_eq!(*endpoint, Endpoint::Secret("slackHook".to_owned()));
        let Recipient::Email(email) = &channels[2].to else { panic!("{:?}", channels[2]) };
        assert_eq!((email.to.len(), email.password.as_deref()), (1, Some("mail")));
        assert!(channels[2].quiet.as_ref().unwrap().except.contains(&Topic::Connections));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_at_its_place() {
        for (bad, told) in [
            ("{ every: PT1M }", "exactly one receiver"),
            ("{ slack: 'https://a.example', teams: 'https://b.example' }", "exactly one receiver"),
            ("{ teams: 'https://a.example', channel: C1 }", "only for `slack`"),
            ("{ webhook: 'connection://nowhere/x' }", "there is no connection"),
            ("{ webhook: 'https://a.example', about: [run] }", "there is no topic \"run\""),
            ("{ webhook: 'https://a.example', quiet: { from: '22:00' } }", "`quiet` needs `until`"),
            ("{ webhook: 'https://a.example', quiet: { from: '25:00', until: '07:00' } }", "not a time of day"),
            (
                "{ webhook: 'https://a.example', quiet: { from: '22:00', until: '07:00', timeZone: Zurich } }",
                "not a time zone",
            ),
            ("{ email: { server: 'https://a.example', from: a@b.example, to: [a@b.example] } }", "not an SMTP server"),
            ("{ email: { server: 'smtps://me:pw@a.example', from: a@b.example, to: [a@b.example] } }", "SMTP"),
            ("{ email: { server: 'smtps://a.example', from: nobody, to: [a@b.example] } }", "not an e-mail address"),
            ("{ email: { server: 'smtps://a.example', from: a@b.example, to: [] } }", "at least one address"),
            (
                "{ email: { server: 'smtps://a.example', from: a@b.example, to: [a@b.example], password: x } }",
                "a secret must not be in a file",
            ),
            ("{ webhok: 'https://a.example' }", "webhok"),
        ] {
            let mistakes = load(&format!("notify:\n  oncall: {bad}")).expect_err(bad);
            let messages: Vec<&str> = mistakes.iter().map(|mistake| mistake.message.as_str()).collect();
            assert!(messages.iter().any(|message| message.contains(told)), "{bad}: {messages:?}");
            assert!(mistakes.iter().all(|mistake| mistake.line == 2), "{mistakes:?}");
        }
    }
}
