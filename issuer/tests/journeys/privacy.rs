//! What goes to the log says nothing about a learner.

use matricula_issuer::batch::BatchKind;
use matricula_registry::{Body, Statement};
use proptest::prelude::*;
use proptest::sample::subsequence;

use crate::world::{Sample, World, head, read};

/// A text of fewer bytes is found in any log by chance, and tells nobody from anybody.
const TELLING_BYTES_MIN: usize = 4;

/// Every name, birth date and number in the rows.
fn personal_data(csv: &str) -> Vec<String> {
    let cells = |line: &str| line.split(',').take(6).map(str::to_owned).collect::<Vec<_>>();
    let mut found = Vec::new();
    for line in csv.lines().skip(1) {
        let row = cells(line);
        // Number, given names, family names, birth date, admission number; sex is one letter.
        for (position, cell) in row.iter().enumerate() {
            if position != 4 && cell.len() >= TELLING_BYTES_MIN {
                found.push(cell.clone());
                found.extend(
                    cell.split(' ').filter(|word| word.len() >= TELLING_BYTES_MIN).map(str::to_owned),
                );
            }
        }
    }
    found
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window.eq_ignore_ascii_case(text.as_bytes()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    #[test]
    fn no_byte_handed_to_the_log_is_personal(
        rows in subsequence((1..=25).collect::<Vec<usize>>(), 1..6),
        arabic in any::<bool>(),
    ) {
        let (name, kind) = if arabic {
            ("arabic-primary-2026.csv", BatchKind::Completion)
        } else {
            ("honduras-leavers-2026.csv", BatchKind::Diploma)
        };
        let all = read(name);
        let lines: Vec<&str> = all.lines().collect();
        let mut csv = head(&all, 0);
        for row in &rows {
            csv.push_str(lines[*row]);
            csv.push('\n');
        }
        let world = World::new();
        let school = world.school("lempira");
        let before = world.log.submitted().len();
        let issued = school.run(&Sample::of(&csv, None).order(kind), &world.log);
        let submitted = world.log.submitted();
        prop_assert_eq!(submitted.len(), before + 1);
        for entry in &submitted[before..] {
            for text in personal_data(&csv) {
                prop_assert!(!contains(entry, &text), "{} is in the log", text);
            }
            for record in &issued.records {
                prop_assert!(!contains(entry, &record.credential_id));
                prop_assert!(!contains(entry, &record.claim_code));
            }
        }
    }
}

#[test]
fn the_search_finds_what_is_there() {
    let csv = head(&read("honduras-leavers-2026.csv"), 1);
    let data = personal_data(&csv);
    assert!(data.contains(&"2007-03-16".to_owned()) && data.contains(&"Granados".to_owned()));
    assert!(contains(csv.as_bytes(), "ofelia") && !contains(csv.as_bytes(), "Zeferino"));
}

#[test]
fn a_batch_of_one_looks_like_a_batch_of_forty() {
    let world = World::new();
    let school = world.school("lempira");
    let mut seen = Vec::new();
    for lines in [vec![1], (2..=41).collect()] {
        let sample = Sample::lines("honduras-leavers-2026.csv", &lines);
        school.run(&sample.order(BatchKind::Diploma), &world.log);
        let entry = world.log.all_entries().pop().unwrap();
        let Body::Batch(batch) = Statement::parse(&entry).unwrap().body().clone() else {
            panic!("not a batch")
        };
        assert_eq!(batch.leaves.get(), 64);
        // The fields of study are in clear, five bytes each; nothing else differs in length.
        seen.push(entry.len() - 5 * batch.isced_f.as_slice().len());
    }
    assert_eq!(seen[0], seen[1]);
}
