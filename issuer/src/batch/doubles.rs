//! Learners who have the record already: every earlier batch of the school is looked at.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::btree_map::{BTreeMap, Entry};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use jiff::civil::Date;
use matricula_credential::model::facts;
use serde::Deserialize;

use super::BatchError;
use super::folder::{BatchFolder, BatchState, LIST_FILE_BYTES_MAX};
use super::learner_credential::Subject;
use super::learner_problems::LearnerProblems;
use super::listing::KnownBatch;
use super::manifest::BatchKind;
use super::prepared::PreparedRecord;
use crate::roster::Finding;
use crate::school::SchoolHome;
use crate::storage::StorageError;

/// What of a prepared line tells whose it is and of when. The rest of it is passed over unread.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Glance<'a> {
    #[serde(borrow)]
    learner_no: Cow<'a, str>,
    #[serde(borrow)]
    credential: Dated<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dated<'a> {
    #[serde(borrow, default)]
    awarded_date: Cow<'a, str>,
}

/// An earlier record of a learner.
struct Earlier {
    batch: String,
    state: BatchState,
    name: Option<String>,
    date_of_birth: Option<String>,
}

/// What is asked for: who gets which kind of record, on whose behalf.
pub(super) struct Asked<'a> {
    pub(super) kind: BatchKind,
    pub(super) on_behalf_of: Option<&'a str>,
    pub(super) subjects: &'a [Subject<'a>],
}

/// The learners who are in an earlier batch of this kind with the same number and date. A batch that was
/// thrown away does not count; the name in a corrected record counts, not the one before.
pub(super) fn find(
    home: &SchoolHome,
    earlier: &[KnownBatch],
    asked: &Asked<'_>,
) -> Result<LearnerProblems, BatchError> {
    let positions: HashMap<(&str, Date), usize> = asked
        .subjects
        .iter()
        .enumerate()
        .map(|(position, subject)| ((subject.learner().learner_no.as_str(), subject.awarded()), position))
        .collect();
    let same = |known: &&KnownBatch| {
        let issued = known.manifest.corrects.is_none() || known.state == BatchState::Issued;
        let (kind, for_whom) = (known.manifest.kind, known.manifest.on_behalf_of.as_deref());
        issued && kind == asked.kind && for_whom == asked.on_behalf_of
    };
    let mut batches: Vec<&KnownBatch> = earlier.iter().filter(same).collect();
    batches.sort_by_key(|known| (known.manifest.corrects.is_some(), known.manifest.created));
    let mut found = BTreeMap::new();
    for known in batches {
        let path = BatchFolder::of(&home.batches_folder(), &known.id).prepared();
        each_match(&path, &positions, |position, record| {
            let facts = facts(&record.credential);
            let (name, date_of_birth) = (facts.learner_name, facts.date_of_birth);
            let (batch, state) = (known.id.as_str().to_owned(), known.state);
            let new = Earlier { batch, state, name, date_of_birth };
            match found.entry(position) {
                Entry::Vacant(place) if known.manifest.corrects.is_none() => {
                    place.insert(new);
                }
                Entry::Occupied(mut first) if known.manifest.corrects.is_some() => {
                    let first: &mut Earlier = first.get_mut();
                    (first.name, first.date_of_birth) = (new.name, new.date_of_birth);
                }
                _ => {}
            }
        })?;
    }
    let mut problems = LearnerProblems::default();
    for (position, earlier) in found {
        let subject = asked.subjects[position];
        let number = subject.learner().learner_no.as_str();
        problems.push(subject.file(), subject.line(), "learner_no", finding(subject, earlier), number);
    }
    Ok(problems)
}

fn finding(subject: Subject<'_>, earlier: Earlier) -> Finding {
    let Earlier { batch, state, name, date_of_birth } = earlier;
    let learner = subject.learner();
    let same_person = name.as_deref() == Some(learner.full_name().as_str())
        && date_of_birth.as_deref() == Some(learner.date_of_birth.to_string().as_str());
    if !same_person {
        let person = [name, date_of_birth].into_iter().flatten().collect::<Vec<_>>().join(", born ");
        return Finding::NumberOfAnother { batch, person };
    }
    match state {
        BatchState::Issued => Finding::IssuedBefore { batch },
        BatchState::Prepared | BatchState::Approved | BatchState::Logged => Finding::PreparedBefore { batch },
    }
}

/// Hands each prepared record of a file that is a wanted learner's of the wanted date to `found`. Line by
/// line: a file has up to half a gigabyte, a line some kilobytes.
fn each_match(
    path: &Path,
    positions: &HashMap<(&str, Date), usize>,
    mut found: impl FnMut(usize, PreparedRecord),
) -> Result<(), StorageError> {
    let unreadable = |source| StorageError::Unreadable { path: path.to_owned(), source };
    let mut reader = BufReader::new(File::open(path).map_err(unreadable)?.take(LIST_FILE_BYTES_MAX));
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        if reader.read_until(b'\n', &mut line).map_err(unreadable)? == 0 {
            break;
        }
        let malformed = |error| StorageError::malformed(path, format!("line {number}: {error}"));
        let glance: Glance<'_> = serde_json::from_slice(&line).map_err(malformed)?;
        let date = glance.credential.awarded_date.get(..10).and_then(|day| day.parse::<Date>().ok());
        let position = date.and_then(|date| positions.get(&(glance.learner_no.as_ref(), date)));
        if let Some(position) = position {
            found(*position, serde_json::from_slice(&line).map_err(malformed)?);
        }
    }
    Ok(())
}
