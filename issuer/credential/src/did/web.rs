//! `did:web`: names under a host.
//!
//! SPEC: did:web method specification §3.

use super::{DidError, bounded};

/// A `did:web`: a host and a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DidWeb {
    host: String,
    path: Vec<String>,
}

impl DidWeb {
    /// Reads `did:web:host[%3Aport][:segment…]`.
    ///
    /// # Errors
    /// [`DidError::NotDidWeb`] or [`DidError::TooLong`]. Refused are upper case letters in the host, IP literals in
    /// brackets, empty and dotted segments, and percent escapes other than that of the port.
    pub fn parse(did: &str) -> Result<Self, DidError> {
        bounded(did)?;
        let mut parts = did.strip_prefix("did:web:").ok_or(DidError::NotDidWeb)?.split(':');
        let host = parts.next().filter(|host| is_host(host)).ok_or(DidError::NotDidWeb)?;
        let path: Vec<String> = parts.map(str::to_owned).collect();
        if path.iter().all(|segment| is_segment(segment)) {
            Ok(Self { host: host.replace("%3A", ":"), path })
        } else {
            Err(DidError::NotDidWeb)
        }
    }

    /// The identifier.
    pub fn encode(&self) -> String {
        let mut did = format!("did:web:{}", self.host.replace(':', "%3A"));
        for segment in &self.path {
            did.push(':');
            did.push_str(segment);
        }
        did
    }

    /// Where the document is published.
    pub fn document_url(&self) -> String {
        if self.path.is_empty() {
            format!("https://{}/.well-known/did.json", self.host)
        } else {
            format!("https://{}/{}/did.json", self.host, self.path.join("/"))
        }
    }

    /// Reads the URL of a document back to its identifier.
    ///
    /// # Errors
    /// [`DidError::NotDidWeb`] when the URL cannot be that of a document.
    pub fn from_document_url(url: &str) -> Result<Self, DidError> {
        let rest = url.strip_prefix("https://").ok_or(DidError::NotDidWeb)?;
        let (host, path) = rest.split_once('/').ok_or(DidError::NotDidWeb)?;
        let path = path.strip_suffix("did.json").ok_or(DidError::NotDidWeb)?;
        let segments = match path.strip_suffix('/') {
            Some(".well-known") => String::new(),
            Some(segments) if !segments.is_empty() => format!(":{}", segments.replace('/', ":")),
            _ => return Err(DidError::NotDidWeb),
        };
        Self::parse(&format!("did:web:{}{segments}", host.replace(':', "%3A")))
    }
}

fn is_host(text: &str) -> bool {
    let (name, port) = text.split_once("%3A").map_or((text, None), |(name, port)| (name, Some(port)));
    let port_is_good = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|p| p.to_string() == port));
    let label = |label: &str| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    port_is_good && name.split('.').all(label)
}

fn is_segment(text: &str) -> bool {
    let letters = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~');
    !matches!(text, "" | "." | "..") && text.bytes().all(letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_did_web_to_urls_and_back() {
        for (did, url) in [
            ("did:web:hn.example", "https://hn.example/.well-known/did.json"),
            ("did:web:hn.example:schools:lempira", "https://hn.example/schools/lempira/did.json"),
            ("did:web:localhost%3A8443:a", "https://localhost:8443/a/did.json"),
        ] {
            let parsed = DidWeb::parse(did).unwrap();
            assert_eq!((parsed.encode().as_str(), parsed.document_url().as_str()), (did, url));
            assert_eq!(DidWeb::from_document_url(url), Ok(parsed));
        }
    }

    #[test]
    fn refuses_did_webs_that_reach_elsewhere() {
        for did in [
            "did:web:",
            "did:web:HN.example",
            "did:web:hn.example:..:x",
            "did:web:hn.example:",
            "did:web:hn.example/x",
            "did:web:hn.example%2Fx",
            "did:web:user@hn.example",
            "did:web:hn.example%3A99999",
            "did:web:[::1]",
            "did:key:z6Mk",
        ] {
            assert_eq!(DidWeb::parse(did), Err(DidError::NotDidWeb), "{did}");
        }
    }
}
