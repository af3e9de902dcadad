//! Maps environment variables to settings, and recognizes variables that begin with `STEPWELL_` but are not ours.
//!
//! Kubernetes puts the address of every Service of the namespace into every pod: next to a Service `stepwell`, a node
//! sees `STEPWELL_PORT=tcp://10.0.0.7:8080`, `STEPWELL_SERVICE_HOST` and more, and likewise for each Service whose name
//! begins with `stepwell-`. Those are ignored. Any other unknown variable is reported, but does not keep a node from
//! starting.

use super::KEYS;
use stepwell_text::suggest::nearest;

/// Meaning of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Sets this key.
    Sets(String),
    /// Read elsewhere, or set by Kubernetes.
    NotASetting,
    /// Unknown; `meant` is the likely intended variable.
    Unknown { meant: String },
}

/// Determines the meaning of a variable with this value.
pub(super) fn meaning(variable: &str, value: &str) -> Meaning {
    if variable == "DATABASE_URL" {
        return Meaning::Sets("database_url".to_owned());
    }
    let Some(name) = variable.strip_prefix("STEPWELL_") else { return Meaning::NotASetting };
    let of_others = ["SECRET_", "SANDBOX_"].iter().any(|prefix| name.starts_with(prefix));
    if of_others
        || matches!(name, "TOKEN" | "SERVER" | "URL" | "CONFIG" | "ENCRYPTION_KEYS" | "AUDIT_KEY" | "AUDIT_KEY_FILE")
    {
        return Meaning::NotASetting;
    }
    let flat = name.to_ascii_lowercase().replace("__", "_");
    if let Some(connection) = flat.strip_prefix("connections_").and_then(|rest| rest.strip_suffix("_base_url")) {
        return Meaning::Sets(format!("connections.{connection}.base_url"));
    }
    let known = KEYS.iter().find(|key| spelled(key) == flat || key.strip_prefix("node.") == Some(flat.as_str()));
    match known {
        // If a setting ever gets such a name, only a Service's address is Kubernetes'.
        Some(_) if is_service_link(name) && is_address(value) => Meaning::NotASetting,
        Some(key) => Meaning::Sets((*key).to_owned()),
        // `STEPWELL_PORT=8080` comes from a person who meant something else.
        None if is_service_link(name) && (!name.ends_with("PORT") || is_port_of_a_service(name, value)) => {
            Meaning::NotASetting
        }
        None => Meaning::Unknown { meant: likely(&flat) },
    }
}

/// `node.lease_seconds` becomes `node_lease_seconds`.
fn spelled(key: &str) -> String {
    key.replace('.', "_")
}

fn likely(flat: &str) -> String {
    if matches!(flat, "port" | "host" | "address" | "bind") {
        return "STEPWELL_LISTEN".to_owned();
    }
    let slips = |name: &str| nearest(flat, [name]).map_or(usize::MAX, |(slips, _)| slips);
    let far = |key: &&&str| slips(&spelled(key)).min(key.split_once('.').map_or(usize::MAX, |(_, own)| slips(own)));
    let named = KEYS.iter().find(|key| key.split(['.', '_']).any(|word| word == flat));
    let best = named.or_else(|| KEYS.iter().min_by_key(far)).copied().unwrap_or_default();
    format!("STEPWELL_{}", spelled(best).to_ascii_uppercase())
}

/// Whether Kubernetes uses such a name (without `STEPWELL_`) for a variable about a Service. Text before the match is
/// the rest of the Service's name.
fn is_service_link(name: &str) -> bool {
    tails(name, "SERVICE_HOST").any(str::is_empty)
        || tails(name, "SERVICE_PORT").any(|rest| rest.is_empty() || rest.starts_with('_'))
        || tails(name, "PORT").any(|rest| rest.is_empty() || is_port_and_protocol(rest))
}

/// Returns what follows each occurrence of `part` at the start of a word.
fn tails<'n>(name: &'n str, part: &'static str) -> impl Iterator<Item = &'n str> {
    let begins = |at: &usize| *at == 0 || name.as_bytes()[at - 1] == b'_';
    name.match_indices(part).map(|(at, _)| at).filter(begins).map(move |at| &name[at + part.len()..])
}

