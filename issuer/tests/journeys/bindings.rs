//! Binding records to the keys of their holders.

use std::fs;

use ed25519_dalek::SigningKey;
use matricula_credential::binding::HolderBinding;
use matricula_credential::did::did_key;
use matricula_credential::presentation::{PresentationFile, PresentationRequest};
use matricula_credential::proof;
use matricula_credential::record::PortableRecord;
use matricula_credential::status::StatusPurpose;
use matricula_issuer::RecordStatus;
use matricula_issuer::batch::{BatchKind, Issued};
use matricula_issuer::binding::{
    BINDING_CHALLENGE_PREFIX, BindRecord, BindingError, Bound, ClaimProof, bind, current_binding,
    pending_binding_revocations, revoke_replaced_bindings,
};
use matricula_issuer::correction::CorrectionError;
use matricula_issuer::status::{PublishOptions, SignedRequest, StatusAction, StatusReason};
use matricula_registry::PublicKey;
use serde_json::Value;

use crate::corrections::{correct, corrected};
use crate::statuses::bit;
use crate::world::{Sample, School, World, later, now};

pub struct Holder {
    key: SigningKey,
}

impl Holder {
    pub fn new(seed: u8) -> Self {
        Self { key: SigningKey::from_bytes(&[seed; 32]) }
    }

    pub fn did(&self) -> String {
        did_key(&self.key.verifying_key())
    }

    pub fn possession(&self, record: &PortableRecord, id: &str, domain: &str) -> Value {
        let request = PresentationRequest {
            challenge: format!("{BINDING_CHALLENGE_PREFIX}{id}"),
            domain: domain.to_owned(),
            created: now(),
            expires: Some(later(300)),
        };
        let bare = PortableRecord { evidence: None, ..record.clone() };
        PresentationFile::sign(vec![bare], &request, &self.key).unwrap().presentation().clone()
    }
}

fn issued(world: &World) -> (School, Issued, Vec<PortableRecord>) {
    let school = world.school("lempira");
    let issued = school.run(&Sample::leavers(2).order(BatchKind::Diploma), &world.log);
    let records = issued
        .records
        .iter()
        .map(|record| PortableRecord::parse(&fs::read(&record.path).unwrap()).unwrap())
        .collect();
    (school, issued, records)
}

fn ask(
    school: &School,
    id: &str,
    holder: &Holder,
    proof: &Value,
    claim: ClaimProof<'_>,
) -> Result<Bound, BindingError> {
    let order = BindRecord {
        credential_id: id,
        holder: &holder.did(),
        proof,
        claim,
        key: &school.bind,
        now: later(10),
    };
    bind(&school.home, &order)
}

#[test]
fn a_record_is_bound_by_its_code_and_a_proof_of_possession() {
    let world = World::new();
    let (school, issued, records) = issued(&world);
    let (id, code) = (&issued.records[0].credential_id, &issued.records[0].claim_code);
    let holder = Holder::new(1);
    let domain = school.home.profile().did.as_str();
    let proof = holder.possession(&records[0], id, domain);
    let typed = code.to_lowercase().replace('-', " ");
    let bound = ask(&school, id, &holder, &proof, ClaimProof::Code(&typed)).unwrap();
    assert!(bound.created);
    let parsed = HolderBinding::parse(&bound.binding).unwrap();
    assert!(parsed.binds(&records[0].credential) && !parsed.binds(&records[1].credential));
    let proofs = proof::verify(&bound.binding).unwrap();
    assert_eq!(PublicKey::from(&proofs.first().key), school.bind.public());
    let again = ask(&school, id, &holder, &proof, ClaimProof::Code(code)).unwrap();
    assert_eq!((again.binding, again.created), (bound.binding.clone(), false));
    assert_eq!(current_binding(&school.home, id).unwrap(), Some(bound.binding));
}

