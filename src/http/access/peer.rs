//! The network address that a request comes from; behind a trusted proxy, the one that the proxy reports. Limits count
//! by it; no permission depends on it.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::request::Parts;
use ipnet::IpNet;

use crate::http::wire::connection_table::Connection;

/// An address that limits count by. For IPv6 it is the /64 network, since one client usually owns all of its addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Peer(IpAddr);

impl Peer {
    /// Returns the peer with this address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(v6) => Self(IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)))),
            v4 => Self(v4),
        }
    }
}

impl Peer {
    /// The address; for IPv6, the network's first.
    pub(super) fn address(self) -> IpAddr {
        self.0
    }
}

impl Default for Peer {
    /// The unspecified address, for requests without a connection.
    fn default() -> Self {
        Self(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
    }
}

impl std::fmt::Display for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Reverse proxies trusted to report the sender of a request: `http.trusted_proxies`.
#[derive(Debug, Clone, Default)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    /// Parses addresses and networks.
    ///
    /// # Errors
    /// The first entry that is neither.
    pub fn read(entries: &[String]) -> Result<Self, String> {
        let network = |entry: &String| {
            let address = entry.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
            address.or_else(|_| entry.parse::<IpNet>()).map_err(|_| {
                format!("http.trusted_proxies: {entry:?} is neither an address nor a network such as 10.0.0.0/8")
            })
        };
        Ok(Self(entries.iter().map(network).collect::<Result<_, _>>()?))
    }

    /// Whether the address is a trusted proxy.
    #[must_use]
    pub fn trust(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Returns the sender of a request that came from `address`: the last entry of `X-Forwarded-For` that is not a
    /// trusted proxy. Anyone could have written the entries before it.
    #[must_use]
    pub fn sender(&self, address: IpAddr, headers: &HeaderMap) -> Peer {
        let mut sender = address;
        let lines = headers.get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok());
        let named: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
        for name in named.into_iter().rev() {
            if !self.trust(sender) {
                break;
            }
            let Some(before) = read_address(name) else { break };
            sender = before;
        }
        Peer::of(sender)
    }
}

/// Parses an address with or without a port.
fn read_address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

/// The sender of a request, and its connection.
#[derive(Clone, Default)]
pub struct Visitor {
    /// Peer that the request counts against.
    pub peer: Peer,
    /// `None` without a socket, as in tests of the router.
    pub(in crate::http) connection: Option<Arc<Connection>>,
}

impl Visitor {
    /// Marks the connection as authenticated, so that it is not among the first to be closed when there are too many.
    pub fn prove(&self) {
        if let Some(connection) = &self.connection {
            connection.prove();
        }
    }

    /// Returns the visitor of a request.
    #[must_use]
    pub fn of(parts: &Parts) -> Self {
        parts.extensions.get::<Self>().cloned().unwrap_or_default()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(trusted: &[&str], from: &str, forwarded: &[&str]) -> String {
        let proxies = Proxies::read(&trusted.iter().map(|&t| t.to_owned()).collect::<Vec<_>>()).unwrap();
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        proxies.sender(from.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed_about_who_sent_a_request() {
        for (trusted, from, forwarded, expected) in [
            (&[][..], "192.0.2.1", &["198.51.100.7"][..], "192.0.2.1"),
            (&["10.0.0.0/8"], "10.0.0.1", &["198.51.100.7"], "198.51.100.7"),
            // The sender's own entries come before those that the proxy added.
            (&["10.0.0.0/8"], "10.0.0.1", &["127.0.0.1, 198.51.100.7"], "198.51.100.7"),
            (&["10.0.0.0/8"], "10.0.0.1", &["127.0.0.1", "198.51.100.7, 10.2.0.1"], "198.51.100.7"),
            (&["10.0.0.1"], "10.0.0.1", &["198.51.100.7:4711"], "198.51.100.7"),
            (&["10.0.0.1"], "10.0.0.1", &["unknown"], "10.0.0.1"),
            (&["10.0.0.1"], "10.0.0.1", &[], "10.0.0.1"),
            (&["10.0.0.1"], "::ffff:10.0.0.1", &["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::"),
        ] {
            assert_eq!(sender(trusted, from, forwarded), expected, "{from} {forwarded:?}");
        }
        assert!(Proxies::read(&["proxy.example".to_owned()]).unwrap_err().contains("proxy.example"));
    }
}
