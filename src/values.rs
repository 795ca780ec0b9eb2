//! Values as they are typed on the command line.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use matricula_issuer::batch::BatchKind;
use matricula_issuer::keyring::KeyName;
use matricula_registry::{
    CredentialKind, FieldPrefix, InstitutionId, IscedLevel, Jurisdiction, LegalReference, Mandate, Period,
    Scope, Text,
};
use matricula_tlog::{Hash, UnixSeconds};
use sha2::{Digest, Sha256};

use crate::failure::Failure;
use crate::files::read_bounded;
use crate::moment::Moment;

/// A decree is a document of some pages, often scanned.
const DECREE_BYTES_MAX: u64 = 256 << 20;

/// One of a closed list: each has its word, its value and what it means.
pub fn one_of<T: Copy + Send + Sync + 'static>(
    choices: &'static [(&'static str, T, &'static str)],
) -> impl TypedValueParser<Value = T> {
    let shown = choices.iter().map(|(word, _, meaning)| PossibleValue::new(*word).help(*meaning));
    PossibleValuesParser::new(shown).try_map(move |typed| {
        let found = choices.iter().find(|(word, ..)| *word == typed);
        found.map(|(_, value, _)| *value).ok_or("not one of the list")
    })
}

/// An institution's identifier.
pub fn institution(text: &str) -> Result<InstitutionId, String> {
    InstitutionId::parse(text)
        .map_err(|error| format!("'{text}' is not an institution's identifier: {error}"))
}

/// A name, title or reason.
pub fn text(text: &str) -> Result<Text, String> {
    Text::parse(text).map_err(|error| error.to_string())
}

/// A number and what it counts: `1 record`, `5 records`.
pub fn counted<N: Display + PartialEq + From<u8>>(count: N, one: &str) -> String {
    let end = if count == N::from(1) { "" } else { "s" };
    format!("{count} {one}{end}")
}

/// The name of a key in its folder.
pub fn key_name(text: &str) -> Result<KeyName, String> {
    KeyName::parse(text).ok_or_else(|| format!("'{text}' is not a key name: 1 to 32 of a-z, 0-9 and -"))
}

/// What somebody may issue.
#[derive(clap::Args, Clone, Debug)]
pub struct ScopeArgs {
    /// Kinds of records: diploma, transcript, transfer, completion
    #[arg(long, value_delimiter = ',', required = true, value_name = "KIND,…", value_parser = kind)]
    pub kinds: Vec<CredentialKind>,
    /// ISCED 2011 levels, 0 to 8
    #[arg(long, value_delimiter = ',', required = true, value_name = "LEVEL,…", value_parser = level)]
    pub levels: Vec<IscedLevel>,
    /// ISCED-F 2013 fields, of two to four digits; without them, all
    #[arg(long, value_delimiter = ',', value_name = "FIELD,…", value_parser = field)]
    pub fields: Vec<FieldPrefix>,
}

impl ScopeArgs {
    /// The scope, within a country.
    pub fn scope(&self, country: &str) -> Result<Scope, Failure> {
        let jurisdiction = Jurisdiction::parse(country).map_err(Failure::usage)?;
        Scope::new(self.kinds.clone(), self.levels.clone(), self.fields.clone(), jurisdiction)
            .map_err(Failure::usage)
    }
}

/// When a ruling holds, and on what ground.
#[derive(clap::Args, Clone, Debug)]
pub struct RulingArgs {
    /// The first day it holds
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub from: UnixSeconds,
    /// The first day it no longer holds
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub to: Option<UnixSeconds>,
    /// The title of the decree
    #[arg(long, value_name = "TITLE", value_parser = text)]
    pub decree_title: Text,
    /// The decree itself; its SHA-256 goes into the log
    #[arg(long, value_name = "FILE")]
    pub decree: PathBuf,
}

impl RulingArgs {
    /// The period.
    pub fn period(&self) -> Result<Period, Failure> {
        Period::new(self.from, self.to).map_err(|_| Failure::usage("--to must be later than --from"))
    }

    /// The ground in law.
    pub fn legal(&self) -> Result<LegalReference, Failure> {
        legal_reference(self.decree_title.clone(), &self.decree)
    }
}

/// The ground in law: a title and the document's hash.
pub fn legal_reference(title: Text, decree: &Path) -> Result<LegalReference, Failure> {
    let digest: [u8; 32] = Sha256::digest(read_bounded(decree, DECREE_BYTES_MAX)?).into();
    Ok(LegalReference { title, sha256: Hash::from_bytes(digest) })
}

/// A mandate to sign for another institution, perhaps until a day.
pub fn mandate(holder: &InstitutionId, until: Option<UnixSeconds>) -> Mandate {
    Mandate { holder: holder.clone(), until }
}

/// A day's first second, UTC; or a moment.
pub fn day(text: &str) -> Result<UnixSeconds, String> {
    let end = Moment::parse(text)?.seconds();
    let whole_day = !text.contains('T');
    Ok(if whole_day { UnixSeconds::new(end.get() + 1 - 86_400) } else { end })
}

/// The kinds that batches are made of, by the words of `batch prepare`; a right to anything else would be worth nothing.
fn kind(text: &str) -> Result<CredentialKind, String> {
    let known = BatchKind::parse(text).map(BatchKind::credential_kind);
    known.ok_or_else(|| format!("'{text}' is none of diploma, transcript, transfer, completion"))
}

fn level(text: &str) -> Result<IscedLevel, String> {
    let number = text.parse().map_err(|_| format!("'{text}' is not a number"))?;
    IscedLevel::new(number).map_err(|error| error.to_string())
}

fn field(text: &str) -> Result<FieldPrefix, String> {
    FieldPrefix::parse(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight() {
        assert_eq!(day("1970-01-02").unwrap().get(), 86_400);
        assert_eq!(day("1970-01-02T00:00:05Z").unwrap().get(), 86_405);
        assert!(day("1970-13-01").is_err());
    }

    #[test]
    fn one_is_not_several() {
        assert_eq!([0_u64, 1, 2].map(|n| counted(n, "record")), ["0 records", "1 record", "2 records"]);
    }

    #[test]
    fn a_kind_is_one_that_batches_are_made_of() {
        assert_eq!(kind("completion").unwrap(), CredentialKind::PRIMARY_COMPLETION);
        assert!(kind("bachelor").is_err());
    }
}
