//! Verdicts for a terminal.

use std::fmt::Write as _;

use matricula_verdict::{Axis, AxisResult, Code, Overall, Verdict, day};

use super::SHOWN_CHARS_MAX;
use crate::check::{Checked, Outcome};
use crate::summary::Summary;
use crate::words::{
    accrediting_authority, counted, harmless, kind_word, overall_sign, overall_word, result_sign, result_word,
};

/// The names of the axes are set in a column this wide.
const AXIS_COLUMNS: usize = 11;

/// The answers are set in a column this wide.
const RESULT_COLUMNS: usize = 17;

/// A remark on an axis is a few sentences; some of them quote the document.
const TEXT_CHARS_MAX: usize = 2_000;

/// What is no record has no other axis to speak of.
const UNREADABLE: [Code; 2] = [Code::DocumentMalformed, Code::DocumentTooLarge];

/// Narrower terminals get lines of this length all the same: the text column would vanish.
const WIDTH_MIN: usize = 60;

/// Every verdict with its six axes and both dates (what is no record at all: one sentence), then, for several documents, how many there are of each.
/// Lines are broken at `width` characters.
pub fn text(checked: &[Checked], width: usize) -> String {
    let width = width.max(WIDTH_MIN);
    let mut out = String::new();
    for document in checked {
        let name = harmless(&document.name, SHOWN_CHARS_MAX);
        match &document.outcome {
            Outcome::Unreadable(error) => {
                let _ = writeln!(out, "? NOT READ  {}\n", harmless(&error.to_string(), SHOWN_CHARS_MAX));
            }
            Outcome::Judged(verdicts) => {
                for verdict in verdicts {
                    write_verdict(&mut out, &name, verdict, width);
                }
            }
        }
    }
    if checked.len() > 1 {
        write_summary(&mut out, checked.len(), &Summary::of(checked));
    }
    out
}

fn write_verdict(out: &mut String, name: &str, verdict: &Verdict, width: usize) {
    let _ = writeln!(
        out,
        "{} {}  {name}",
        overall_sign(verdict.overall),
        overall_word(verdict.overall).to_uppercase()
    );
    if verdict.axes.integrity.codes.iter().any(|code| UNREADABLE.contains(code)) {
        // There is nothing to say of the other axes, nor a date.
        write_wrapped(out, &told(&verdict.axes.integrity), 2, width);
        out.push('\n');
        return;
    }
    for line in describe(verdict) {
        write_wrapped(out, &line, 2, width);
    }
    write_wrapped(out, &dates(verdict), 2, width);
    out.push('\n');
    for (axis_name, axis) in verdict.axes.named() {
        write_axis(out, axis_name, axis, width);
    }
    out.push('\n');
}

/// What the record says it is: only lines for which it says something.
fn describe(verdict: &Verdict) -> Vec<String> {
    let credential = &verdict.credential;
    let mut lines = Vec::new();
    let kind = credential.kind.as_deref().map(kind_word).map(str::to_owned);
    push_joined(&mut lines, [kind, credential.name.clone()], ": ");
    let born = credential.born.as_deref().map(|born| format!("born {born}"));
    push_joined(&mut lines, [credential.learner.clone(), born], ", ");
    let issuer = match (&credential.issuer_name, &credential.issuer) {
        (Some(name), Some(id)) => Some(format!("{name} ({id})")),
        (name, id) => name.clone().or_else(|| id.clone()),
    };
    let vouched = accrediting_authority(verdict).map(|name| format!("accredited by {name}"));
    push_joined(&mut lines, [issuer.map(|issuer| format!("issued by {issuer}")), vouched], ", ");
    lines
}

fn push_joined(lines: &mut Vec<String>, parts: [Option<String>; 2], between: &str) {
    let parts: Vec<String> =
        parts.into_iter().flatten().map(|part| harmless(&part, SHOWN_CHARS_MAX)).collect();
    if !parts.is_empty() {
        lines.push(parts.join(between));
    }
}

/// Both dates, always: the claimed one is evidence only beside the log's.
fn dates(verdict: &Verdict) -> String {
    let credential = &verdict.credential;
    let claimed = credential.claimed.map_or_else(|| "not stated".to_owned(), day);
    let logged = credential.logged.map_or_else(|| "no evidence".to_owned(), day);
    let entry = credential.log_index.map_or_else(String::new, |index| format!(" (entry {index})"));
    format!("claimed date: {claimed} · log's date: {logged}{entry} · as of {}", day(verdict.as_of))
}

fn write_axis(out: &mut String, name: &str, axis: &Axis, width: usize) {
    let _ = write!(out, "  {name:<AXIS_COLUMNS$}{} ", result_sign(axis.result));
    let _ = write!(out, "{:<RESULT_COLUMNS$}", result_word(axis.result));
    let indent = 2 + AXIS_COLUMNS + 2 + RESULT_COLUMNS;
    let lines = wrap(&told(axis), width.saturating_sub(indent));
    let _ = writeln!(out, "{}", lines.join(&format!("\n{:indent$}", "")).trim_end());
}

/// What an axis says, and its codes where it is not good.
fn told(axis: &Axis) -> String {
    let mut text = harmless(&axis.text, TEXT_CHARS_MAX);
    if axis.result != AxisResult::Pass && !axis.codes.is_empty() {
        let codes: Vec<&str> = axis.codes.iter().map(|code| code.as_str()).collect();
        let _ = write!(text, " [{}]", codes.join(", "));
    }
    text
}

