//! Decides which IP addresses may be called. Everything that is not public is refused unless the operator listed it.
//!
//! Names are checked by the addresses actually connected to: `GuardedResolver` passes only permitted ones to the HTTP
//! client, so a name cannot change its address between check and connect.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Host;

/// The operator's list of non-public addresses that may be called.
#[derive(Debug, Default)]
pub struct Guard {
    rules: Vec<Rule>,
}

#[derive(Debug, PartialEq, Eq)]
struct Rule {
    target: Target,
    /// `None` means any port.
    port: Option<u16>,
}

#[derive(Debug, PartialEq, Eq)]
enum Target {
    Host(String),
    Network { address: IpAddr, prefix: u8 },
}

/// An address that may not be called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{} is not a public address; if calls may go there, add it to the setting `network.allow` (STEPWELL_NETWORK_ALLOW)",
    resolved(.host, .address)
)]
pub struct Refused {
    /// Host as written in the URL.
    pub host: String,
    /// Address that it resolved to.
    pub address: IpAddr,
}

/// Subject of the message. Mentions an address that was written in the URL only once.
fn resolved(host: &str, address: &IpAddr) -> String {
    let address = address.to_string();
    if host.trim_matches(['[', ']']) == address { address } else { format!("{host} resolves to {address}, which") }
}

impl Guard {
    /// Parses the setting `network.allow`.
    ///
    /// # Errors
    /// The first invalid entry.
    pub fn new(allow: &[String]) -> Result<Self, String> {
        let entries = allow.iter().map(|entry| entry.trim()).filter(|entry| !entry.is_empty());
        Ok(Self { rules: entries.map(rule).collect::<Result<_, _>>()? })
    }

    /// Ports that rules mention.
    pub(super) fn ports(&self) -> impl Iterator<Item = u16> + '_ {
        self.rules.iter().filter_map(|rule| rule.port)
    }

    /// Checks a literal address before anything is sent. Names are checked when they are resolved.
    pub(super) fn check(&self, host: &Host<&str>, port: u16) -> Result<(), Refused> {
        let address = match host {
            Host::Domain(_) => return Ok(()),
            Host::Ipv4(address) => IpAddr::V4(*address),
            Host::Ipv6(address) => IpAddr::V6(*address),
        };
        if self.permits(None, address, Some(port)) {
            return Ok(());
        }
        Err(Refused { host: host.to_string(), address })
    }

    /// Returns the permitted addresses of a name; an error if it has none.
    fn permitted(&self, host: &str, port: Option<u16>, found: &[SocketAddr]) -> Result<Vec<SocketAddr>, Refused> {
        let permitted: Vec<SocketAddr> =
            found.iter().filter(|address| self.permits(Some(host), address.ip(), port)).copied().collect();
        match found.first() {
            Some(refused) if permitted.is_empty() => Err(Refused { host: host.to_owned(), address: refused.ip() }),
            _ => Ok(permitted),
        }
    }

    fn permits(&self, host: Option<&str>, address: IpAddr, port: Option<u16>) -> bool {
        let address = address.to_canonical();
        is_public(address) || self.rules.iter().any(|rule| rule.covers(host, address, port))
    }
}

impl Rule {
    fn covers(&self, host: Option<&str>, address: IpAddr, port: Option<u16>) -> bool {
        if self.port.is_some() && self.port != port {
            return false;
        }
        match &self.target {
            Target::Host(name) => host.is_some_and(|host| host.eq_ignore_ascii_case(name)),
            Target::Network { address: network, prefix } => contains(*network, *prefix, address),
        }
    }
}

fn rule(entry: &str) -> Result<Rule, String> {
    if let Ok(address) = entry.parse::<IpAddr>() {
        return Ok(Rule { target: single(address), port: None });
    }
    if let Some((address, prefix)) = entry.split_once('/') {
        return network(address, prefix).map(|target| Rule { target, port: None }).ok_or_else(|| unknown(entry));
    }
    let (host, port) = match entry.rsplit_once(':') {
        Some((host, "*")) => (host, None),
        Some((host, port)) => (host, Some(port.parse().map_err(|_| unknown(entry))?)),
        None => (entry, None),
    };
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    let target = match bare.parse::<IpAddr>() {
        Ok(address) => single(address),
        Err(_) => Target::Host(host_name(bare).ok_or_else(|| unknown(entry))?),
    };
    Ok(Rule { target, port })
}

