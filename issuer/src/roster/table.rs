//! Text to rows: separator, header, lines.

use std::collections::HashMap;

use csv::StringRecord;

use super::finding::{Finding, Severity};
use super::problems::Problems;
use super::schema::{Need, RosterKind, is_sensitive};
use super::text;

/// Results of 5,000 learners in 40 subjects.
const ROWS_MAX: usize = 200_000;

/// The widest known exports of school systems have about 100 columns.
const COLUMNS_MAX: usize = 256;

const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

/// Where each column is.
#[derive(Debug, Default)]
pub(super) struct Header {
    positions: HashMap<&'static str, usize>,
    unused: Vec<(usize, String)>,
    width: usize,
}

impl Header {
    pub(super) fn position(&self, column: &str) -> Option<usize> {
        self.positions.get(column).copied()
    }

    /// Columns that are not used: position and name.
    pub(super) fn unused(&self) -> &[(usize, String)] {
        &self.unused
    }
}

/// A row with the line on which it begins.
#[derive(Debug)]
pub(super) struct RawRow {
    pub(super) line: u64,
    record: StringRecord,
}

impl RawRow {
    pub(super) fn cell(&self, position: usize) -> &str {
        self.record.get(position).unwrap_or("")
    }

    fn is_empty(&self) -> bool {
        self.record.iter().all(|cell| cell.trim().is_empty())
    }
}

/// A file as rows of a known kind.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) kind: RosterKind,
    pub(super) header: Header,
    pub(super) rows: Vec<RawRow>,
}

/// Splits the text. `None`: there is no usable header, and the problems say why.
pub(super) fn parse(text: &str, problems: &mut Problems) -> Option<Table> {
    let lines = LineIndex::new(text);
    let Some((separator, kind, names)) = recognise(text) else {
        problems.push(1, "", Finding::KindUnknown, text.lines().find(|line| !line.trim().is_empty()));
        return None;
    };
    let mut rows = Rows { lines: &lines, reader: reader(text, separator), text };
    let header_line = rows.next().map_or(1, |row| row.line);
    let header = read_header(kind, &names, header_line, problems)?;
    if let Some(offset) = unclosed_quote(text, separator) {
        problems.push(lines.line_of(offset), "", Finding::QuoteUnclosed, None);
        return None;
    }
    let rows = read_rows(rows, &header, problems);
    if rows.is_empty() && problems.count(Severity::Error) == 0 {
        problems.push(header_line, "", Finding::NoRows, None);
    }
    Some(Table { kind, header, rows })
}

/// The separator and the kind under which most columns of the first row are known.
fn recognise(text: &str) -> Option<(u8, RosterKind, Vec<String>)> {
    let mut best: Option<(usize, u8, RosterKind, Vec<String>)> = None;
    for separator in SEPARATORS {
        let mut record = StringRecord::new();
        // The text is valid UTF-8 in memory and rows may have any width: reading cannot fail.
        let _read = reader(text, separator).read_record(&mut record);
        let names: Vec<String> = record.iter().map(column_name).collect();
        for kind in RosterKind::ALL {
            let Some(fit) = kind.fit(&names) else { continue };
            if best.as_ref().is_none_or(|(best_fit, ..)| fit > *best_fit) {
                best = Some((fit, separator, kind, names.clone()));
            }
        }
    }
    best.map(|(_, separator, kind, names)| (separator, kind, names))
}

/// The name of a column as it is compared: lower case, words joined by underscores.
fn column_name(cell: &str) -> String {
    let cleaned = text::clean(cell).map_or_else(|_| cell.trim().to_owned(), |clean| clean.text);
    cleaned.to_lowercase().replace([' ', '-'], "_")
}