#[test]
fn wrong_codes_used_codes_and_foreign_records_are_refused() {
    let world = World::new();
    let (school, issued, records) = issued(&world);
    let (id, code) = (&issued.records[0].credential_id, &issued.records[0].claim_code);
    let other_code = &issued.records[1].claim_code;
    let (holder, thief) = (Holder::new(1), Holder::new(2));
    let domain = school.home.profile().did.as_str();
    let proof = holder.possession(&records[0], id, domain);
    let refused = ask(&school, id, &holder, &proof, ClaimProof::Code(other_code)).unwrap_err();
    assert!(matches!(refused, BindingError::WrongCode));
    ask(&school, id, &holder, &proof, ClaimProof::Code(code)).unwrap();
    let thiefs = thief.possession(&records[0], id, domain);
    let refused = ask(&school, id, &thief, &thiefs, ClaimProof::Code(code)).unwrap_err();
    assert!(matches!(refused, BindingError::CodeUsed));
    let unknown = "urn:uuid:00000000-0000-4000-8000-000000000000";
    let refused = ask(&school, unknown, &holder, &proof, ClaimProof::CheckedByWallet).unwrap_err();
    assert!(matches!(refused, BindingError::NotIssued));
    let order = BindRecord {
        credential_id: id,
        holder: &holder.did(),
        proof: &proof,
        claim: ClaimProof::CheckedByWallet,
        key: &school.issue,
        now: now(),
    };
    assert!(matches!(bind(&school.home, &order).unwrap_err(), BindingError::WrongKey { .. }));
}

#[test]
fn a_proof_for_another_key_record_purpose_or_moment_is_refused() {
    let world = World::new();
    let (school, issued, records) = issued(&world);
    let (id, other_id) = (&issued.records[0].credential_id, &issued.records[1].credential_id);
    let (holder, thief) = (Holder::new(1), Holder::new(2));
    let domain = school.home.profile().did.as_str();
    let proofs = [
        (thief.possession(&records[0], id, domain), "another key"),
        (holder.possession(&records[1], id, domain), "another credential"),
        (holder.possession(&records[0], other_id, domain), "another purpose"),
        (holder.possession(&records[0], id, "did:web:hn.example:schools:morazan"), "another purpose"),
    ];
    for (proof, why) in proofs {
        let refused = ask(&school, id, &holder, &proof, ClaimProof::CheckedByWallet).unwrap_err();
        assert!(matches!(refused, BindingError::Possession { what } if what == why), "{why}: {refused}");
    }
    let good = holder.possession(&records[0], id, domain);
    let order = BindRecord {
        credential_id: id,
        holder: &holder.did(),
        proof: &good,
        claim: ClaimProof::CheckedByWallet,
        key: &school.bind,
        now: later(301),
    };
    let refused = bind(&school.home, &order).unwrap_err();
    assert!(matches!(refused, BindingError::Possession { what: "another moment" }));
}

#[test]
fn a_wallet_moves_a_record_to_a_new_key_and_the_old_binding_is_named() {
    let world = World::new();
    let (school, issued, records) = issued(&world);
    let id = &issued.records[0].credential_id;
    let domain = school.home.profile().did.as_str();
    let (lost, fresh) = (Holder::new(1), Holder::new(2));
    let first =
        ask(&school, id, &lost, &lost.possession(&records[0], id, domain), ClaimProof::CheckedByWallet)
            .unwrap();
    let second =
        ask(&school, id, &fresh, &fresh.possession(&records[0], id, domain), ClaimProof::CheckedByWallet)
            .unwrap();
    assert_eq!(second.replaces.as_ref(), Some(&first.path));
    // The old binding has a status of its own, by which it is revoked like a record.
    let status = RecordStatus::parse(&fs::read(first.path).unwrap()).unwrap();
    assert_ne!(status.index, RecordStatus::of_credential(&second.binding).unwrap().index);
}

