//! The bytes of post-quantum cosignatures: what an ML-DSA-44 key (type 06) signs, and the shape of its signature lines.
//!
//! SPEC: <https://c2sp.org/tlog-cosignature>, "ML-DSA-44 signed message". The algorithm itself is not here: whoever has it
//! takes the message from here, and its signature in and out of note lines.

use crate::checkpoint::Origin;
use crate::cosignature::COSIGNATURE_TIME_MAX;
use crate::key::{KeyName, PublicKey, VerifierKey};
use crate::note::NoteSignature;
use crate::{Hash, LeafIndex, TreeSize, UnixSeconds};

/// Length of an ML-DSA-44 signature, in bytes. SPEC: FIPS 204, table 2.
pub const ML_DSA_44_SIGNATURE_BYTES: usize = 2420;

const LABEL: &[u8; 12] = b"subtree/v1\n\0";

/// What a cosigner says of a part of a log: the leaves from `start` to before `end` hash to `hash`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubtreeStatement {
    /// The cosigner.
    pub cosigner: KeyName,
    /// When it says so of the largest tree it has seen; zero when it does not say that it is the largest.
    pub at: UnixSeconds,
    /// The log.
    pub origin: Origin,
    /// The first leaf: zero for a checkpoint.
    pub start: LeafIndex,
    /// One more than the last leaf: the size of a checkpoint.
    pub end: TreeSize,
    /// The hash of the subtree: the root of a checkpoint.
    pub hash: Hash,
}

/// Why a statement cannot be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubtreeStatementError {
    /// The time is beyond what a cosignature may carry.
    #[error("the time {at} is beyond {COSIGNATURE_TIME_MAX}")]
    TimeTooLarge {
        /// The time.
        at: UnixSeconds,
    },
    /// Only of whole trees it can be said that they are the largest.
    #[error("a subtree from leaf {start} on is signed without a time")]
    TimeOfAPart {
        /// The first leaf.
        start: LeafIndex,
    },
}

impl SubtreeStatement {
    /// The message that is signed: `subtree/v1\n\0`, the length and bytes of the cosigner's name, the time, the length
    /// and bytes of the origin, start, end, hash; numbers are 64 bits, big-endian, lengths one byte.
    ///
    /// # Errors
    /// [`SubtreeStatementError`].
    pub fn message(&self) -> Result<Vec<u8>, SubtreeStatementError> {
        if self.at.get() > COSIGNATURE_TIME_MAX {
            return Err(SubtreeStatementError::TimeTooLarge { at: self.at });
        }
        if self.start.get() != 0 && self.at.get() != 0 {
            return Err(SubtreeStatementError::TimeOfAPart { start: self.start });
        }
        let mut message = LABEL.to_vec();
        append_short(&mut message, self.cosigner.as_str());
        message.extend_from_slice(&self.at.get().to_be_bytes());
        append_short(&mut message, self.origin.as_str());
        message.extend_from_slice(&self.start.get().to_be_bytes());
        message.extend_from_slice(&self.end.get().to_be_bytes());
        message.extend_from_slice(self.hash.as_bytes());
        Ok(message)
    }
}

/// Time and signature of a line by an ML-DSA-44 key; `None` when the line is by another key, or has another shape.
/// Nothing is verified.
pub fn split_ml_dsa_44<'l>(
    key: &VerifierKey,
    line: &'l NoteSignature,
) -> Option<(UnixSeconds, &'l [u8; ML_DSA_44_SIGNATURE_BYTES])> {
    let is_own = matches!(key.key(), PublicKey::MlDsa44Cosignature(_))
        && line.name() == key.name()
        && line.key_id() == key.id();
    let (time, signature) = line.signature().split_first_chunk::<8>().filter(|_| is_own)?;
    let at = UnixSeconds::new(u64::from_be_bytes(*time));
    (at.get() <= COSIGNATURE_TIME_MAX).then_some((at, signature.try_into().ok()?))
}

/// Origins and key names are at most 255 bytes long, for the sake of this byte.
fn append_short(message: &mut Vec<u8>, text: &str) {
    debug_assert!(text.len() <= usize::from(u8::MAX));
    message.push(text.len() as u8);
    message.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KeyId;

    fn statement(at: u64, start: u64) -> SubtreeStatement {
        SubtreeStatement {
            cosigner: KeyName::new("w.example").expect("a key name"),
            at: UnixSeconds::new(at),
            origin: Origin::new("log.example").expect("an origin"),
            start: LeafIndex::new(start),
            end: TreeSize::new(13),
            hash: Hash::from_bytes([7; 32]),
        }
    }

    fn key(bytes: [u8; 1312]) -> VerifierKey {
        let name = KeyName::new("w.example").expect("a key name");
        VerifierKey::new(name, PublicKey::MlDsa44Cosignature(Box::new(bytes)))
    }

    #[test]
    fn the_message_is_laid_out_as_the_specification_says() {
        let message = statement(1_679_315_147, 0).message().expect("a statement of a whole tree");
        let mut expected = b"subtree/v1\n\0\x09w.example".to_vec();
        expected.extend([0, 0, 0, 0, 0x64, 0x18, 0x50, 0xcb]);
        expected.extend(b"\x0blog.example");
        expected.extend([0; 15]);
        expected.push(13);
        expected.extend([7; 32]);
        assert_eq!(message, expected);
        assert!(statement(0, 8).message().is_ok());
    }

    #[test]
    fn rejects_a_time_on_a_part_and_one_that_is_too_large() {
        let start = LeafIndex::new(8);
        assert_eq!(statement(1, 8).message(), Err(SubtreeStatementError::TimeOfAPart { start }));
        let at = UnixSeconds::new(COSIGNATURE_TIME_MAX + 1);
        assert_eq!(statement(at.get(), 0).message(), Err(SubtreeStatementError::TimeTooLarge { at }));
    }

    #[test]
    fn splits_lines_by_the_key_and_no_others() {
        let (key, other) = (key([1; 1312]), key([2; 1312]));
        let blob = |time: u64, bytes: usize| [&time.to_be_bytes()[..], &vec![9; bytes]].concat();
        let line = |id: KeyId, blob| NoteSignature::new(key.name().clone(), id, blob);
        let good = line(key.id(), blob(5, 2420));
        assert_eq!(split_ml_dsa_44(&key, &good), Some((UnixSeconds::new(5), &[9; 2420])));
        assert_eq!(split_ml_dsa_44(&other, &good), None);
        for blob in [blob(5, 2419), blob(5, 2421), blob(1 << 63, 2420), vec![1, 2, 3]] {
            assert_eq!(split_ml_dsa_44(&key, &line(key.id(), blob)), None);
        }
    }
}