fn unknown(entry: &str) -> String {
    format!("network.allow: {entry:?} is not one of host, host:port, ip, ip:port, [ip6]:port, ip/prefix")
}

fn host_name(text: &str) -> Option<String> {
    let known = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
    known.then(|| text.to_ascii_lowercase())
}

fn single(address: IpAddr) -> Target {
    let address = address.to_canonical();
    Target::Network { address, prefix: if address.is_ipv4() { 32 } else { 128 } }
}

fn network(address: &str, prefix: &str) -> Option<Target> {
    let (address, prefix) = (address.parse::<IpAddr>().ok()?, prefix.parse::<u8>().ok()?);
    let longest = if address.is_ipv4() { 32 } else { 128 };
    (prefix <= longest).then_some(Target::Network { address, prefix })
}

fn contains(network: IpAddr, prefix: u8, address: IpAddr) -> bool {
    match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            network.to_bits() & mask == address.to_bits() & mask
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            network.to_bits() & mask == address.to_bits() & mask
        }
        _ => false,
    }
}

/// Whether an address belongs to the public internet. Doubtful ones do not.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Azure's host service, which exposes secrets at an address in the public range.
const AZURE_HOST: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19))
        || address == AZURE_HOST;
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let embedded = |high: u16, low: u16| Ipv4Addr::from_bits((u32::from(high) << 16) | u32::from(low));
    match segments {
        // NAT64 and 6to4 addresses embed the IPv4 address that the packet finally reaches.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => is_public_v4(embedded(high, low)),
        [0x2002, high, low, ..] => is_public_v4(embedded(high, low)),
        [0x2001, second, ..] => second != 0xdb8 && second >= 0x200,
        [first, ..] => (0x2000..0x3fff).contains(&first),
    }
}

/// Resolves names with the system's resolver and returns only permitted addresses.
#[derive(Debug)]
pub(super) struct GuardedResolver {
    pub(super) guard: Arc<Guard>,
    /// Port that this resolver's client connects to, if a rule depends on it.
    pub(super) port: Option<u16>,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (guard, port) = (Arc::clone(&self.guard), self.port);
        Box::pin(async move {
            let host = name.as_str();
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host, 0)).await?.collect();
            let permitted = guard.permitted(host, port, &found)?;
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(allow: &[&str]) -> Guard {
        Guard::new(&allow.iter().map(|&entry| entry.to_owned()).collect::<Vec<_>>()).expect("valid list")
    }

    fn passes(guard: &Guard, url: &str) -> bool {
        let url = url::Url::parse(url).expect("a URL");
        guard.check(&url.host().expect("a host"), url.port_or_known_default().expect("a port")).is_ok()
    }

