//! Facts in words for people.

use jiff::Timestamp;
use matricula_registry::{
    Accreditation, AccreditationEvent, CredentialKind, Event, KeyRole, Period, Scope, day,
};
use matricula_tlog::UnixSeconds;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::icon::Icon;
use crate::distributor::Role;

/// A moment: day and time in UTC; beyond the calendar's end, its seconds.
pub(super) fn moment(at: UnixSeconds) -> String {
    let timestamp = i64::try_from(at.get()).ok().and_then(|second| Timestamp::from_second(second).ok());
    timestamp.map_or_else(|| at.to_string(), |at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

/// A moment as programs read it (RFC 3339).
pub(super) fn machine_moment(at: UnixSeconds) -> String {
    let timestamp = i64::try_from(at.get()).ok().and_then(|second| Timestamp::from_second(second).ok());
    timestamp.map_or_else(String::new, |at| at.to_string())
}

/// How long ago something was, in the largest unit that fits twice.
pub(super) fn age(at: UnixSeconds, now: UnixSeconds) -> String {
    let seconds = now.get().saturating_sub(at.get());
    let (count, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7_200 => (seconds / 60, "minute"),
        7_200..172_800 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{} ago", counted(count, unit))
}

/// A number and its noun: `1 entry`, `2 entries`.
pub(super) fn counted(count: u64, noun: &str) -> String {
    let number = grouped(count);
    match (count, noun.strip_suffix('y')) {
        (1, _) => format!("{number} {noun}"),
        (_, Some(stem)) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{number} {stem}ies"),
        _ => format!("{number} {noun}s"),
    }
}

/// A number with its digits in threes: `1,204,331`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes as `sha256sum` prints them.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A period of dates. Its end is the first second after it, so the last day is the one before.
pub(super) fn period(period: Period) -> String {
    let from = day(period.from());
    match period.to() {
        None => format!("from {from}"),
        Some(to) => format!("from {from} to {}", day(UnixSeconds::new(to.get().saturating_sub(1)))),
    }
}

/// Text as it is compared in a search: without accents, in small letters.
pub(super) fn folded(text: &str) -> String {
    text.nfd().filter(|letter| !is_combining_mark(*letter)).flat_map(char::to_lowercase).collect()
}

pub(super) const fn role(role: Role) -> &'static str {
    match role {
        Role::Mirror => "Mirror",
        Role::Witness => "Witness",
    }
}

pub(super) const fn key_role(role: KeyRole) -> &'static str {
    match role {
        KeyRole::Issue => "Issues records",
        KeyRole::Approve => "Approves batches",
        KeyRole::Bind => "Binds records to holders",
    }
}

/// What happened to an institution, as a headline.
pub(super) const fn event(event: &AccreditationEvent) -> &'static str {
    match event {
        AccreditationEvent::Grant { .. } => "Accredited",
        AccreditationEvent::Suspend { .. } => "Suspended",
        AccreditationEvent::Restore { .. } => "Restored",
        AccreditationEvent::Revoke { .. } => "Revoked",
        AccreditationEvent::Succeed { .. } => "Succeeded by another institution",
    }
}

/// What a scope allows, in a sentence.
pub(super) fn scope(scope: &Scope) -> String {
    let kinds: Vec<_> = scope.kinds().iter().map(kind).collect();
    let levels: Vec<_> = scope.levels().iter().map(ToString::to_string).collect();
    let fields: Vec<_> = scope.fields().iter().map(ToString::to_string).collect();
    let fields =
        if fields.is_empty() { "all fields".to_owned() } else { format!("ISCED-F {}", listed(&fields)) };
    format!("{}; ISCED level {}; {fields}; in {}.", listed(&kinds), listed(&levels), scope.jurisdiction())
}

fn kind(kind: &CredentialKind) -> String {
    match kind.as_str() {
        "diploma" => "diplomas".to_owned(),
        "transcript" => "transcripts".to_owned(),
        "transfer" => "transfer certificates".to_owned(),
        "primary_completion" => "certificates of primary school".to_owned(),
        other => other.replace('_', " "),
    }
}

fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Where an institution stands on a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It has rights.
    Accredited,
    /// Its rights rest.
    Suspended,
    /// Its rights have ended.
    Revoked,
    /// Another institution has taken over.
    Succeeded,
    /// Its rights begin later.
    NotYet,
    /// Its rights ended with their period.
    Expired,
}

impl Standing {
    /// By the event that was recorded last among those whose period has the date.
    pub(super) fn of(history: &[Event<Accreditation>], at: UnixSeconds) -> Self {
        let holding = history.iter().rev().find(|event| event.value.effective.contains(at));
        match holding.map(|event| &event.value.event) {
            Some(AccreditationEvent::Grant { .. } | AccreditationEvent::Restore { .. }) => Self::Accredited,
            Some(AccreditationEvent::Suspend { .. }) => Self::Suspended,
            Some(AccreditationEvent::Revoke { .. }) => Self::Revoked,
            Some(AccreditationEvent::Succeed { .. }) => Self::Succeeded,
            None if history.iter().any(|event| event.value.effective.from() <= at) => Self::Expired,
            None => Self::NotYet,
        }
    }

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Accredited => "Accredited",
            Self::Suspended => "Suspended",
            Self::Revoked => "Revoked",
            Self::Succeeded => "Succeeded by another institution",
            Self::NotYet => "Not accredited yet",
            Self::Expired => "Accreditation expired",
        }
    }

    pub(super) const fn icon(self) -> Icon {
        match self {
            Self::Accredited => Icon::Tick,
            Self::Suspended => Icon::Exclamation,
            Self::Revoked | Self::Succeeded | Self::Expired => Icon::Cross,
            Self::NotYet => Icon::Question,
        }
    }

    /// The word that the style sheet goes by.
    pub(super) const fn result(self) -> &'static str {
        match self {
            Self::Accredited => "pass",
            Self::Suspended => "warn",
            Self::Revoked | Self::Succeeded | Self::Expired => "fail",
            Self::NotYet => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_ages_read_as_people_write_them() {
        assert_eq!(grouped(1_204_331), "1,204,331");
        assert_eq!(grouped(999), "999");
        assert_eq!(counted(1, "entry"), "1 entry");
        assert_eq!(counted(2, "entry"), "2 entries");
        assert_eq!(counted(0, "day"), "0 days");
        let at = |seconds| age(UnixSeconds::new(0), UnixSeconds::new(seconds));
        assert_eq!(
            [at(1), at(119), at(120), at(7_200)],
            ["1 second ago", "119 seconds ago", "2 minutes ago", "2 hours ago"]
        );
        assert_eq!(age(UnixSeconds::new(5), UnixSeconds::new(4)), "0 seconds ago");
    }

    #[test]
    fn a_period_names_its_last_day() {
        let (from, to) = (UnixSeconds::new(1_767_225_600), UnixSeconds::new(1_798_761_600));
        assert_eq!(period(Period::new(from, Some(to)).unwrap()), "from 2026-01-01 to 2026-12-31");
        assert_eq!(period(Period::new(from, None).unwrap()), "from 2026-01-01");
    }

    #[test]
    fn a_search_sees_through_accents_and_capitals() {
        assert_eq!(folded("SECRETARÍA de Educación"), "secretaria de educacion");
        assert_eq!(folded("Ñuñoa"), "nunoa");
    }
}
