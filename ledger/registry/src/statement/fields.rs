//! Reading a payload: maps with ascending integer keys, each member once, nothing left over.

use matricula_tlog::{Hash, UnixSeconds};
use minicbor::Decoder;

use crate::{identity::PublicKey, statement::StatementError};

/// The last second of the year 9999, the last one that ISO 8601 writes with four digits.
const DATE_MAX_SECONDS: u64 = 253_402_300_799;

/// A map being read member by member, in ascending order of the keys.
pub(crate) struct Fields<'d, 'b> {
    decoder: &'d mut Decoder<'b>,
    name: &'static str,
    left: u64,
    next: Option<u64>,
}

impl<'d, 'b> Fields<'d, 'b> {
    pub(crate) fn open(decoder: &'d mut Decoder<'b>, name: &'static str) -> Result<Self, StatementError> {
        let left = decoder.map().ok().flatten().ok_or(StatementError::WrongType { field: name })?;
        let mut fields = Self { decoder, name, left, next: None };
        fields.advance()?;
        Ok(fields)
    }

    pub(crate) fn required<T>(
        &mut self,
        key: u64,
        field: &'static str,
        read: impl FnOnce(&mut Decoder<'b>, &'static str) -> Result<T, StatementError>,
    ) -> Result<T, StatementError> {
        match self.next {
            Some(earlier) if earlier < key => {
                Err(StatementError::UnexpectedField { field: self.name, key: earlier })
            }
            _ => self.optional(key, field, read)?.ok_or(StatementError::MissingField { field }),
        }
    }

    pub(crate) fn optional<T>(
        &mut self,
        key: u64,
        field: &'static str,
        read: impl FnOnce(&mut Decoder<'b>, &'static str) -> Result<T, StatementError>,
    ) -> Result<Option<T>, StatementError> {
        if self.next != Some(key) {
            return Ok(None);
        }
        let value = read(self.decoder, field)?;
        self.advance()?;
        Ok(Some(value))
    }

    pub(crate) fn close(self) -> Result<(), StatementError> {
        match self.next {
            None => Ok(()),
            Some(key) => Err(StatementError::UnexpectedField { field: self.name, key }),
        }
    }

    fn advance(&mut self) -> Result<(), StatementError> {
        self.next = match self.left {
            0 => None,
            _ => Some(read_u64(self.decoder, self.name)?),
        };
        self.left = self.left.saturating_sub(1);
        Ok(())
    }
}

pub(crate) fn read_text<'b>(
    decoder: &mut Decoder<'b>,
    field: &'static str,
) -> Result<&'b str, StatementError> {
    decoder.str().map_err(|_| StatementError::WrongType { field })
}

pub(crate) fn read_u64(decoder: &mut Decoder<'_>, field: &'static str) -> Result<u64, StatementError> {
    decoder.u64().map_err(|_| StatementError::WrongType { field })
}

pub(crate) fn read_date(
    decoder: &mut Decoder<'_>,
    field: &'static str,
) -> Result<UnixSeconds, StatementError> {
    let got = read_u64(decoder, field)?;
    if got > DATE_MAX_SECONDS {
        return Err(StatementError::NumberRange { field, got, max: DATE_MAX_SECONDS });
    }
    Ok(UnixSeconds::new(got))
}

pub(crate) fn read_32(decoder: &mut Decoder<'_>, field: &'static str) -> Result<[u8; 32], StatementError> {
    let bytes = decoder.bytes().map_err(|_| StatementError::WrongType { field })?;
    bytes.try_into().map_err(|_| StatementError::BytesLength { field, got: bytes.len(), want: 32 })
}

pub(crate) fn read_hash(decoder: &mut Decoder<'_>, field: &'static str) -> Result<Hash, StatementError> {
    read_32(decoder, field).map(Hash::from_bytes)
}

/// Reads a key that will be relied on later, so it must be one that can verify.
pub(crate) fn read_key(decoder: &mut Decoder<'_>, field: &'static str) -> Result<PublicKey, StatementError> {
    let key = PublicKey::from_bytes(read_32(decoder, field)?);
    key.verifying_key().map(|_| key).ok_or(StatementError::KeyUnusable { field })
}

/// Reads a list of `min` to `max` items in strictly ascending order.
pub(crate) fn read_list<'b, T: Ord>(
    decoder: &mut Decoder<'b>,
    field: &'static str,
    min: u64,
    max: u64,
    read: impl Fn(&mut Decoder<'b>, &'static str) -> Result<T, StatementError>,
) -> Result<Vec<T>, StatementError> {
    let got = decoder.array().ok().flatten().ok_or(StatementError::WrongType { field })?;
    if !(min..=max).contains(&got) {
        return Err(StatementError::ListLength { field, got, min, max });
    }
    let mut items: Vec<T> = Vec::new();
    for _ in 0..got {
        let item = read(decoder, field)?;
        if items.last().is_some_and(|last| *last >= item) {
            return Err(StatementError::ListOrder { field });
        }
        items.push(item);
    }
    Ok(items)
}
