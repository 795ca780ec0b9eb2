//! What comes into an office: rosters, cards, allotments, requests, records whose status is to change. The signed
//! files of schools and the prepared batches have more of this in the issuer's own journeys.

use std::fs;
use std::path::Path;

use jiff::civil::date;
use matricula_credential::canonical_json;
use matricula_issuer::RecordStatus;
use matricula_issuer::authority::AuthorityCard;
use matricula_issuer::roster::{self, RosterFile};
use matricula_issuer::status::{SignedAllotment, SignedRequest};

use crate::country::{Country, key, signed_diploma};
use crate::ledger::text_of;
use crate::parser::{Form, Outcome, Parser, Promise, outcome, try_all};

const ALLOTMENT: &[u8] = include_bytes!("../../../fuzz/seeds/school_file/allotment.json");
const REQUEST: &[u8] = include_bytes!("../../../fuzz/seeds/school_file/request.json");

const CARD: &str = "\
did = \"did:web:hn.example\"
name = \"Secretaría de Educación\"
country = \"HN\"
origin = \"ledger.example/shard0\"
base_url = \"https://hn.example\"
key = \"z6MkjZRZv3aez3r18pB1RBFJR1kwUVJ5jHt92JmQwXbd5hwi\"
log_vkey = \"ledger.example/shard0+505ab3ec+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c\"
witness_vkey = \"witness.example/w1+df1c0a35+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU\"
mirror_vkey = \"mirror.example/m1+c6ce55a7+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU\"
";

/// A roster of a few learners, from the samples.
fn roster() -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../samples/rosters");
    let whole = fs::read_to_string(folder.join("honduras-leavers-2026.csv")).unwrap();
    let lines: Vec<&str> = whole.lines().take(5).collect();
    format!("{}\n", lines.join("\n")).into_bytes()
}

fn checked(bytes: &[u8]) -> Outcome {
    let checked = roster::check(&[RosterFile { name: "roster.csv", bytes }], date(2026, 11, 22));
    let report = roster::render::csv(&checked.reports()[0]);
    match checked.roster() {
        Some(_) => Outcome::Taken(report.into_bytes()),
        None => {
            Outcome::Refused(report.lines().nth(1).unwrap_or("no line says why").chars().take(400).collect())
        }
    }
}

#[test]
fn files_of_schools_and_authorities() {
    let record =
        Country::new("log.hn.example/1", 1).issue(signed_diploma("2026-11-20", 5, &key(10)), "2026-11-21");
    try_all(&[
        Parser::new("roster", Form::Csv, Promise::Loose, roster(), checked).tries(400),
        Parser::new("authority's card", Form::Toml, Promise::Whole, CARD, |bytes| {
            text_of(bytes, |text| outcome(AuthorityCard::parse(text), |card| card.encode().into()))
        }),
        Parser::new("allotment", Form::Json, Promise::Signed, ALLOTMENT, |bytes| {
            outcome(SignedAllotment::parse(bytes), |file| format!("{:?}", file.allotment()).into())
        })
        .tries(400),
        Parser::new("status request", Form::Json, Promise::Signed, REQUEST, |bytes| {
            outcome(SignedRequest::parse(bytes), |file| file.id().into())
        })
        .tries(400),
        Parser::new(
            "record whose status changes",
            Form::Json,
            Promise::Whole,
            canonical_json(&record.to_value()).unwrap(),
            |bytes| outcome(RecordStatus::parse(bytes), |status| format!("{status:?}").into()),
        )
        .tries(300),
    ]);
}
