//! What must not change the outcome of a check: separator, byte order mark, line ends, quotes, order of columns.

use jiff::civil::{Date, date};
use matricula_issuer::roster::{Checked, RosterFile, check, render};
use proptest::prelude::*;

const AS_OF: Date = date(2026, 11, 22);

/// The dirty sample as cells; its separator never occurs in a cell.
fn dirty_cells() -> Vec<Vec<String>> {
    include_str!("../../tests/samples/rosters/dirty-leavers.csv")
        .trim_start_matches('\u{FEFF}')
        .lines()
        .map(|line| line.split(';').map(str::to_owned).collect())
        .collect()
}

#[derive(Debug, Clone)]
struct Writing {
    separator: char,
    mark: bool,
    line_end: &'static str,
    quote_all: bool,
    order: Vec<usize>,
}

fn writings() -> impl Strategy<Value = Writing> {
    let columns = dirty_cells()[0].len();
    (
        prop::sample::select(vec![',', ';', '\t']),
        any::<bool>(),
        prop::sample::select(vec!["\n", "\r\n"]),
        any::<bool>(),
        Just((0..columns).collect::<Vec<usize>>()).prop_shuffle(),
    )
        .prop_map(|(separator, mark, line_end, quote_all, order)| Writing {
            separator,
            mark,
            line_end,
            quote_all,
            order,
        })
}

fn write(cells: &[Vec<String>], writing: &Writing) -> String {
    let mut text = String::from(if writing.mark { "\u{FEFF}" } else { "" });
    for row in cells {
        let cells: Vec<String> = writing.order.iter().map(|column| quoted(&row[*column], writing)).collect();
        text.push_str(&cells.join(&writing.separator.to_string()));
        text.push_str(writing.line_end);
    }
    text
}

fn quoted(cell: &str, writing: &Writing) -> String {
    let needed = cell.contains(['"', '\n', '\r', writing.separator]);
    if needed || writing.quote_all { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

fn check_text(text: &str) -> Checked {
    check(&[RosterFile { name: "roster.csv", bytes: text.as_bytes() }], AS_OF)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_writing_of_a_file_does_not_change_its_problems(writing in writings()) {
        let checked = check_text(&write(&dirty_cells(), &writing));
        let expected = include_str!("../../tests/samples/rosters/dirty-leavers.expected.csv");
        prop_assert_eq!(render::csv(&checked.reports()[0]), expected);
    }

    #[test]
    fn the_writing_of_a_file_does_not_change_its_rows(writing in writings(), award in "[A-Z][a-z,;\"]{0,20}") {
        let mut cells: Vec<Vec<String>> = dirty_cells().into_iter().take(2).collect();
        cells[1][16] = award;
        let plain = Writing { separator: ',', mark: false, line_end: "\n", quote_all: false, order: (0..cells[0].len()).collect() };
        let want = check_text(&write(&cells, &plain)).into_roster();
        prop_assert!(want.is_ok());
        prop_assert_eq!(check_text(&write(&cells, &writing)).into_roster(), want);
    }

    #[test]
    fn arbitrary_bytes_get_a_report_and_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let checked = check(&[RosterFile { name: "a", bytes: &bytes }], AS_OF);
        prop_assert_eq!(checked.reports().len(), 1);
        prop_assert!(checked.roster().is_none());
    }

    #[test]
    fn arbitrary_cells_under_a_good_header_get_a_report_and_no_panic(rows in "(\\PC|[,;\"\r\n\t]){0,200}") {
        let header = include_str!("../../tests/samples/rosters/dirty-leavers.csv").lines().next().unwrap_or("");
        let checked = check_text(&format!("{header}\n{rows}"));
        prop_assert!(!render::text(&checked.reports()[0]).is_empty());
    }

    #[test]
    fn a_damaged_byte_never_panics(position in 0_usize..4_000, byte in any::<u8>()) {
        let mut bytes = include_bytes!("../../tests/samples/rosters/dirty-leavers.csv").to_vec();
        let position = position % bytes.len();
        bytes[position] = byte;
        let file = RosterFile { name: "a", bytes: &bytes };
        let refused = check(&[file], AS_OF).roster().is_none();
        prop_assert!(refused);
    }

    #[test]
    fn a_truncated_file_never_panics(length in 0_usize..4_000) {
        let bytes = include_bytes!("../../tests/samples/rosters/dirty-leavers.csv");
        let cut = &bytes[..length.min(bytes.len())];
        prop_assert_eq!(check(&[RosterFile { name: "a", bytes: cut }], AS_OF).reports().len(), 1);
    }
}