fn write_wrapped(out: &mut String, text: &str, indent: usize, width: usize) {
    for line in wrap(text, width.saturating_sub(indent)) {
        let _ = writeln!(out, "{:indent$}{line}", "");
    }
}

/// Breaks at spaces; a word longer than the line stands alone on it.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            lines.push(String::new());
            used = 0;
        }
        if let Some(line) = lines.last_mut() {
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += length;
        }
    }
    lines
}

fn write_summary(out: &mut String, documents: usize, summary: &Summary) {
    let _ = writeln!(out, "{}, {}:", counted(documents, "document"), counted(summary.judged(), "credential"));
    for overall in Summary::ORDER.into_iter().filter(|overall| summary.with(*overall) > 0) {
        let _ = writeln!(
            out,
            "  {} {:<24}{:>7}",
            overall_sign(overall),
            overall_word(overall),
            summary.with(overall)
        );
        if overall == Overall::UnknownIssuer {
            for (issuer, count) in &summary.unknown_issuers {
                let issuer = if issuer.is_empty() { "(no issuer named)" } else { issuer };
                let _ = writeln!(out, "      {count} × {}", harmless(issuer, SHOWN_CHARS_MAX));
            }
        }
    }
    if summary.unreadable > 0 {
        let _ = writeln!(out, "  ? {:<24}{:>7}", "Not read", summary.unreadable);
    }
}

#[cfg(test)]
mod tests {
    use matricula_verdict::{Options, Trust};

    use super::text;
    use crate::check::{Checked, Outcome};
    use crate::input::InputError;
    use crate::sample;

    const WIDTH: usize = 100;

    #[test]
    fn a_verdict_shows_the_word_both_dates_and_six_axes_in_columns() {
        let shown = text(&[sample::judged("maria.json", sample::refused())], WIDTH);
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[0], "✘ REFUSED  maria.json");
        assert_eq!(lines[1], "  Diploma: Bachillerato en Ciencias y Letras");
        assert_eq!(lines[2], "  María José Núñez-O'Hara, born 2008-03-01");
        assert!(
            lines[3].starts_with("  issued by Instituto Lempira (did:web:hn.example:schools:lempira),"),
            "{shown}"
        );
        assert!(shown.contains("claimed date: 2026-11-20 · log's date: 2026-11-21 (entry 17)"), "{shown}");
        for axis in
            ["integrity  ✔ good", "authority  ✔ good", "ledger     ✔ good", "holder     – does not apply"]
        {
            assert!(shown.contains(&format!("\n  {axis}")), "{axis} in\n{shown}");
        }
        assert!(
            shown.contains(
                "  status     ✘ failed           Revoked on 2026-11-21: issued in error. [revoked]"
            )
        );
    }

    #[test]
    fn a_missing_log_date_is_said_and_not_left_out() {
        let shown = text(&[sample::judged("a.json", sample::unknown_issuer())], WIDTH);
        assert!(shown.starts_with("? UNKNOWN ISSUER  a.json\n"));
        assert!(shown.contains("log's date: no evidence"), "{shown}");
    }

    #[test]
    fn what_is_no_record_is_said_in_one_sentence() {
        let options = Options::at(sample::CLAIMED);
        let verdict = matricula_verdict::verify(b"{\"type\": 7}", &Trust::default(), &options).remove(0);
        let shown = text(&[sample::judged("list.json", verdict)], 200);
        assert_eq!(
            shown,
            "✘ REFUSED  list.json\n  This is not a learner's record that can be read: it is neither a record, nor a \
             credential, nor a presentation. [document_malformed]\n\n"
        );
    }

    #[test]
    fn long_lines_are_broken_at_the_width() {
        let shown = text(&[sample::judged("a.json", sample::unknown_issuer())], 70);
        assert!(shown.lines().skip(1).all(|line| line.chars().count() <= 70), "{shown}");
    }

    #[test]
    fn nothing_in_a_document_steers_the_terminal() {
        let mut verdict = sample::refused();
        verdict.credential.learner = Some("\u{1b}[31mEve\u{202e}\r\n✔ VERIFIED".to_owned());
        verdict.axes.content.text = "\u{1b}]0;title\u{7}".to_owned();
        let shown = text(&[sample::judged("\u{1b}[2J.json", verdict)], WIDTH);
        assert!(!shown.chars().any(|c| c != '\n' && (c.is_control() || c == '\u{202e}')), "{shown:?}");
        assert!(!shown.lines().any(|line| line.starts_with('✔')), "{shown}");
    }

    #[test]
    fn several_documents_end_with_a_count_of_each_verdict() {
        let unread = Checked {
            name: "c.json".to_owned(),
            outcome: Outcome::Unreadable(InputError::TooLarge { name: "c.json".to_owned() }),
        };
        let checked = [
            sample::judged("a.json", sample::verified()),
            sample::judged("b.json", sample::unknown_issuer()),
            unread,
        ];
        let shown = text(&checked, WIDTH);
        assert!(shown.contains("3 documents, 2 credentials:"), "{shown}");
        assert!(text(&checked[1..], WIDTH).contains("2 documents, 1 credential:"));
        assert!(shown.contains("1 × did:web:mill.example"), "{shown}");
        assert!(shown.contains("? Not read"), "{shown}");
    }
}
