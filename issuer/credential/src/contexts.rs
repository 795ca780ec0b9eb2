//! The JSON-LD contexts this crate knows. No other is ever loaded.
//!
//! Their bytes are pinned in `contexts/SHA256SUMS`, which a test checks.

/// A context and the addresses under which documents name it.
pub(crate) struct BundledContext {
    /// Every address at which this text is or was published.
    pub urls: &'static [&'static str],
    /// The JSON text.
    pub text: &'static str,
}

macro_rules! bundled {
    ($($file:literal: $($url:literal),+;)+) => {
        &[$(BundledContext { urls: &[$($url),+], text: include_str!(concat!("../contexts/", $file)) }),+]
    };
}

/// All contexts. `context.json` without a number is the text of November 2022, the one under which the legacy
/// credentials that name it were signed; the addresses of earlier drafts on other hosts are not known.
const BUNDLED: &[BundledContext] = bundled! {
    "credentials-v2.json": "https://www.w3.org/ns/credentials/v2";
    "credentials-v1.json": "https://www.w3.org/2018/credentials/v1";
    "ob-v3p0-context-3.0.0.json": "https://purl.imsglobal.org/spec/ob/v3p0/context.json";
    "ob-v3p0-context-3.0.1.json": "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json";
    "ob-v3p0-context-3.0.2.json": "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json";
    "ob-v3p0-context-3.0.3.json": "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json";
    "ob-v3p0-extensions.json": "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json";
    "clr_context_2.0.1.json": "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json";
    "security-data-integrity-v2.json": "https://w3id.org/security/data-integrity/v2";
    "security-multikey-v1.json": "https://w3id.org/security/multikey/v1";
    "suites-ed25519-2020-v1.json": "https://w3id.org/security/suites/ed25519-2020/v1";
    "elm-edc-ap.json": "http://data.europa.eu/snb/model/context/edc-ap";
};

/// The first context of every VCDM 2.0 document.
pub const CREDENTIALS_V2: &str = "https://www.w3.org/ns/credentials/v2";
/// The first context of a VC 1.1 document: read, never written.
pub const CREDENTIALS_V1: &str = "https://www.w3.org/2018/credentials/v1";
/// Open Badges 3.0, as written by this crate.
pub const OPEN_BADGES_V3: &str = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json";
/// CLR 2.0, as written by this crate.
pub const CLR_V2: &str = "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json";

/// The terms that the examples of the W3C specifications use: for the vectors, in tests only.
#[cfg(test)]
const EXAMPLES: &[BundledContext] = &[BundledContext {
    urls: &["https://www.w3.org/ns/credentials/examples/v2"],
    text: include_str!("../../../tests/vectors/data_integrity/examples-v2-terms.jsonld"),
}];
#[cfg(not(test))]
const EXAMPLES: &[BundledContext] = &[];

/// All contexts that documents may name.
pub(crate) fn all() -> impl Iterator<Item = &'static BundledContext> {
    BUNDLED.iter().chain(EXAMPLES)
}

/// Whether a context is bundled.
pub fn is_bundled(url: &str) -> bool {
    all().any(|context| context.urls.contains(&url))
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn every_context_has_its_pinned_hash() {
        let sums = include_str!("../contexts/SHA256SUMS");
        let mut found = 0;
        for line in sums.lines() {
            let (hash, _file) = line.split_once("  ").unwrap();
            let pinned = |context: &&BundledContext| HEXLOWER.encode(&Sha256::digest(context.text)) == hash;
            assert_eq!(BUNDLED.iter().filter(pinned).count(), 1, "{line}");
            found += 1;
        }
        assert_eq!(found, BUNDLED.len());
    }

    #[test]
    fn the_first_context_has_the_hash_the_standard_prints() {
        let first = BUNDLED.iter().find(|context| context.urls.contains(&CREDENTIALS_V2)).unwrap();
        assert_eq!(
            HEXLOWER.encode(&Sha256::digest(first.text)),
            "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734"
        );
    }
}
