//! Records of a small country, good and bad, and the trust to judge them by.

use matricula_credential::presentation::{PresentationFile, PresentationRequest};
use matricula_credential::record::PortableRecord;
use matricula_verdict::Trust;
use serde_json::{Value, json};

use country::{Country, at, bind, key, sign_by_school, signed_diploma, unsigned_diploma};

/// The country that the verdict's own tests are made in.
#[allow(dead_code, reason = "each test binary uses its own part of the country")]
#[path = "../../verdict/tests/country/mod.rs"]
mod country;

/// The challenge and the domain that the presentation answers.
pub const CHALLENGE: &str = "c-1";
pub const DOMAIN: &str = "employer.example";

/// What the tests send and read.
pub struct Records {
    /// The authority behind the records.
    pub trust: Trust,
    /// A portable record in good order.
    pub verified: Value,
    /// The same with another learner's name.
    pub tampered: Value,
    /// A presentation file of two records, bound to their holder.
    pub presentation: Value,
}

/// The records, judged best on 2026-11-22.
pub fn records() -> Records {
    let mut country = Country::new("log.hn.example/1", 1);
    let first = country.issue(signed_diploma("2026-11-20", 5, &key(10)), "2026-11-21");
    let mut other = unsigned_diploma("2026-11-20", 6);
    other["id"] = json!("urn:uuid:00000000-0000-4000-8000-000000000009");
    let second = country.issue(sign_by_school(&other, &key(10)), "2026-11-21");
    let mut tampered = first.clone();
    tampered.credential["credentialSubject"]["identifier"][3]["identityHash"] =
        json!("Olga Santiago Granados");
    // With every grant in it, so that a credential without its evidence can be judged too.
    let content = country.trust_content("2026-11-21");
    let trust = Trust::new(vec![country.seal(&content)]).unwrap();
    let presentation = presented([first.clone(), second].map(bound).to_vec());
    Records { trust, verified: first.to_value(), tampered: tampered.to_value(), presentation }
}

fn bound(record: PortableRecord) -> PortableRecord {
    let binding = Some(bind(&record.credential, &key(30), &key(12)));
    PortableRecord { binding, ..record }
}

fn presented(records: Vec<PortableRecord>) -> Value {
    let request = PresentationRequest {
        challenge: CHALLENGE.to_owned(),
        domain: DOMAIN.to_owned(),
        created: at("2026-11-21"),
        expires: None,
    };
    PresentationFile::sign(records, &request, &key(30)).unwrap().to_value()
}