fn read_header(kind: RosterKind, names: &[String], line: u64, problems: &mut Problems) -> Option<Header> {
    if names.len() > COLUMNS_MAX {
        let finding = Finding::ColumnsTooMany { columns: names.len(), columns_max: COLUMNS_MAX };
        problems.push(line, "", finding, None);
        return None;
    }
    let mut header = Header { width: names.len(), ..Header::default() };
    let mut usable = true;
    for (position, name) in names.iter().enumerate() {
        if name.is_empty() {
            problems.push(line, "", Finding::ColumnUnnamed, None);
        } else if names[..position].contains(name) {
            problems.push(line, name, Finding::ColumnDuplicate, None);
            usable = false;
        } else if let Some(column) = kind.column(name) {
            header.positions.insert(column.name, position);
        } else {
            let finding = if is_sensitive(name) { Finding::ColumnSensitive } else { Finding::ColumnUnknown };
            problems.push(line, name, finding, None);
            header.unused.push((position, name.clone()));
        }
    }
    for column in kind.columns() {
        if column.need != Need::Optional && header.position(column.name).is_none() {
            problems.push(line, column.name, Finding::ColumnMissing, None);
            usable = false;
        }
    }
    usable.then_some(header)
}

fn read_rows(rows: Rows<'_>, header: &Header, problems: &mut Problems) -> Vec<RawRow> {
    let mut read = Vec::new();
    for row in rows {
        if row.is_empty() {
            problems.push(row.line, "", Finding::RowEmpty, None);
            continue;
        }
        if read.len() == ROWS_MAX {
            problems.push(row.line, "", Finding::RowsTooMany { rows_max: ROWS_MAX }, None);
            break;
        }
        let (cells, cells_wanted) = (row.record.len(), header.width);
        if cells < cells_wanted {
            problems.push(row.line, "", Finding::CellsMissing { cells, cells_wanted }, None);
        } else if cells > cells_wanted
            && row.record.iter().skip(cells_wanted).any(|cell| !cell.trim().is_empty())
        {
            problems.push(row.line, "", Finding::CellsTooMany { cells, cells_wanted }, None);
        } else {
            read.push(row);
        }
    }
    read
}

fn reader(text: &str, separator: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(text.as_bytes())
}

struct Rows<'a> {
    lines: &'a LineIndex,
    reader: csv::Reader<&'a [u8]>,
    text: &'a str,
}

impl Iterator for Rows<'_> {
    type Item = RawRow;

    fn next(&mut self) -> Option<RawRow> {
        let mut record = StringRecord::new();
        // Reading cannot fail (see `recognise`); `false` is the end.
        if !self.reader.read_record(&mut record).unwrap_or(false) {
            return None;
        }
        let start = record.position().map_or(0, csv::Position::byte) as usize;
        // The reader counts the end of the previous line and blank lines to the record that follows them.
        let blank =
            self.text.as_bytes()[start..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        Some(RawRow { line: self.lines.line_of(start + blank), record })
    }
}

/// Where each line begins, for the three kinds of line ends.
struct LineIndex(Vec<usize>);

impl LineIndex {
    fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let ends_line = |position: usize| match bytes[position] {
            b'\n' => true,
            b'\r' => bytes.get(position + 1) != Some(&b'\n'),
            _ => false,
        };
        let starts = (0..bytes.len()).filter(|position| ends_line(*position)).map(|position| position + 1);
        Self(std::iter::once(0).chain(starts).collect())
    }

    fn line_of(&self, offset: usize) -> u64 {
        self.0.partition_point(|start| *start <= offset) as u64
    }
}

/// The offset of a quotation mark that opens a cell and is never closed. The reader takes such a cell for good
/// and swallows the rest of the file with it, so this walks the same automaton beside it.
fn unclosed_quote(text: &str, separator: u8) -> Option<usize> {
    enum At {
        CellStart,
        Cell,
        Quoted(usize),
        QuoteInQuoted(usize),
    }
    let mut at = At::CellStart;
    for (offset, byte) in text.bytes().enumerate() {
        let ends_cell = byte == separator || matches!(byte, b'\r' | b'\n');
        at = match at {
            At::CellStart if byte == b'"' => At::Quoted(offset),
            At::Quoted(opened) if byte == b'"' => At::QuoteInQuoted(opened),
            At::Quoted(opened) => At::Quoted(opened),
            At::QuoteInQuoted(opened) if byte == b'"' => At::Quoted(opened),
            _ if ends_cell => At::CellStart,
            _ => At::Cell,
        };
    }
    match at {
        At::Quoted(opened) => Some(opened),
        _ => None,
    }
}
