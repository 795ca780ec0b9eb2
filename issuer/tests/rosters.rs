//! Rosters of the samples and vectors, with exactly the problems they are meant to have.

use std::fs;
use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use jiff::civil::{Date, date};
use matricula_issuer::roster::{self, Checked, RosterFile, RosterKind, Severity, check, render};
use serde::Deserialize;

const AS_OF: Date = date(2026, 11, 22);

fn tests_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests")
}

fn sample(name: &str) -> Vec<u8> {
    fs::read(tests_folder().join("samples/rosters").join(name)).expect("sample")
}

fn check_samples(names: &[&str]) -> Checked {
    let files: Vec<(&str, Vec<u8>)> = names.iter().map(|name| (*name, sample(name))).collect();
    let files: Vec<RosterFile<'_>> = files.iter().map(|(name, bytes)| RosterFile { name, bytes }).collect();
    check(&files, AS_OF)
}

#[test]
fn finds_exactly_the_expected_problems_of_the_dirty_sample() {
    let checked = check_samples(&["dirty-leavers.csv"]);
    let expected = String::from_utf8(sample("dirty-leavers.expected.csv")).expect("UTF-8");
    assert_eq!(render::csv(&checked.reports()[0]), expected);
    assert_eq!(checked.roster(), None);
    assert_eq!(checked.reports()[0].row_count(), 20);
}

#[test]
fn finds_nothing_in_clean_samples() {
    for (names, kind) in [
        (&["honduras-leavers-2026.csv"][..], RosterKind::Leavers),
        (&["honduras-results-2026.csv"], RosterKind::Results),
        (&["honduras-leavers-2026.csv", "honduras-results-2026.csv"], RosterKind::Leavers),
        (&["senegal-transfers-2026.csv"], RosterKind::Transfers),
        (&["senegal-transfers-2026.csv", "senegal-transfer-results-2026.csv"], RosterKind::Transfers),
        (&["senegal-transfer-results-2026.csv"], RosterKind::Results),
        (&["arabic-primary-2026.csv"], RosterKind::Leavers),
        (&["grading-scales.csv"], RosterKind::Scales),
    ] {
        let checked = check_samples(names);
        assert!(checked.roster().is_some());
        assert_eq!(checked.reports()[0].kind(), Some(kind));
        for report in checked.reports() {
            assert_eq!(report.problems(), [], "{}", report.file());
        }
    }
}

#[test]
fn the_sample_is_refused_the_day_before_its_completion() {
    let bytes = sample("honduras-leavers-2026.csv");
    let checked = check(&[RosterFile { name: "a.csv", bytes: &bytes }], date(2026, 11, 19));
    assert_eq!(checked.reports()[0].count(Severity::Error), 300);
    assert!(checked.into_roster().is_err());
}

#[test]
fn joins_results_to_leavers_and_keeps_scores_as_written() {
    let roster =
        check_samples(&["honduras-results-2026.csv", "honduras-leavers-2026.csv", "grading-scales.csv"]);
    let roster = roster.into_roster().expect("clean");
    assert_eq!(roster.leavers().len(), 300);
    let first = &roster.leavers()[0];
    assert_eq!(first.line, 2);
    assert_eq!(first.learner.full_name(), "Ofelia Santiago Granados");
    assert_eq!(first.learner.date_of_birth, date(2007, 3, 16));
    assert_eq!(first.enrolment.programme.isced_level.get(), 3);
    assert_eq!(first.enrolment.programme.isced_f.as_str(), "0011");
    assert_eq!(first.award.completion_date, date(2026, 11, 20));
    let results = roster.results_of(&first.learner.learner_no);
    assert_eq!(results.len(), 10);
    let score = results[0].score.as_ref().expect("score");
    assert_eq!((score.as_str(), score.scale().as_str()), ("82", "HN-0-100"));
    assert_eq!(roster.scale("HN-0-100").and_then(|scale| scale.passes(score)), Some(true));
}

#[test]
fn keeps_arabic_names_and_decimal_scores_exactly() {
    let arabic = check_samples(&["arabic-primary-2026.csv"]).into_roster().expect("clean");
    assert_eq!(arabic.leavers()[2].learner.full_name(), "زهرة أبو داوود");
    let senegal = check_samples(&["senegal-transfers-2026.csv", "senegal-transfer-results-2026.csv"]);
    let senegal = senegal.into_roster().expect("clean");
    let transfer = &senegal.transfers()[0];
    assert_eq!(transfer.leaving_reason.as_str(), "family-moved");
    let score = senegal.results_of(&transfer.learner.learner_no)[0].score.as_ref().expect("score");
    assert_eq!(score.as_str(), "14.6");
}

