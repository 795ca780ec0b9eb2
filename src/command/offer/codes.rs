//! The file of claim codes: learner number, credential, code.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use csv::{Reader, StringRecord, Writer};

use crate::failure::Failure;
use crate::files::read_bounded;

/// The owner reads and writes; nobody else does either.
const CODES_MODE: u32 = 0o600;

/// A line has about 80 bytes: a country's leavers fit.
const CODES_BYTES_MAX: u64 = 64 << 20;

/// The first line.
const HEADING: [&str; 3] = ["learner_no", "credential_id", "code"];

/// A file to which codes are added, each as soon as there is one: a code that is lost is a record that nobody can claim.
pub struct CodesFile {
    path: PathBuf,
    writer: Writer<File>,
    offered: Vec<String>,
    is_new: bool,
    is_empty: bool,
}

impl CodesFile {
    /// Opens the file, or makes it: that it can be written is known before the first code is asked for. Whoever reads the
    /// codes can claim the records, so the file is its owner's alone.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let is_new = !path.exists();
        let offered = if is_new { Vec::new() } else { already_offered(path)? };
        let is_empty = is_new || fs::metadata(path).is_ok_and(|metadata| metadata.len() == 0);
        let file = OpenOptions::new().create(true).append(true).mode(CODES_MODE).open(path);
        let writer = Writer::from_writer(file.map_err(|error| Failure::io("write", path, &error))?);
        Ok(Self { path: path.to_owned(), writer, offered, is_new, is_empty })
    }

    /// Whether the credential has a code already: an interrupted run goes on where it stopped.
    pub fn has(&self, credential_id: &str) -> bool {
        self.offered.iter().any(|offered| offered == credential_id)
    }

    /// Adds a line; on return it has left this process.
    pub fn write(&mut self, learner_no: &str, credential_id: &str, code: &str) -> Result<(), Failure> {
        let heading = if self.is_empty { self.writer.write_record(HEADING) } else { Ok(()) };
        let written = heading
            .and_then(|()| self.writer.write_record([learner_no, credential_id, code]))
            .and_then(|()| Ok(self.writer.flush()?));
        self.is_empty = false;
        written.map_err(|error| Failure::new("codes_unusable", error).about(&self.path))
    }
}

impl Drop for CodesFile {
    /// Leaves no empty file behind a refused offer.
    fn drop(&mut self) {
        if self.is_new && self.is_empty {
            let _removed = fs::remove_file(&self.path);
        }
    }
}

fn already_offered(path: &Path) -> Result<Vec<String>, Failure> {
    let bytes = read_bounded(path, CODES_BYTES_MAX)?;
    let mut reader = Reader::from_reader(bytes.as_slice());
    let stranger = |problem: String| {
        let failure = Failure::new("codes_unusable", format_args!("{}: {problem}", path.display()));
        failure.remedy("--out takes a new file, or one that `matricula offer` has written: name another one")
    };
    let heading = reader.headers().map_err(|error| stranger(error.to_string()))?;
    if !bytes.is_empty() && heading != HEADING.as_slice() {
        return Err(stranger(format!("line 1 is not {}", HEADING.join(","))));
    }
    let column = |row: Result<StringRecord, csv::Error>| {
        row.map(|row| row[1].to_owned()).map_err(|error| stranger(error.to_string()))
    };
    reader.records().map(column).collect()
}
