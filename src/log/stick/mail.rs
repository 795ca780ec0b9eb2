//! Entries on their way to a log, and the answers on their way back.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use matricula_issuer::{LogPort, LogPortError};
use matricula_ledger::{SUBMISSION_BYTES_MAX, SUBMISSION_ENTRIES_MAX};
use matricula_tlog::{append_entry, parse_entries};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::failure::Failure;

const OUTGOING: &str = "outgoing";
const OUTGOING_END: &str = ".entries";
const ANSWERS: &str = "answers";
const ANSWER_END: &str = ".json";

/// Longest answer read: a proof of some kilobytes for each of the most entries of a submission.
const ANSWER_BYTES_MAX: u64 = 32 << 20;

/// The only version of an answer's file.
const VERSION: u32 = 1;

/// What a log said to a submission.
pub(super) enum Answer {
    /// Where each entry stands.
    Logged(Vec<AnsweredEntry>),
    /// Why none was taken.
    Refused(Returned),
}

/// An entry's place in the log, and the proof of it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AnsweredEntry {
    pub(super) index: u64,
    pub(super) proof: String,
}

/// A submission that the log refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Returned {
    /// Which of its entries, from 0.
    pub position: usize,
    /// The door's stable code.
    pub code: String,
    /// The door's sentence.
    pub message: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerFile {
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    logged: Option<Vec<AnsweredEntry>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refused: Option<Returned>,
}

/// What was handed in.
#[derive(Debug, Default)]
pub struct Synced {
    /// Submissions that are in the log.
    pub logged: usize,
    /// Submissions that the log refused.
    pub refused: Vec<Returned>,
}

/// Hands everything that waits in, each submission whole, and writes the answers down. An answer is durable before the
/// submission is removed, and the log gives known bytes the place they have: stopped anywhere, and run again, nothing is
/// lost and nothing is doubled.
pub fn sync(folder: &Path, log: &dyn LogPort) -> Result<Synced, Failure> {
    let mail = Mail::new(folder);
    let mut synced = Synced::default();
    for Waiting { path, entries } in mail.waiting()? {
        let answer = match log.submit(&entries) {
            Ok(logged) => {
                synced.logged += 1;
                let answered = logged.iter().map(|logged| {
                    Ok(AnsweredEntry { index: logged.index.get(), proof: log.proof(logged.index)? })
                });
                Answer::Logged(answered.collect::<Result<_, LogPortError>>()?)
            }
            Err(LogPortError::Refused { position, code, message }) => {
                let returned = Returned { position, code, message };
                synced.refused.push(returned.clone());
                Answer::Refused(returned)
            }
            Err(error) => return Err(error.into()),
        };
        mail.put_answer(&entries, &answer)?;
        fs::remove_file(&path).map_err(|error| Failure::io("remove", &path, &error))?;
    }
    Ok(synced)
}

/// A submission that waits, and its file.
struct Waiting {
    path: PathBuf,
    entries: Vec<Vec<u8>>,
}

/// The two folders beside a copy of a log.
pub(super) struct Mail {
    outgoing: PathBuf,
    answers: PathBuf,
}

impl Mail {
    pub(super) fn new(folder: &Path) -> Self {
        Self { outgoing: folder.join(OUTGOING), answers: folder.join(ANSWERS) }
    }

    /// Writes a submission down, durably. The same one again is there already.
    pub(super) fn put(&self, entries: &[Vec<u8>]) -> Result<PathBuf, LogPortError> {
        let framed = frame(entries)?;
        let name = format!("{}{OUTGOING_END}", id_of(&framed));
        let path = self.outgoing.join(&name);
        match read(&path, SUBMISSION_BYTES_MAX as u64) {
            Ok(Some(there)) if there == framed => {}
            _ => write(&self.outgoing, &name, &framed).map_err(|error| unusable(&path, &error))?,
        }
        Ok(path)
    }

    /// The answer to a submission, if there is one.
    pub(super) fn answer(&self, entries: &[Vec<u8>]) -> Result<Option<Answer>, LogPortError> {
        read_answer(&self.answer_path(entries)?)
    }