    #[test]
    fn nothing_but_the_public_internet_passes_unlisted() {
        let guard = guard(&[]);
        for private in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://0x7f000001/",
            "http://2130706433/",
            "http://0177.0.0.1/",
            "http://0x7f.1/",
            "http://017700000001/",
            "http://127.0.0.1./",
            "http://%31%32%37.0.0.1/",
            "http://１２７.0.0.1/",
            "http://0.0.0.0/",
            "http://0/",
            "http://10.1.2.3/",
            "http://172.16.0.1/",
            "http://192.168.1.1/",
            "http://169.254.169.254/latest",
            "http://2852039166/",
            "http://[::ffff:169.254.169.254]/",
            "http://[::ffff:a9fe:a9fe]/",
            "http://[64:ff9b::a9fe:a9fe]/",
            "http://[fd20:ce::254]/",
            "http://168.63.129.16/",
            "http://100.100.100.200/",
            "http://100.64.0.1/",
            "http://100.127.255.255/",
            "http://198.18.0.1/",
            "http://224.0.0.1/",
            "http://255.255.255.255/",
            "http://192.0.0.192/",
            "http://[::1]/",
            "http://[::]/",
            "http://[fe80::1]/",
            "http://[fc00::1]/",
            "http://[fd00:ec2::254]/",
            "http://[ff02::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:10.0.0.1]/",
            "http://[::127.0.0.1]/",
            "http://[64:ff9b::10.0.0.1]/",
            "http://[2002:7f00:1::]/",
            "http://[2001::1]/",
            "http://[2001:db8::1]/",
            "http://[fec0::1]/",
            "http://[100::1]/",
        ] {
            assert!(!passes(&guard, private), "{private}");
        }
        for public in [
            "http://1.1.1.1/",
            "https://93.184.216.34/",
            "http://[2606:4700::1111]/",
            "http://[64:ff9b::1.1.1.1]/",
            "http://[2001:4860:4860::8888]/",
        ] {
            assert!(passes(&guard, public), "{public}");
        }
    }

    #[test]
    fn a_listed_address_passes_only_on_its_port() {
        let guard = guard(&["127.0.0.1:9911", "10.0.0.0/8", "[::1]:80", "192.168.1.7:*", " ", "fd00::/8"]);
        for allowed in [
            "http://127.0.0.1:9911/",
            "http://10.9.8.7:1/",
            "http://[::1]/",
            "http://192.168.1.7:4444/",
            "http://[fd00::5]/",
            "http://[::ffff:127.0.0.1]:9911/",
        ] {
            assert!(passes(&guard, allowed), "{allowed}");
        }
        for refused in [
            "http://127.0.0.1:9912/",
            "http://127.0.0.1/",
            "http://11.0.0.1.nip.io@127.0.0.2:9911/",
            "http://[::1]:81/",
            "http://192.168.1.8/",
        ] {
            assert!(!passes(&guard, refused), "{refused}");
        }
    }

    /// An earlier resolution does not matter: each connect is checked against the addresses used for it.
    #[test]
    fn a_name_that_moves_to_a_private_address_is_refused_from_then_on() {
        let guard = guard(&[]);
        let addresses = |texts: &[&str]| -> Vec<SocketAddr> {
            texts.iter().map(|text| SocketAddr::new(text.parse().expect("an address"), 0)).collect()
        };
        let first = guard.permitted("rebind.example", None, &addresses(&["93.184.216.34"])).expect("public");
        assert_eq!(first, addresses(&["93.184.216.34"]));
        for moved in ["127.0.0.1", "169.254.169.254", "::1", "fd00:ec2::254", "::ffff:10.0.0.1"] {
            let refused = guard.permitted("rebind.example", None, &addresses(&[moved])).expect_err(moved);
            assert_eq!(refused.host, "rebind.example");
        }
        // Of a public and a private address, only the public one is used.
        let mixed = guard.permitted("rebind.example", None, &addresses(&["10.0.0.1", "93.184.216.34"])).expect("one");
        assert_eq!(mixed, addresses(&["93.184.216.34"]));
    }

    #[test]
    fn an_entry_of_no_known_form_is_named() {
        for bad in ["10.0.0.0/33", "host:99999", "http://host", "a b", "::1:x", "/8"] {
            let error = Guard::new(&[bad.to_owned()]).expect_err(bad);
            assert!(error.contains(bad), "{error}");
        }
    }

    #[tokio::test]
    async fn a_name_is_judged_by_its_addresses() {
        let resolve = async |allow: &[&str], port| {
            let resolver = GuardedResolver { guard: Arc::new(guard(allow)), port };
            resolver.resolve("localhost".parse().expect("a name")).await.map(Iterator::count)
        };
        let refusal = resolve(&[], None).await.expect_err("loopback");
        assert!(refusal.downcast_ref::<Refused>().is_some());
        assert!(resolve(&["localhost:81"], Some(80)).await.is_err());
        assert!(resolve(&["localhost:80"], Some(80)).await.expect("listed") > 0);
        assert!(resolve(&["LOCALHOST"], None).await.expect("listed") > 0);
        assert!(resolve(&["127.0.0.1", "::1"], None).await.expect("listed") > 0);
    }
}
