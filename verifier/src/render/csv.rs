//! Verdicts for a spreadsheet: one line a credential.

use matricula_verdict::{Verdict, rfc3339};

use super::SHOWN_CHARS_MAX;
use crate::check::{Checked, Outcome};
use crate::words::{harmless, result_name};

/// The columns before the six axes.
const HEAD_COLUMNS: [&str; 13] = [
    "file",
    "overall",
    "codes",
    "kind",
    "name",
    "learner",
    "born",
    "issuer",
    "issuer_name",
    "authority",
    "claimed",
    "logged",
    "log_index",
];

/// The columns after the six axes.
const TAIL_COLUMNS: [&str; 2] = ["credential_id", "as_of"];

/// CSV (RFC 4180) with a heading line. Cells that a spreadsheet would take for a formula begin with an apostrophe.
pub fn csv(checked: &[Checked]) -> Result<String, csv::Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let axes = ["integrity", "authority", "ledger", "status", "holder", "content"];
    writer.write_record(HEAD_COLUMNS.iter().chain(&axes).chain(&TAIL_COLUMNS))?;
    for document in checked {
        match &document.outcome {
            Outcome::Judged(verdicts) => {
                for verdict in verdicts {
                    writer.write_record(cells(&document.name, verdict))?;
                }
            }
            Outcome::Unreadable(error) => {
                let width = HEAD_COLUMNS.len() + axes.len() + TAIL_COLUMNS.len();
                let mut row = vec![String::new(); width];
                row[0] = cell(&document.name);
                row[1] = "not_read".to_owned();
                row[2] = error.code().to_owned();
                writer.write_record(row)?;
            }
        }
    }
    writer.flush()?;
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8(bytes).expect("invariant: every cell was a string"))
}

fn cells(file: &str, verdict: &Verdict) -> Vec<String> {
    let credential = &verdict.credential;
    let foreign = |text: &Option<String>| cell(text.as_deref().unwrap_or_default());
    let mut codes: Vec<&str> = Vec::new();
    // An unreadable file has the same code on every axis; the table says it once.
    for code in verdict.codes() {
        if !codes.contains(&code.as_str()) {
            codes.push(code.as_str());
        }
    }
    let mut row = vec![
        cell(file),
        verdict.overall.as_str().to_owned(),
        codes.join(" "),
        foreign(&credential.kind),
        foreign(&credential.name),
        foreign(&credential.learner),
        foreign(&credential.born),
        foreign(&credential.issuer),
        foreign(&credential.issuer_name),
        foreign(&credential.authority),
        credential.claimed.map_or_else(String::new, rfc3339),
        credential.logged.map_or_else(String::new, rfc3339),
        credential.log_index.map_or_else(String::new, |index| index.to_string()),
    ];
    row.extend(verdict.axes.named().iter().map(|(_, axis)| result_name(axis.result).to_owned()));
    row.push(foreign(&credential.id));
    row.push(rfc3339(verdict.as_of));
    row
}

/// A foreign text as a cell: harmless characters only, and no beginning that a spreadsheet would calculate.
fn cell(text: &str) -> String {
    let text = harmless(text, SHOWN_CHARS_MAX);
    // Full-width forms are formulas too in East Asian spreadsheets.
    let is_formula = text.trim_start().starts_with(['=', '+', '-', '@', '=', '+', '-', '@']);
    if is_formula { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::cell;
    use crate::check::{Checked, Outcome};
    use crate::input::InputError;
    use crate::sample;

    fn rows(checked: &[Checked]) -> Vec<Vec<String>> {
        let text = super::csv(checked).unwrap();
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
    }

    #[test]
    fn every_credential_is_a_line_under_the_heading() {
        let unread = Checked {
            name: "c.json".to_owned(),
            outcome: Outcome::Unreadable(InputError::TooLarge { name: "c.json".to_owned() }),
        };
        let rows = rows(&[
            sample::judged("a.json", sample::verified()),
            sample::judged("b.json", sample::refused()),
            unread,
        ]);
        let at = |row: usize, name: &str| {
            let column = rows[0].iter().position(|heading| heading == name).unwrap();
            rows[row][column].as_str()
        };
        assert_eq!(rows.len(), 4);
        assert_eq!(
            (at(1, "file"), at(1, "overall"), at(1, "claimed")),
            ("a.json", "verified", "2026-11-20T12:00:00Z")
        );
        assert_eq!((at(1, "logged"), at(1, "log_index")), ("2026-11-21T12:00:00Z", "17"));
        assert_eq!(
            (at(2, "overall"), at(2, "codes"), at(2, "status")),
            ("refused", "revoked compare_identity_document", "fail")
        );
        assert_eq!((at(3, "overall"), at(3, "codes")), ("not_read", "file_too_large"));
    }

    #[test]
    fn a_code_stands_there_once() {
        let options = matricula_verdict::Options::at(sample::CLAIMED);
        let verdict = matricula_verdict::verify(b"no record", &matricula_verdict::Trust::default(), &options);
        let rows = rows(&[sample::judged("a.json", verdict[0].clone())]);
        assert_eq!(rows[1][2], "document_malformed");
    }

    #[test]
    fn a_name_that_is_a_formula_is_made_harmless_in_the_table() {
        let mut verdict = sample::verified();
        verdict.credential.learner = Some("=HYPERLINK(\"https://evil.example\",\"open\")".to_owned());
        let text = super::csv(&[sample::judged("=a.json", verdict)]).unwrap();
        assert!(text.contains("\r\n'=a.json,"), "{text}");
        assert!(text.contains("\"'=HYPERLINK("), "{text}");
    }

    #[test]
    fn cells_that_would_calculate_begin_with_an_apostrophe() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", " =1+1", "=1"] {
            assert_eq!(cell(formula), format!("'{formula}"));
        }
        // A tab or a carriage return in front would be dropped by some programs, and the formula left.
        assert_eq!(cell("\t=1+1"), "\u{FFFD}=1+1");
    }

    #[test]
    fn ordinary_names_stay_as_they_are() {
        for name in ["O'Hara", "2026-11-20", "did:web:hn.example", "Ñandú = bird"] {
            assert_eq!(cell(name), name);
        }
    }
}
