//! Login names and passwords.

use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::seal::{SealKey, digest};

/// Shorter names collide, longer ones are pasted by mistake.
const NAME_CHARACTERS: std::ops::RangeInclusive<usize> = 3..=64;

/// NIST SP 800-63B asks for 8 at least; Argon2 takes any length, and 256 hold every passphrase.
const PASSWORD_CHARACTERS: std::ops::RangeInclusive<usize> = 8..=256;

/// What a learner signs in with: NFKC, lower case, letters and digits with `. _ - @` between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginName(String);

/// Why a name or a password cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    /// Too short or too long.
    #[error("a name has 3 to 64 characters")]
    NameLength,
    /// A character that a name cannot have.
    #[error("a name has letters, digits and the signs . _ - @ only")]
    NameCharacter,
    /// Too short or too long.
    #[error("a password has 8 to 256 characters")]
    PasswordLength,
    /// The name, or one character again and again.
    #[error("this password is too easy to guess")]
    PasswordGuessable,
}

impl LoginName {
    /// Reads a name as a person typed it.
    ///
    /// # Errors
    /// [`CredentialsError::NameLength`] or [`CredentialsError::NameCharacter`].
    pub fn parse(text: &str) -> Result<Self, CredentialsError> {
        // Bounded before it is normalised: one character can become eighteen.
        if text.trim().chars().count() > *NAME_CHARACTERS.end() {
            return Err(CredentialsError::NameLength);
        }
        let name: String = text.trim().nfkc().flat_map(char::to_lowercase).collect();
        if !NAME_CHARACTERS.contains(&name.chars().count()) {
            return Err(CredentialsError::NameLength);
        }
        let allowed =
            |character: char| character.is_alphanumeric() || matches!(character, '.' | '_' | '-' | '@');
        if name.chars().all(allowed) { Ok(Self(name)) } else { Err(CredentialsError::NameCharacter) }
    }

    /// The normalised name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key under which the account is found.
    pub(crate) fn lookup_key(&self) -> [u8; 32] {
        digest("name", self.0.as_bytes())
    }
}

/// A password as typed, in NFKC so that every keyboard gives the same bytes. Wiped when dropped.
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes a password that somebody chooses.
    ///
    /// # Errors
    /// [`CredentialsError::PasswordLength`] or [`CredentialsError::PasswordGuessable`].
    pub fn choose(text: &str, name: &LoginName) -> Result<Self, CredentialsError> {
        if !PASSWORD_CHARACTERS.contains(&text.chars().count()) {
            return Err(CredentialsError::PasswordLength);
        }
        let password = Self::typed(text);
        let first = password.0.chars().next();
        let is_name =
            password.0.to_lowercase().contains(name.as_str()) && name.as_str().len() * 2 > password.0.len();
        if is_name || password.0.chars().all(|character| Some(character) == first) {
            return Err(CredentialsError::PasswordGuessable);
        }
        Ok(password)
    }

    /// Takes a password that is to be compared. What is too long is cut: it is wrong either way.
    pub fn typed(text: &str) -> Self {
        Self(Zeroizing::new(text.chars().take(*PASSWORD_CHARACTERS.end()).nfkc().collect()))
    }
}

/// How much work a guess of a password is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordCost {
    memory_kib: u32,
    passes: u32,
}

/// A cost outside what is sensible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{memory_kib} KiB and {passes} passes: 8 KiB to 1 GiB and 1 to 16 passes are taken")]
pub struct CostOutOfRange {
    /// Memory asked for, in KiB.
    pub memory_kib: u32,
    /// Passes asked for.
    pub passes: u32,
}

impl PasswordCost {
    /// Argon2id with this memory in KiB and these passes, on one lane.
    ///
    /// # Errors
    /// [`CostOutOfRange`].
    pub fn new(memory_kib: u32, passes: u32) -> Result<Self, CostOutOfRange> {
        if (8..=1 << 20).contains(&memory_kib) && (1..=16).contains(&passes) {
            Ok(Self { memory_kib, passes })
        } else {
            Err(CostOutOfRange { memory_kib, passes })
        }
    }
}

