//! Where a request comes from, as far as the limit on wrong passwords asks.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;

use super::state::WalletState;
use crate::limiter::ClientAddress;

/// What proxies append the address of their client to.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The client behind a request; `None` where nothing trustworthy says which: then only names are limited.
pub(super) struct Client(pub(super) Option<ClientAddress>);

impl FromRequestParts<WalletState> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &WalletState) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip().to_canonical());
        let client = peer.and_then(|peer| client_of(peer, &parts.headers, &state.config().trusted_proxies));
        Ok(Self(client.map(ClientAddress::new)))
    }
}

/// The peer itself, unless it is a proxy that is trusted to name its client. Anybody can send the header, so of its addresses
/// the last one counts that no trusted proxy has. An unlisted peer on this machine is most likely a proxy, and everybody would
/// share its limit: it has none.
fn client_of(peer: IpAddr, headers: &HeaderMap, proxies: &[IpAddr]) -> Option<IpAddr> {
    let is_proxy = |address: &IpAddr| proxies.iter().any(|proxy| proxy.to_canonical() == *address);
    if !is_proxy(&peer) {
        return Some(peer).filter(|peer| !peer.is_loopback());
    }
    for header in headers.get_all(FORWARDED_FOR).iter().rev() {
        for address in header.to_str().ok()?.rsplit(',') {
            let address = address.trim().parse::<IpAddr>().ok()?.to_canonical();
            if !is_proxy(&address) {
                return Some(address);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&str], proxies: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, value.parse().expect("header"));
        }
        let proxies: Vec<IpAddr> = proxies.iter().map(|proxy| proxy.parse().expect("address")).collect();
        let peer: IpAddr = peer.parse().expect("address");
        client_of(peer.to_canonical(), &headers, &proxies).map(|address| address.to_string())
    }

    #[test]
    fn a_peer_that_is_no_proxy_cannot_choose_its_address() {
        let peer = Some("203.0.113.9".to_owned());
        assert_eq!(client("203.0.113.9", &["198.51.100.7"], &["10.0.0.1"]), peer);
        assert_eq!(client("::ffff:203.0.113.9", &[], &[]), peer);
    }

    #[test]
    fn a_trusted_proxy_names_the_last_address_that_is_no_proxy() {
        let proxies = ["127.0.0.1", "10.0.0.1"];
        let named = Some("198.51.100.7".to_owned());
        assert_eq!(client("127.0.0.1", &["198.51.100.7"], &proxies), named);
        assert_eq!(client("10.0.0.1", &["192.0.2.1, 198.51.100.7, 127.0.0.1"], &proxies), named);
        assert_eq!(client("::ffff:10.0.0.1", &["192.0.2.1", "198.51.100.7"], &proxies), named);
        assert_eq!(client("10.0.0.1", &["2001:db8::7"], &proxies), Some("2001:db8::7".to_owned()));
    }

    #[test]
    fn nothing_is_said_where_the_proxy_says_nothing_that_can_be_read() {
        for forwarded in [&[][..], &["unknown"], &["198.51.100.7, for=_hidden"], &["10.0.0.1"], &[""]] {
            assert_eq!(client("10.0.0.1", forwarded, &["10.0.0.1"]), None, "{forwarded:?}");
        }
        assert_eq!(client("127.0.0.1", &["198.51.100.7"], &[]), None);
    }
}