#[test]
fn replaced_bindings_are_revoked_once() {
    let world = World::new();
    let (school, issued, records) = issued(&world);
    let id = &issued.records[0].credential_id;
    let domain = school.home.profile().did.as_str();
    let mut bound = Vec::new();
    for seed in 1..=3 {
        assert_eq!(pending_binding_revocations(&school.home).unwrap().len(), bound.len().saturating_sub(1));
        let holder = Holder::new(seed);
        let proof = holder.possession(&records[0], id, domain);
        bound.push(ask(&school, id, &holder, &proof, ClaimProof::CheckedByWallet).unwrap());
    }
    let old: Vec<_> = bound[..2].iter().map(|bound| bound.path.clone()).collect();
    assert_eq!(pending_binding_revocations(&school.home).unwrap(), old);
    let refused = revoke_replaced_bindings(&school.home, &school.bind, later(20)).unwrap_err();
    assert!(matches!(refused, CorrectionError::WrongKey { .. }));
    let requested = revoke_replaced_bindings(&school.home, &school.approve, later(20)).unwrap();
    assert_eq!(requested.len(), 2);
    let places = [0, 1, 2].map(|position| RecordStatus::of_credential(&bound[position].binding).unwrap());
    for (requested, place) in requested.iter().zip(&places) {
        let signed = SignedRequest::parse(&requested.bytes).unwrap();
        let asked = signed.request();
        assert_eq!((asked.action, asked.reason), (StatusAction::Revoke, StatusReason::Superseded(None)));
        assert_eq!((&requested.record, asked.index, requested.created), (place, place.index, true));
        assert_eq!((asked.effective, asked.created), (later(10), later(20)));
        let view = world.desk().registry().unwrap();
        assert!(
            world.authority.receive_status_request(view.registry(), &requested.bytes, later(21)).unwrap().new
        );
    }
    assert!(pending_binding_revocations(&school.home).unwrap().is_empty());
    let again = revoke_replaced_bindings(&school.home, &school.issue, later(30)).unwrap();
    assert!(again.iter().zip(&requested).all(|(again, first)| !again.created && again.bytes == first.bytes));
    assert_eq!(again.len(), 2);
    world.desk().publish_status(PublishOptions::default(), later(31)).unwrap();
    let revoked = places.map(|place| bit(&world, &place, StatusPurpose::Revocation));
    assert_eq!(revoked, [true, true, false]);
}

#[test]
fn without_replaced_bindings_nothing_is_asked_for() {
    let world = World::new();
    let (school, issued, records) = issued(&world);
    let holder = Holder::new(1);
    for (record, portable) in issued.records.iter().zip(&records) {
        let proof = holder.possession(portable, &record.credential_id, school.home.profile().did.as_str());
        ask(&school, &record.credential_id, &holder, &proof, ClaimProof::Code(&record.claim_code)).unwrap();
    }
    assert!(pending_binding_revocations(&school.home).unwrap().is_empty());
    assert!(revoke_replaced_bindings(&school.home, &school.issue, later(20)).unwrap().is_empty());
    assert!(!school.home.root().join("requests").exists());
}

#[test]
fn a_corrected_record_is_bound_by_its_own_code_and_that_code_serves_one_holder() {
    let world = World::new();
    let (school, first, records) = issued(&world);
    let (id, old_code) = (&first.records[0].credential_id, &first.records[0].claim_code);
    let domain = school.home.profile().did.as_str();
    let (holder, thief) = (Holder::new(1), Holder::new(2));
    let proof = holder.possession(&records[0], id, domain);
    let before = ask(&school, id, &holder, &proof, ClaimProof::Code(old_code)).unwrap();
    let old = fs::read(&first.records[0].path).unwrap();
    let prepared = correct(&school, &old, &corrected(), later(5)).unwrap();
    school.approve(&prepared.id).unwrap();
    let second = school.issue(&prepared.id, &world.log).unwrap();
    let code = &second.records[0].claim_code;
    let record = PortableRecord::parse(&fs::read(&second.records[0].path).unwrap()).unwrap();
    let proof = holder.possession(&record, id, domain);
    let refused = ask(&school, id, &holder, &proof, ClaimProof::Code(old_code)).unwrap_err();
    assert!(matches!(refused, BindingError::WrongCode));
    let bound = ask(&school, id, &holder, &proof, ClaimProof::Code(code)).unwrap();
    assert!(bound.created && HolderBinding::parse(&bound.binding).unwrap().binds(&record.credential));
    assert_eq!(bound.replaces, Some(before.path));
    let thiefs = thief.possession(&record, id, domain);
    let refused = ask(&school, id, &thief, &thiefs, ClaimProof::Code(code)).unwrap_err();
    assert!(matches!(refused, BindingError::CodeUsed));
}