impl Default for PasswordCost {
    /// 19 MiB and two passes: the second choice of RFC 9106 scaled by OWASP for servers with many users.
    fn default() -> Self {
        Self { memory_kib: 19 * 1024, passes: 2 }
    }
}

/// What a password becomes: half proves it, half opens the account's data key.
pub(crate) struct StretchedPassword {
    verifier: [u8; 32],
    pub(crate) key: SealKey,
}

/// Argon2 could not run with a stored cost: the row is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CostUnusable;

impl StretchedPassword {
    /// SPEC: RFC 9106, Argon2id version 1.3.
    pub(crate) fn stretch(
        password: &Password,
        salt: &[u8; 16],
        cost: PasswordCost,
    ) -> Result<Self, CostUnusable> {
        let PasswordCost { memory_kib, passes } = cost;
        let cost = PasswordCost::new(memory_kib, passes).map_err(|_| CostUnusable)?;
        let params = Params::new(cost.memory_kib, cost.passes, 1, Some(32)).map_err(|_| CostUnusable)?;
        let mut stretched = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(password.0.as_bytes(), salt, stretched.as_mut())
            .map_err(|_| CostUnusable)?;
        let key = SealKey::derive("password-key", stretched.as_ref());
        Ok(Self { verifier: digest("password-verifier", stretched.as_ref()), key })
    }

    /// The half that is stored to recognise the password.
    pub(crate) fn verifier(&self) -> &[u8; 32] {
        &self.verifier
    }

    /// Compares in constant time.
    pub(crate) fn matches(&self, stored: &[u8; 32]) -> bool {
        self.verifier.ct_eq(stored).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> LoginName {
        LoginName::parse(text).expect("name")
    }

    #[test]
    fn names_are_the_same_in_every_writing() {
        assert_eq!(name(" Ana.Nájera "), name("ana.na\u{301}jera"));
        assert_eq!(name("ＡＮＡ1"), name("ana1"));
        assert_eq!(name("حنبل").as_str(), "حنبل");
    }

    #[test]
    fn refuses_names_that_are_none() {
        assert_eq!(LoginName::parse("ab"), Err(CredentialsError::NameLength));
        assert_eq!(LoginName::parse(&"a".repeat(65)), Err(CredentialsError::NameLength));
        assert_eq!(LoginName::parse(&"\u{FDFA}".repeat(64)), Err(CredentialsError::NameLength));
        for text in ["ana b", "ana\u{202E}b", "<ana>", "ana\0b"] {
            assert_eq!(LoginName::parse(text), Err(CredentialsError::NameCharacter), "{text}");
        }
    }

    #[test]
    fn refuses_short_and_guessable_passwords() {
        let refused = |text: &str| Password::choose(text, &name("ana.najera")).err();
        assert_eq!(refused("short 1"), Some(CredentialsError::PasswordLength));
        assert_eq!(refused(&"a".repeat(257)), Some(CredentialsError::PasswordLength));
        assert_eq!(refused("aaaaaaaaaaaa"), Some(CredentialsError::PasswordGuessable));
        assert_eq!(refused("Ana.Najera1"), Some(CredentialsError::PasswordGuessable));
        assert_eq!(refused("caballo grapa"), None);
    }

    #[test]
    fn the_same_password_matches_and_another_does_not() {
        let cost = PasswordCost::new(8, 1).expect("cost");
        let stretch = |text: &str, salt: u8| {
            StretchedPassword::stretch(&Password::typed(text), &[salt; 16], cost).expect("stretches")
        };
        let stored = *stretch("caballo grapá", 1).verifier();
        assert!(stretch("caballo grapa\u{301}", 1).matches(&stored));
        assert!(!stretch("caballo grapa", 1).matches(&stored));
        assert!(!stretch("caballo grapá", 2).matches(&stored));
        assert_ne!(stretch("caballo grapá", 1).key.as_bytes(), &stored);
    }

    #[test]
    fn refuses_costs_that_protect_nobody_or_stop_the_server() {
        assert!(PasswordCost::new(7, 1).is_err() && PasswordCost::new(8, 0).is_err());
        assert!(PasswordCost::new((1 << 20) + 1, 1).is_err() && PasswordCost::new(8, 17).is_err());
        assert!(PasswordCost::new(8, 1).is_ok());
    }
}
