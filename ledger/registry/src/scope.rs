//! What an institution is accredited for.

use core::fmt;
use std::borrow::Cow;

use minicbor::Decoder;

use crate::statement::{Fields, MapWriter, StatementError, read_list, read_text, read_u64};

/// Most items of each list in a scope: ISCED-F has 11 broad, 29 narrow and about 80 detailed fields.
const SCOPE_LIST_MAX: u64 = 128;
/// Highest level of ISCED 2011.
const ISCED_LEVEL_MAX: u64 = 8;
/// Longest credential kind in bytes; the longest one in use has 18.
const KIND_BYTES_MAX: usize = 48;
/// Longest jurisdiction in bytes: ISO 3166-2 codes are at most `XX-YYY`.
const JURISDICTION_BYTES_MAX: usize = 6;

/// The kind of a credential as it stands in a batch and in a scope: lower-case ASCII letters, digits
/// and `_`, 1 to 48 bytes, starting with a letter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CredentialKind(Cow<'static, str>);

impl CredentialKind {
    /// A diploma at the end of a programme.
    pub const DIPLOMA: Self = Self(Cow::Borrowed("diploma"));
    /// A transcript of results.
    pub const TRANSCRIPT: Self = Self(Cow::Borrowed("transcript"));
    /// A leaving certificate for a learner who changes school.
    pub const TRANSFER: Self = Self(Cow::Borrowed("transfer"));
    /// The completion of primary school.
    pub const PRIMARY_COMPLETION: Self = Self(Cow::Borrowed("primary_completion"));