#[test]
fn keeps_the_cells_of_unknown_columns() {
    let text = String::from_utf8(sample("arabic-primary-2026.csv")).expect("UTF-8");
    let with_column: String = text
        .lines()
        .enumerate()
        .map(|(line, row)| {
            format!("{row},{}\n", if line == 0 { "Bus line".to_owned() } else { format!("bus {line}") })
        })
        .collect();
    let checked = check(&[RosterFile { name: "a.csv", bytes: with_column.as_bytes() }], AS_OF);
    assert_eq!(render::csv(&checked.reports()[0]), "line,column,code\r\n1,bus_line,column_unknown\r\n");
    let roster = checked.into_roster().expect("notices only");
    assert_eq!(roster.leavers()[1].unused.get("bus_line").map(String::as_str), Some("bus 2"));
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    desc: String,
    as_of: String,
    files: Vec<VectorFile>,
    want: Vec<Vec<(String, String, String)>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VectorFile {
    name: String,
    text: Option<String>,
    base64: Option<String>,
}

impl VectorFile {
    fn bytes(&self) -> Vec<u8> {
        match (&self.text, &self.base64) {
            (Some(text), None) => text.clone().into_bytes(),
            (None, Some(base64)) => BASE64.decode(base64.as_bytes()).expect("base64"),
            _ => panic!("a file has either text or base64"),
        }
    }
}

#[test]
fn every_vector_has_exactly_the_wanted_problems() {
    let folder = tests_folder().join("vectors/rosters");
    let mut run = 0;
    for entry in fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        let vector: Vector = serde_json::from_slice(&fs::read(&path).expect("vector")).expect("vector");
        let bytes: Vec<Vec<u8>> = vector.files.iter().map(VectorFile::bytes).collect();
        let files =
            vector.files.iter().zip(&bytes).map(|(file, bytes)| RosterFile { name: &file.name, bytes });
        let checked = check(&files.collect::<Vec<_>>(), vector.as_of.parse().expect("date"));
        let got: Vec<Vec<(String, String, String)>> = checked.reports().iter().map(triples).collect();
        assert_eq!(got, vector.want, "{}: {}", path.display(), vector.desc);
        let errors: usize = checked.reports().iter().map(|report| report.count(Severity::Error)).sum();
        assert_eq!(checked.roster().is_some(), errors == 0, "{}", path.display());
        let problems = checked.reports().iter().flat_map(|report| report.problems());
        assert!(
            problems.clone().all(|problem| problem.remedy() != "Look at this cell again."),
            "{}",
            path.display()
        );
        run += 1;
    }
    assert!(run >= 50, "only {run} vectors");
}

fn triples(report: &roster::FileReport) -> Vec<(String, String, String)> {
    let triple = |problem: &roster::Problem| {
        (problem.line().to_string(), problem.column().to_owned(), problem.code().to_owned())
    };
    report.problems().iter().map(triple).collect()
}

#[test]
fn shows_the_cell_and_the_remedy_as_text_and_json() {
    let checked = check_samples(&["dirty-leavers.csv"]);
    let text = render::text(&checked.reports()[0]);
    let line = text.lines().nth(1).expect("second problem");
    assert_eq!(
        line,
        "dirty-leavers.csv:5: error: date_of_birth \"31/02/2008\": Not a day of the calendar as year-month-day. \
         Write it as 2008-02-29 is written. [date_unreadable]"
    );
    assert!(text.ends_with("dirty-leavers.csv: leavers, 20 rows, 10 errors, 0 warnings, 0 notices\n"));
    let json = render::json(checked.reports()).expect("json");
    let json: serde_json::Value = serde_json::from_str(&json).expect("json");
    assert_eq!(json[0]["problems"][1]["value"], "31/02/2008");
    assert_eq!(json[0]["problems"][1]["severity"], "error");
    assert_eq!(json[0]["errors"], 10);
}

#[test]
fn shown_cells_cannot_disturb_the_line() {
    let text = String::from_utf8(sample("arabic-primary-2026.csv")).expect("UTF-8");
    let broken = text.replace("حنبل", "حن\u{202E}بل").replace(",F,", ",أنثى,");
    let checked = check(&[RosterFile { name: "a.csv", bytes: broken.as_bytes() }], AS_OF);
    let rendered = render::text(&checked.reports()[0]);
    assert!(!rendered.contains('\u{202E}') && rendered.contains("<U+202E>"));
    assert!(rendered.contains("sex \"\u{2068}أنثى\u{2069}\": Write F, M or X"));
}

#[test]
fn lists_a_bounded_number_of_problems_and_counts_them_all() {
    let mut text = String::from("learner_no,subject_code,subject_name,term,score,scale,status\n");
    for row in 0..1_200 {
        text.push_str(&format!("{row},S,S ,2026,200,HN-0-100,Completed\n"));
    }
    let checked = check(&[RosterFile { name: "a.csv", bytes: text.as_bytes() }], AS_OF);
    let report = &checked.reports()[0];
    assert_eq!((report.count(Severity::Error), report.count(Severity::Notice)), (1_200, 1_200));
    assert_eq!(report.problems().len(), 2_000);
}
