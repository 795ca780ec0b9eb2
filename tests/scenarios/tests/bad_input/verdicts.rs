//! Trust files, tokens of others, and whole verdicts.

use matricula_credential::canonical_json;
use matricula_credential::presentation::{PresentationFile, PresentationRequest};
use matricula_credential::record::PortableRecord;
use matricula_verdict::{Options, Overall, Trust, TrustFile, verify};

use crate::country::{Country, at, bind, key, signed_diploma};
use crate::ledger::text_of;
use crate::mutation::encoded_bomb;
use crate::parser::{Form, Outcome, Parser, Promise, outcome, try_all};

const TOKEN: &[u8] = include_bytes!("../../../fuzz/seeds/foreign_token/simple.jwt");

/// Green only; what is green is what was signed.
fn judged(bytes: &[u8], trust: &Trust) -> Outcome {
    let verdicts = verify(bytes, trust, &Options::at(at("2026-11-22")));
    let green = |overall| matches!(overall, Overall::Verified | Overall::VerifiedWithWarnings);
    if verdicts.iter().all(|verdict| green(verdict.overall)) {
        let facts = verdicts.iter().map(|verdict| format!("{:?}", verdict.credential));
        return Outcome::Taken(facts.collect::<String>().into_bytes());
    }
    let axes = verdicts.iter().flat_map(|verdict| verdict.axes.named()).map(|(_, axis)| axis);
    let longest = axes.map(|axis| axis.text.as_str()).max_by_key(|text| text.len()).unwrap_or_default();
    let codes: Vec<&str> =
        verdicts.iter().flat_map(|verdict| verdict.codes()).map(|code| code.as_str()).collect();
    Outcome::Refused(format!("{} {longest}", codes.first().unwrap()))
}

#[test]
fn trust_files_and_tokens() {
    let mut country = Country::new("log.hn.example/1", 1);
    let content = country.trust_content("2026-11-21");
    let mut bombed = content.clone();
    let list = bombed.status_lists[0].credential.pointer_mut("/credentialSubject/0/encodedList").unwrap();
    *list = encoded_bomb().into();
    try_all(&[
        Parser::new("trust file", Form::Json, Promise::Signed, country.sealed_bytes(&content), |bytes| {
            outcome(TrustFile::parse(bytes), |file| format!("{:?}", file.content()).into())
        })
        .tries(400)
        .bombs(vec![country.sealed_bytes(&bombed)]),
        Parser::new("token of others", Form::Text, Promise::Signed, TOKEN.trim_ascii(), |bytes| {
            text_of(bytes, |text| {
                outcome(matricula_foreign::read(text), |read| canonical_json(read.credential()).unwrap())
            })
        })
        .tries(400),
    ]);
}

#[test]
fn documents_for_a_verdict() {
    let mut country = Country::new("log.hn.example/1", 1);
    let record = country.issue(signed_diploma("2026-11-20", 5, &key(10)), "2026-11-21");
    let binding = bind(&record.credential, &key(30), &key(12));
    let bound = PortableRecord { binding: Some(binding), ..record.clone() };
    let request = PresentationRequest {
        challenge: "c-1".to_owned(),
        domain: "employer.example".to_owned(),
        created: at("2026-11-22"),
        expires: None,
    };
    let shown = PresentationFile::sign(vec![bound], &request, &key(30)).unwrap();
    let trust = country.trust("2026-11-21");
    let again = trust.clone();
    try_all(&[
        Parser::new("record, judged", Form::Json, Promise::Signed, record.encode().unwrap(), move |bytes| {
            judged(bytes, &trust)
        })
        .takes_any_kind()
        .tries(150),
        Parser::new(
            "presentation, judged",
            Form::Json,
            Promise::Signed,
            shown.encode().unwrap(),
            move |bytes| judged(bytes, &again),
        )
        .takes_any_kind()
        .tries(150),
    ]);
}