    /// Takes a kind by its name.
    ///
    /// # Errors
    /// [`StatementError::TextLength`] or [`StatementError::TextForm`].
    pub fn parse(text: &str) -> Result<Self, StatementError> {
        let field = "credential_kind";
        if text.is_empty() || text.len() > KIND_BYTES_MAX {
            return Err(StatementError::TextLength { field, bytes: text.len(), max: KIND_BYTES_MAX });
        }
        let letters = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !letters || !text.as_bytes()[0].is_ascii_lowercase() {
            return Err(StatementError::TextForm { field });
        }
        Ok(Self(Cow::Owned(text.to_owned())))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CredentialKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A level of ISCED 2011, 0 to 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IscedLevel(u8);

impl IscedLevel {
    /// Takes a level.
    ///
    /// # Errors
    /// [`StatementError::NumberRange`] above 8.
    pub fn new(level: u8) -> Result<Self, StatementError> {
        Self::read("isced_level", u64::from(level))
    }

    fn read(field: &'static str, level: u64) -> Result<Self, StatementError> {
        match u8::try_from(level) {
            Ok(small) if level <= ISCED_LEVEL_MAX => Ok(Self(small)),
            _ => Err(StatementError::NumberRange { field, got: level, max: ISCED_LEVEL_MAX }),
        }
    }

    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl fmt::Display for IscedLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! code_newtype {
    ($(#[$doc:meta])* $name:ident, $field:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Takes the code if it has the form of its type.
            ///
            /// # Errors
            /// [`StatementError::TextForm`].
            pub fn parse(text: &str) -> Result<Self, StatementError> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) { Ok(Self(text.to_owned())) } else { Err(StatementError::TextForm { field: $field }) }
            }

            /// The code.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

code_newtype!(
    /// A detailed field of ISCED-F 2013: four digits.
    IscedField, "isced_f", |text| text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit())
);
code_newtype!(
    /// A broad, narrow or detailed field of ISCED-F 2013: two to four digits.
    FieldPrefix, "scope_fields", |text| (2..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
);
code_newtype!(
    /// Where an accreditation holds: an ISO 3166-1 alpha-2 country or an ISO 3166-2 subdivision, such
    /// as `HN` or `HN-LE`.
    Jurisdiction, "jurisdiction", is_jurisdiction
);

impl FieldPrefix {
    /// Whether the detailed field lies in this one.
    pub fn covers(&self, field: &IscedField) -> bool {
        field.as_str().starts_with(self.as_str())
    }
}

fn is_jurisdiction(text: &str) -> bool {
    let upper =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let country = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_uppercase());
    text.len() <= JURISDICTION_BYTES_MAX
        && match text.split_once('-') {
            None => country(text),
            Some((land, part)) => country(land) && upper(part),
        }
}

/// What an institution may certify: credential kinds, ISCED levels and fields, and where.
///
/// Levels and kinds are never empty; an empty list of fields means all fields. Lists are sorted and
/// without repeats.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    kinds: Vec<CredentialKind>,
    levels: Vec<IscedLevel>,
    fields: Vec<FieldPrefix>,
    jurisdiction: Jurisdiction,
}

impl Scope {
    /// Makes a scope; the lists are sorted and freed of repeats.
    ///
    /// # Errors
    /// [`StatementError::ListLength`] when kinds or levels are empty, or a list has over 128 items.
    pub fn new(
        kinds: impl IntoIterator<Item = CredentialKind>,
        levels: impl IntoIterator<Item = IscedLevel>,
        fields: impl IntoIterator<Item = FieldPrefix>,
        jurisdiction: Jurisdiction,
    ) -> Result<Self, StatementError> {
        let kinds = sorted("scope_kinds", kinds, 1)?;
        let levels = sorted("scope_levels", levels, 1)?;
        let fields = sorted("scope_fields", fields, 0)?;
        Ok(Self { kinds, levels, fields, jurisdiction })
    }

    /// The credential kinds.
    pub fn kinds(&self) -> &[CredentialKind] {
        &self.kinds
    }

    /// The ISCED 2011 levels.
    pub fn levels(&self) -> &[IscedLevel] {
        &self.levels
    }

    /// The ISCED-F 2013 fields; empty means all.
    pub fn fields(&self) -> &[FieldPrefix] {
        &self.fields
    }

    /// Where the accreditation holds.
    pub fn jurisdiction(&self) -> &Jurisdiction {
        &self.jurisdiction
    }

    /// Whether the kind is within the scope.
    pub fn covers_kind(&self, kind: &CredentialKind) -> bool {
        self.kinds.contains(kind)
    }

    /// Whether the level is within the scope.
    pub fn covers_level(&self, level: IscedLevel) -> bool {
        self.levels.contains(&level)
    }

    /// Whether the field is within the scope. No field is only within a scope of all fields.
    pub fn covers_field(&self, field: Option<&IscedField>) -> bool {
        self.fields.is_empty()
            || field.is_some_and(|field| self.fields.iter().any(|prefix| prefix.covers(field)))
    }

    pub(crate) fn read(decoder: &mut Decoder<'_>, field: &'static str) -> Result<Self, StatementError> {
        let mut map = Fields::open(decoder, field)?;
        let kinds = map.required(0, "scope_kinds", |d, f| read_list(d, f, 1, SCOPE_LIST_MAX, read_kind))?;
        let levels =
            map.required(1, "scope_levels", |d, f| read_list(d, f, 1, SCOPE_LIST_MAX, read_level))?;
        let fields = map.required(2, "scope_fields", |d, f| {
            read_list(d, f, 0, SCOPE_LIST_MAX, |d, f| FieldPrefix::parse(read_text(d, f)?))
        })?;
        let jurisdiction = map.required(3, "jurisdiction", |d, f| Jurisdiction::parse(read_text(d, f)?))?;
        map.close()?;
        Ok(Self { kinds, levels, fields, jurisdiction })
    }

    pub(crate) fn write(&self) -> MapWriter {
        let mut map = MapWriter::new();
        map.array(0, &self.kinds, |kind, out| out.text(kind.as_str()));
        map.array(1, &self.levels, |level, out| out.number(u64::from(level.get())));
        map.array(2, &self.fields, |prefix, out| out.text(prefix.as_str()));
        map.text(3, self.jurisdiction.as_str());
        map
    }
}

pub(crate) fn read_kind(
    decoder: &mut Decoder<'_>,
    field: &'static str,
) -> Result<CredentialKind, StatementError> {
    CredentialKind::parse(read_text(decoder, field)?)
}

pub(crate) fn read_level(
    decoder: &mut Decoder<'_>,
    field: &'static str,
) -> Result<IscedLevel, StatementError> {
    IscedLevel::read(field, read_u64(decoder, field)?)
}

fn sorted<T: Ord>(
    field: &'static str,
    items: impl IntoIterator<Item = T>,
    min: u64,
) -> Result<Vec<T>, StatementError> {
    let mut items: Vec<T> = items.into_iter().collect();
    items.sort();
    items.dedup();
    let got = items.len() as u64;
    if (min..=SCOPE_LIST_MAX).contains(&got) {
        Ok(items)
    } else {
        Err(StatementError::ListLength { field, got, min, max: SCOPE_LIST_MAX })
    }
}