/// `_8080_TCP`, `_8080_TCP_ADDR`
fn is_port_and_protocol(rest: &str) -> bool {
    let mut parts = rest.split('_');
    let is_port = parts.next() == Some("") && parts.next().is_some_and(|port| port.parse::<u16>().is_ok());
    let is_protocol = matches!(parts.next(), Some("TCP" | "UDP" | "SCTP"));
    is_port && is_protocol && matches!(parts.next(), None | Some("PROTO" | "PORT" | "ADDR")) && parts.next().is_none()
}

/// Whether the value fits a name that ends in `PORT`: `SERVICE_PORT` and `PORT_8080_TCP_PORT` hold a number, `PORT` an
/// address.
fn is_port_of_a_service(name: &str, value: &str) -> bool {
    let holds_a_number = ["SERVICE_PORT", "TCP_PORT", "UDP_PORT", "SCTP_PORT"].iter().any(|end| name.ends_with(end));
    is_address(value) || (holds_a_number && value.parse::<u16>().is_ok())
}

/// `tcp://10.0.0.7:8080`
fn is_address(value: &str) -> bool {
    ["tcp://", "udp://", "sctp://"].iter().any(|scheme| value.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kubernetes_says_of_services_is_passed_over() {
        for (variable, value) in [
            ("STEPWELL_PORT", "tcp://10.43.7.12:8080"),
            ("STEPWELL_SERVICE_HOST", "10.43.7.12"),
            ("STEPWELL_SERVICE_PORT", "8080"),
            ("STEPWELL_SERVICE_PORT_HTTP", "8080"),
            ("STEPWELL_SERVICE_PORT_HTTP_ADMIN", "9090"),
            ("STEPWELL_PORT_8080_TCP", "tcp://10.43.7.12:8080"),
            ("STEPWELL_PORT_8080_TCP_PROTO", "tcp"),
            ("STEPWELL_PORT_8080_TCP_PORT", "8080"),
            ("STEPWELL_PORT_8080_TCP_ADDR", "10.43.7.12"),
            ("STEPWELL_PORT_53_UDP", "udp://10.43.7.12:53"),
            ("STEPWELL_DB_SERVICE_HOST", "10.43.7.13"),
            ("STEPWELL_DB_SERVICE_PORT", "5432"),
            ("STEPWELL_DB_SERVICE_PORT_POSTGRES", "5432"),
            ("STEPWELL_DB_PORT", "tcp://10.43.7.13:5432"),
            ("STEPWELL_DB_PORT_5432_TCP_ADDR", "10.43.7.13"),
            ("STEPWELL_NODE_SERVICE_HOST", "fd00::7"),
            ("STEPWELL_POSTGRES_RW_PORT_5432_TCP", "tcp://[fd00::7]:5432"),
            ("STEPWELL_PORT_AUTHORITY_PORT", "tcp://10.43.7.13:80"),
        ] {
            assert_eq!(meaning(variable, value), Meaning::NotASetting, "{variable}={value}");
        }
    }

    #[test]
    fn other_variables_that_set_nothing_are_reported_with_the_likely_name() {
        for (variable, value, likely) in [
            ("STEPWELL_NETWRK_ALLOW", "x", "STEPWELL_NETWORK_ALLOW"),
            ("STEPWELL_LEASE", "15", "STEPWELL_NODE_LEASE_SECONDS"),
            ("STEPWELL_PORT", "8080", "STEPWELL_LISTEN"),
            ("STEPWELL_HOST", "0.0.0.0", "STEPWELL_LISTEN"),
            ("STEPWELL_LISTN", "0.0.0.0:8080", "STEPWELL_LISTEN"),
            ("STEPWELL_DATABASEURL", "postgres://db/x", "STEPWELL_DATABASE_URL"),
        ] {
            assert_eq!(meaning(variable, value), Meaning::Unknown { meant: likely.to_owned() }, "{variable}={value}");
        }
    }

    #[test]
    fn secrets_and_what_other_parts_read_set_nothing_here() {
        for variable in
            ["STEPWELL_SECRET_SERVICE_HOST", "STEPWELL_SECRET_PORT", "STEPWELL_TOKEN", "STEPWELL_SANDBOX_LISTEN"]
        {
            assert_eq!(meaning(variable, "x"), Meaning::NotASetting, "{variable}");
        }
        assert_eq!(meaning("DATABASE_URL", "x"), Meaning::Sets("database_url".to_owned()));
    }
}
