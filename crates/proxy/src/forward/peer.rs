//! The other end of a client's connection, as slots are told of it: worked out once for all its requests.

use std::net::IpAddr;

use http::HeaderValue;
use http::header::{self, HeaderMap};

use super::headers::FORWARDED_FOR;

/// Who asks.
#[derive(Debug)]
pub(crate) struct Peer {
    address: IpAddr,
    text: HeaderValue,
    secure: bool,
}

impl Peer {
    /// Whoever has this address.
    pub(crate) fn new(address: IpAddr) -> Self {
        let address = address.to_canonical();
        let text = HeaderValue::try_from(address.to_string()).expect("an address is written in visible ASCII");
        Self { address, text, secure: false }
    }

    /// The same, over TLS.
    pub(crate) fn over_tls(self) -> Self {
        Self { secure: true, ..self }
    }

    /// Whether it came over TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.secure
    }

    /// Where it is.
    pub(crate) fn address(&self) -> IpAddr {
        self.address
    }

    /// Whether it is on this machine: a client, or another proxy.
    pub(crate) fn is_here(&self) -> bool {
        self.address.is_loopback()
    }

    /// Whether a request with these headers came from this machine itself and not through another proxy on it.
    pub(crate) fn is_local(&self, headers: &HeaderMap) -> bool {
        self.is_here() && !headers.contains_key(&FORWARDED_FOR) && !headers.contains_key(header::FORWARDED)
    }

    /// Its address, behind those that a request came through `before`.
    pub(crate) fn behind(&self, before: Option<&str>) -> HeaderValue {
        let chain = before.and_then(|before| HeaderValue::try_from(format!("{before}, {}", self.address)).ok());
        chain.unwrap_or_else(|| self.text.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_this_machine() {
        let asks = |peer: &str, said: Option<&'static str>| {
            let headers = said.map(|name| (name.parse().unwrap(), HeaderValue::from_static("x"))).into_iter().collect();
            Peer::new(peer.parse().unwrap()).is_local(&headers)
        };
        assert!(asks("127.0.0.1", None) && asks("::1", None) && asks("::ffff:127.0.0.1", None));
        assert!(!asks("192.0.2.7", None) && !asks("127.0.0.1", Some("x-forwarded-for")) && !asks("127.0.0.1", Some("forwarded")));
    }
}
