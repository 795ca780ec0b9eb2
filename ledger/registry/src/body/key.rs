//! An event in the life of an institution's key.

use matricula_tlog::UnixSeconds;
use minicbor::Decoder;

use crate::{
    identity::{InstitutionId, PublicKey},
    statement::{Fields, MapWriter, StatementError, read_date, read_key, read_text},
};

/// What a key may sign. A key has one role, so that two people are two keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyRole {
    /// Batches and the credentials in them.
    Issue,
    /// Countersignatures on batches.
    Approve,
    /// Holder bindings.
    Bind,
}

impl KeyRole {
    /// The word on the wire: `issue`, `approve` or `bind`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::Approve => "approve",
            Self::Bind => "bind",
        }
    }

    fn read(word: &str) -> Result<Self, StatementError> {
        [Self::Issue, Self::Approve, Self::Bind]
            .into_iter()
            .find(|role| role.word() == word)
            .ok_or(StatementError::UnknownWord { field: "role" })
    }
}

/// What happens to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyEvent {
    /// It becomes the institution's.
    Add {
        /// What it may sign.
        role: KeyRole,
        /// From when on.
        from: UnixSeconds,
    },
    /// It signs no more.
    Retire {
        /// The first second at which it does not.
        at: UnixSeconds,
    },
    /// Somebody else may have had it.
    Compromised {
        /// The first second at which that may have been so.
        since: UnixSeconds,
    },
}

impl KeyEvent {
    /// The word on the wire: `add`, `retire` or `compromised`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Add { .. } => "add",
            Self::Retire { .. } => "retire",
            Self::Compromised { .. } => "compromised",
        }
    }

    /// The date the event counts from.
    pub const fn effective_at(&self) -> UnixSeconds {
        match self {
            Self::Add { from, .. } => *from,
            Self::Retire { at } => *at,
            Self::Compromised { since } => *since,
        }
    }
}

/// A key statement. The authority signs it; an institution may retire its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyStatement {
    /// Whose key.
    pub institution: InstitutionId,
    /// The key.
    pub key: PublicKey,
    /// What happens to it.
    pub event: KeyEvent,
}

impl KeyStatement {
    pub(crate) fn read(decoder: &mut Decoder<'_>) -> Result<Self, StatementError> {
        let mut map = Fields::open(decoder, "key")?;
        let institution = map.required(0, "institution", |d, f| InstitutionId::read(f, read_text(d, f)?))?;
        let word = map.required(1, "event", read_text)?;
        let key = map.required(2, "key", read_key)?;
        let role = match word {
            "add" => Some(map.required(3, "role", |d, f| KeyRole::read(read_text(d, f)?))?),
            _ => None,
        };
        let at = map.required(4, "effective_at", read_date)?;
        map.close()?;
        let event = match (word, role) {
            ("add", Some(role)) => KeyEvent::Add { role, from: at },
            ("retire", None) => KeyEvent::Retire { at },
            ("compromised", None) => KeyEvent::Compromised { since: at },
            _ => return Err(StatementError::UnknownWord { field: "event" }),
        };
        Ok(Self { institution, key, event })
    }

    pub(crate) fn write(&self) -> MapWriter {
        let mut map = MapWriter::new();
        map.text(0, self.institution.as_str());
        map.text(1, self.event.word());
        map.bytes(2, self.key.as_bytes());
        if let KeyEvent::Add { role, .. } = self.event {
            map.text(3, role.word());
        }
        map.number(4, self.event.effective_at().get());
        map
    }
}
