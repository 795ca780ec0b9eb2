//! What a verifier is handed: trust files, documents of any kind, tokens of others.

use matricula_tlog::UnixSeconds;
use matricula_verdict::{Options, Overall, Trust, TrustFile, verify};

/// A trust file is refused, or holds together with itself: it may take its own place.
pub fn trust_file(bytes: &[u8]) {
    if let Ok(file) = TrustFile::parse(bytes) {
        assert_eq!(file.may_replace(&file), Ok(()));
    }
}

/// Whatever the bytes are, there is a verdict; and to a verifier who trusts nobody it is never a good one.
pub fn verdict(bytes: &[u8]) {
    let verdicts = verify(bytes, &Trust::default(), &Options::at(UnixSeconds::new(1_795_305_600)));
    assert!(!verdicts.is_empty());
    for verdict in verdicts {
        assert!(!matches!(verdict.overall, Overall::Verified | Overall::VerifiedWithWarnings));
    }
}

/// A token is read or refused; what is read says whose key signed it.
pub fn foreign_token(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(read) = matricula_foreign::read(text)
    {
        assert!(read.credential().is_object());
    }
}
