//! Has it been revoked, suspended, superseded: why, since when; how old is that answer?

use matricula_credential::status::{StatusEntry, StatusPurpose, entries_of};
use matricula_tlog::UnixSeconds;
use serde_json::Value;

use crate::code::Code;
use crate::date::{day, parse_rfc3339};
use crate::trust_content::StatusEvent;
use crate::trust_file::{CheckedStatusList, TrustFile};
use crate::verdict::Axis;

/// Looks a credential up in the status lists of its authority. A record of a trusted authority's school
/// that cannot be revoked is refused: whoever leaves the status out would be beyond recall.
pub(crate) fn examine(
    credential: &Value,
    authority: Option<&TrustFile>,
    as_of: UnixSeconds,
    age_max_seconds: u64,
) -> Axis {
    let unreadable = |error: &dyn core::fmt::Display| {
        Axis::unknown(Code::StatusUnavailable, format!("Its status cannot be looked up: {error}."))
    };
    let entries = match entries_of(credential) {
        Ok(entries) => entries,
        Err(error) => return unreadable(&error),
    };
    let revocable = entries.iter().any(|entry| entry.purpose == StatusPurpose::Revocation);
    match authority {
        Some(authority) if revocable => of_entries(&entries, authority, as_of, age_max_seconds),
        Some(_) => Axis::fail(
            Code::NoStatus,
            "The record has no status by which it could be revoked; records of this authority's schools have one.",
        ),
        None if entries.is_empty() => {
            Axis::not_applicable(Code::NoStatus, "The record has no status to look up: it cannot be revoked.")
        }
        None => unreadable(&"the authority's trust file is needed"),
    }
}

/// The same for a holder binding, which may have no status: the wallet asks for a new one in its place.
pub(crate) fn examine_binding(
    binding: &Value,
    authority: Option<&TrustFile>,
    as_of: UnixSeconds,
    age_max_seconds: u64,
) -> Option<Axis> {
    match entries_of(binding) {
        Ok(entries) if entries.is_empty() => None,
        _ => Some(examine(binding, authority, as_of, age_max_seconds)),
    }
}

fn of_entries(
    entries: &[StatusEntry],
    authority: &TrustFile,
    as_of: UnixSeconds,
    age_max_seconds: u64,
) -> Axis {
    let mut lists = Vec::new();
    for entry in entries {
        match look_up(entry, authority, as_of) {
            Ok(list) => lists.push(list),
            Err(axis) => return axis,
        }
    }
    answer(&lists, as_of, age_max_seconds)
}

/// Finds the list; an axis where the entry's bit is set, or cannot be read.
fn look_up<'t>(
    entry: &StatusEntry,
    authority: &'t TrustFile,
    as_of: UnixSeconds,
) -> Result<&'t CheckedStatusList, Axis> {
    let Some(list) = authority.lists().iter().find(|list| list.credential.id == entry.list) else {
        let text = format!(
            "The status list {} is not in the trust file, so revocation could not be checked.",
            entry.list
        );
        return Err(Axis::unknown(Code::StatusUnavailable, text));
    };
    let set = list.credential.get(entry).map_err(|error| {
        Axis::unknown(Code::StatusUnavailable, format!("The status list cannot be read: {error}."))
    })?;
    let event = latest_event(list, entry);
    if set && in_force(event, as_of) { Err(set_axis(entry, event)) } else { Ok(list) }
}

fn latest_event<'t>(list: &'t CheckedStatusList, entry: &StatusEntry) -> Option<&'t StatusEvent> {
    list.events
        .iter()
        .rev()
        .find(|event| u64::from(event.index) == entry.index && event.purpose == entry.purpose.as_str())
}

/// A bit set without a reason counts at once; a dated one from its date.
fn in_force(event: Option<&StatusEvent>, as_of: UnixSeconds) -> bool {
    event.and_then(|event| parse_rfc3339(&event.effective)).is_none_or(|effective| effective <= as_of)
}

fn set_axis(entry: &StatusEntry, event: Option<&StatusEvent>) -> Axis {
    let reason = event.map_or("no reason given", |event| event.reason.as_str());
    let since = event
        .and_then(|event| parse_rfc3339(&event.effective))
        .map_or_else(String::new, |at| format!(" since {}", day(at)));
    match (&entry.purpose, correction_of(reason)) {
        (StatusPurpose::Suspension, _) => {
            Axis::fail(Code::Suspended, format!("It is suspended{since} ({reason})."))
        }
        (_, Some(correction)) => {
            let why = correction.map_or_else(String::new, |why| format!(" ({why})"));
            Axis::fail(
                Code::Superseded,
                format!("It was replaced by a corrected version{since}{why}: ask for that one."),
            )
        }
        _ => Axis::fail(Code::Revoked, format!("It has been revoked{since} ({reason}).")),
    }
}

/// Why the record was corrected, where that is why it no longer counts: `superseded`, alone or followed
/// by the reason of the correction, as in `superseded_name_changed`.
fn correction_of(reason: &str) -> Option<Option<&str>> {
    match reason.strip_prefix("superseded")? {
        "" => Some(None),
        why => why.strip_prefix('_').map(Some),
    }
}

fn answer(lists: &[&CheckedStatusList], as_of: UnixSeconds, age_max_seconds: u64) -> Axis {
    let oldest = lists.iter().map(|list| list.credential.valid_from).min().unwrap_or(as_of);
    let age_seconds = as_of.get().saturating_sub(oldest.get());
    let over = |list: &&CheckedStatusList| list.credential.valid_until.is_some_and(|until| until <= as_of);
    if age_seconds > age_max_seconds || lists.iter().any(over) {
        let text = format!(
            "The last known status list is of {}, older than you accept or than the authority vouches for.",
            day(oldest)
        );
        return Axis::unknown(Code::StatusStale, text);
    }
    let mut axis = Axis::pass(format!("Not revoked and not suspended, as of the list of {}.", day(oldest)));
    if lists.iter().any(|list| !list.is_logged) {
        axis.remark(Code::StatusListNotLogged, "That list is signed, but not yet committed to in the log.");
    }
    axis
}