    /// Every answer there is.
    pub(super) fn answers(&self) -> Result<Vec<Answer>, LogPortError> {
        let names = names(&self.answers).map_err(|error| unusable(&self.answers, &error))?;
        let names = names.iter().filter(|name| name.ends_with(ANSWER_END));
        let answers = names.map(|name| read_answer(&self.answers.join(name)));
        Ok(answers.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    pub(super) fn forget_answer(&self, entries: &[Vec<u8>]) -> Result<(), LogPortError> {
        let path = self.answer_path(entries)?;
        fs::remove_file(&path).map_err(|error| unusable(&path, &error))
    }

    fn put_answer(&self, entries: &[Vec<u8>], answer: &Answer) -> Result<(), Failure> {
        let (logged, refused) = match answer {
            Answer::Logged(entries) => (Some(entries.clone()), None),
            Answer::Refused(returned) => (None, Some(returned.clone())),
        };
        let file = AnswerFile { version: VERSION, logged, refused };
        let bytes =
            serde_json::to_vec_pretty(&file).map_err(|error| Failure::new("json_unwritable", error))?;
        let name = format!("{}{ANSWER_END}", id_of(&frame(entries)?));
        write(&self.answers, &name, &bytes)
            .map_err(|error| Failure::io("write", &self.answers.join(&name), &error))
    }

    /// Every submission that waits.
    fn waiting(&self) -> Result<Vec<Waiting>, Failure> {
        let names = names(&self.outgoing).map_err(|error| Failure::io("read", &self.outgoing, &error))?;
        let names = names.iter().filter_map(|name| Some((name, name.strip_suffix(OUTGOING_END)?)));
        names.map(|(name, id)| read_submission(&self.outgoing.join(name), id)).collect()
    }

    fn answer_path(&self, entries: &[Vec<u8>]) -> Result<PathBuf, LogPortError> {
        Ok(self.answers.join(format!("{}{ANSWER_END}", id_of(&frame(entries)?))))
    }
}

/// Reads a submission, which must be in every byte what was written.
fn read_submission(path: &Path, id: &str) -> Result<Waiting, Failure> {
    let damaged = || {
        Failure::new("outgoing_damaged", format_args!("{} is not what was written", path.display()))
            .remedy("the stick is damaged: take another one, and let the school run its command on it again")
    };
    let bytes = read(path, SUBMISSION_BYTES_MAX as u64).map_err(|error| Failure::io("read", path, &error))?;
    let bytes = bytes.filter(|bytes| id_of(bytes) == id).ok_or_else(damaged)?;
    let entries = parse_entries(&bytes, SUBMISSION_ENTRIES_MAX).map_err(|_| damaged())?;
    let entries = entries.into_iter().map(<[u8]>::to_vec).collect();
    Ok(Waiting { path: path.to_owned(), entries })
}

fn read_answer(path: &Path) -> Result<Option<Answer>, LogPortError> {
    let bytes = read(path, ANSWER_BYTES_MAX).map_err(|error| unusable(path, &error))?;
    let Some(bytes) = bytes else { return Ok(None) };
    let bad = |problem: String| LogPortError::BadAnswer { problem: format!("{}: {problem}", path.display()) };
    let file: AnswerFile = serde_json::from_slice(&bytes).map_err(|error| bad(error.to_string()))?;
    match (file.version, file.logged, file.refused) {
        (VERSION, Some(entries), None) => Ok(Some(Answer::Logged(entries))),
        (VERSION, None, Some(returned)) => Ok(Some(Answer::Refused(returned))),
        _ => Err(bad("neither places nor a refusal".to_owned())),
    }
}

/// Each entry with its length, as a log takes them.
fn frame(entries: &[Vec<u8>]) -> Result<Vec<u8>, LogPortError> {
    let mut framed = Vec::new();
    for entry in entries {
        append_entry(&mut framed, entry)
            .map_err(|error| LogPortError::BadAnswer { problem: error.to_string() })?;
    }
    Ok(framed)
}

fn id_of(framed: &[u8]) -> String {
    Sha256::digest(framed).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A file of at most `max` bytes; a longer one is cut, and then not what its reader expects.
fn read(path: &Path, max: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(max + 1).read_to_end(&mut bytes)?,
        Err(missing) if missing.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok(Some(bytes))
}

/// Writes a file so that it is there whole and for good, or not at all: sticks are pulled out.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let unfinished = folder.join(format!("{name}.unfinished"));
    let mut file = File::create(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, folder.join(name))?;
    File::open(folder)?.sync_all()?;
    match folder.parent() {
        Some(above) => File::open(above)?.sync_all(),
        None => Ok(()),
    }
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(missing) if missing.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry?.file_name().into_string());
    }
    names.sort();
    Ok(names)
}

fn unusable(path: &Path, error: &io::Error) -> LogPortError {
    LogPortError::Unreachable { address: path.display().to_string(), problem: error.to_string() }
}
