//! Offers: a record that waits under a one-time code until its learner claims it.
//!
//! The store has a hash of the code and the record sealed under the code. The code itself is printed or sent by
//! the school and kept nowhere.

use std::fmt;

use data_encoding::{Encoding, Specification};
use matricula_credential::record::PortableRecord;
use matricula_state::{Expected, Op};
use matricula_tlog::UnixSeconds;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::error::{WalletError, damaged};
use crate::record::{credential_id, encode_record};
use crate::rows::{OFFERS, RowBytes, decode, encode};
use crate::seal::{Place, SealKey, digest};
use crate::wallet::Wallet;

/// 80 bits: nobody finds one by trying, neither here nor on a stolen copy of the store.
const CODE_BYTES: usize = 10;

/// 80 bits in letters of five.
const CODE_CHARACTERS: usize = 16;

/// A paper handed out at the end of a school year is still good a year later.
pub const OFFER_SECONDS_MAX: u64 = 400 * 24 * 60 * 60;

/// A one-time code: 16 letters and digits of Crockford's base 32, in groups of four. Wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct OfferCode(Zeroizing<[u8; CODE_BYTES]>);

impl fmt::Debug for OfferCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OfferCode(..)")
    }
}

impl OfferCode {
    /// Reads a code as a person typed it: in any case, with or without hyphens and spaces; O is read as zero,
    /// I and L as one. `None` when it is no code.
    pub fn parse(text: &str) -> Option<Self> {
        // Generous to spaces, and still bounded.
        if text.len() > 4 * CODE_CHARACTERS {
            return None;
        }
        let letters: Zeroizing<String> = Zeroizing::new(
            text.chars()
                .filter(|character| !matches!(character, '-' | ' ' | '\t' | '\u{A0}' | '–'))
                .map(|character| match character.to_ascii_uppercase() {
                    'O' => '0',
                    'I' | 'L' => '1',
                    other => other,
                })
                .collect(),
        );
        let bytes = Zeroizing::new(crockford().decode(letters.as_bytes()).ok()?);
        Some(Self(Zeroizing::new(bytes.as_slice().try_into().ok()?)))
    }

    /// Writes the code as it is printed: `7K3M-9QAX-…`.
    pub fn encode(&self) -> String {
        let letters = crockford().encode(self.0.as_ref());
        let groups: Vec<&str> = (0..CODE_CHARACTERS).step_by(4).map(|at| &letters[at..at + 4]).collect();
        groups.join("-")
    }

    fn row_key(&self) -> [u8; 32] {
        digest("offer", self.0.as_ref())
    }

    fn seal_key(&self) -> SealKey {
        SealKey::derive("offer-key", self.0.as_ref())
    }
}

fn crockford() -> Encoding {
    let mut specification = Specification::new();
    specification.symbols.push_str("0123456789ABCDEFGHJKMNPQRSTVWXYZ");
    specification.encoding().expect("invariant: 32 distinct symbols are an alphabet of base 32")
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfferRow {
    expires: u64,
    record: RowBytes,
}

/// An offer that was opened with its code and is not yet taken.
pub(crate) struct OpenedOffer {
    pub(crate) record: PortableRecord,
    /// Takes the offer away, if it is still there as it was read.
    pub(crate) take: Op,
}

impl Wallet {
    /// Deposits a record and returns the code under which its learner claims it. The issuer's side.
    ///
    /// # Errors
    /// [`WalletError::Lifetime`] when `expires` is past or more than [`OFFER_SECONDS_MAX`] ahead;
    /// [`WalletError::TooLarge`], [`WalletError::RecordWithoutId`], or a failure of the store.
    pub fn deposit(&self, record: &PortableRecord, expires: UnixSeconds) -> Result<OfferCode, WalletError> {
        let ahead = expires.get().saturating_sub(self.now().get());
        if !(1..=OFFER_SECONDS_MAX).contains(&ahead) {
            return Err(WalletError::Lifetime { seconds_max: OFFER_SECONDS_MAX });
        }
        credential_id(record)?;
        let plain = encode_record(record)?;
        let code = OfferCode(Zeroizing::new(self.random()));
        let key = code.row_key();
        let sealed = code.seal_key().seal(self.entropy(), &Place { what: OFFERS.name(), key: &key }, &plain);
        let row = encode(OFFERS, &OfferRow { expires: expires.get(), record: RowBytes(sealed) })?;
        self.ports.store.apply(&[Op::put(OFFERS, key, row, Expected::Absent)])?;
        Ok(code)
    }

    /// Takes an offer back, for a code that went to the wrong person. `false`: there was none.
    ///
    /// # Errors
    /// A failure of the store.
    pub fn withdraw_offer(&self, code: &OfferCode) -> Result<bool, WalletError> {
        let found = self.ports.store.get(OFFERS, &code.row_key())?.is_some();
        self.ports.store.apply(&[Op::delete(OFFERS, code.row_key(), Expected::Any)])?;
        Ok(found)
    }

    pub(crate) fn open_offer(&self, code: &OfferCode) -> Result<OpenedOffer, WalletError> {
        let key = code.row_key();
        let stored = self.ports.store.get(OFFERS, &key)?.ok_or(WalletError::CodeUnknown)?;
        let row: OfferRow = decode(OFFERS, &stored.value)?;
        if row.expires <= self.now().get() {
            return Err(WalletError::CodeExpired);
        }
        let plain = code.seal_key().open(&Place { what: OFFERS.name(), key: &key }, &row.record.0);
        let record = PortableRecord::parse(&plain.map_err(damaged(OFFERS))?)?;
        Ok(OpenedOffer { record, take: Op::delete(OFFERS, key, Expected::Exactly(stored.version)) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_codes_as_people_type_them() {
        let code = OfferCode(Zeroizing::new([0x08, 0x42, 0x10, 0, 1, 2, 3, 4, 5, 6]));
        let written = code.encode();
        assert_eq!(written.len(), 19);
        let typed = written.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
        assert_eq!(OfferCode::parse(&typed), Some(code));
    }

    #[test]
    fn refuses_what_is_no_code() {
        for text in [
            "",
            "ABCD",
            "0000-0000-0000-000U",
            "0000-0000-0000-00000",
            "0000-0000-0000-000é",
            &"0".repeat(100),
        ] {
            assert_eq!(OfferCode::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_code_survives_the_paper(bytes in any::<[u8; CODE_BYTES]>()) {
            let code = OfferCode(Zeroizing::new(bytes));
            prop_assert_eq!(OfferCode::parse(&code.encode()), Some(code));
        }
    }
}
