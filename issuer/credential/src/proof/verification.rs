//! Checking proofs.

use ed25519_dalek::Signature;
use matricula_tlog::UnixSeconds;
use serde_json::{Map, Value};

use super::signing::{HashData, ProofValue, combine, digest};
use super::{
    Cryptosuite, DOMAINS_MAX, PROOFS_MAX, ProofError, ProofPurpose, ProofSuite, UnsupportedProof,
    VerifiedProof, VerifiedProofs,
};
use crate::date_time::parse_date_time;
use crate::did::VerificationMethod;

/// Checks every proof of a document, each on its own (a proof set), or on top of those it names (a chain).
///
/// The key is read from the verification method (`did:key`, or a multikey as fragment); nothing is looked up and no
/// clock is read. Purpose, controller, dates, challenge and domain are reported for the caller to judge.
///
/// # Errors
/// [`ProofError`] as soon as one known proof is bad, or when no known proof is there.
pub fn verify(document: &Value) -> Result<VerifiedProofs, ProofError> {
    let object = document.as_object().ok_or(ProofError::NotAnObject)?;
    let mut unsecured = object.clone();
    let proofs = match unsecured.remove("proof") {
        None => return Err(ProofError::NoProof),
        Some(Value::Array(proofs)) => proofs,
        Some(single) => vec![single],
    };
    if proofs.is_empty() {
        return Err(ProofError::NoProof);
    }
    if proofs.len() > PROOFS_MAX {
        return Err(ProofError::TooManyProofs { count: proofs.len() });
    }
    let mut checker = Checker { unsecured: Value::Object(unsecured), proofs: &proofs, rdfc_digest: None };
    let (mut good, mut unsupported) = (Vec::new(), Vec::new());
    for (index, proof) in proofs.iter().enumerate() {
        match checker.check(index, proof)? {
            Checked::Good(proof) => good.push(*proof),
            Checked::Unsupported(proof) => unsupported.push(proof),
        }
    }
    if good.is_empty() {
        Err(ProofError::NoKnownProof { unsupported })
    } else {
        Ok(VerifiedProofs { good, unsupported })
    }
}

enum Checked {
    Good(Box<VerifiedProof>),
    Unsupported(UnsupportedProof),
}

struct Checker<'d> {
    unsecured: Value,
    proofs: &'d [Value],
    /// The digest of the document is the same for all `rdfc` proofs of a set.
    rdfc_digest: Option<[u8; 32]>,
}

impl Checker<'_> {
    fn check(&mut self, index: usize, proof: &Value) -> Result<Checked, ProofError> {
        let members = proof.as_object().ok_or(ProofError::Member { index, member: "proof" })?;
        let fields = Fields { index, members };
        let proof_type = fields.text("type")?;
        let cryptosuite = fields.optional_text("cryptosuite")?;
        let Some(suite) = known_suite(proof_type, cryptosuite) else {
            let (proof_type, cryptosuite) = (proof_type.to_owned(), cryptosuite.map(str::to_owned));
            return Ok(Checked::Unsupported(UnsupportedProof { index, proof_type, cryptosuite }));
        };
        let proof = fields.verified(suite)?;
        let value = ProofValue::parse(fields.text("proofValue")?)
            .ok_or(ProofError::Member { index, member: "proofValue" })?;
        let hash_data = self.hash_data(index, suite, members)?;
        let signature = Signature::from_bytes(value.as_bytes());
        match proof.key.verify_strict(hash_data.as_bytes(), &signature) {
            Ok(()) => Ok(Checked::Good(Box::new(proof))),
            Err(_) => Err(ProofError::Signature { index }),
        }
    }

    fn hash_data(
        &mut self,
        index: usize,
        suite: ProofSuite,
        members: &Map<String, Value>,
    ) -> Result<HashData, ProofError> {
        let mut options = members.clone();
        options.remove("proofValue");
        let chained = self.chained_document(index, &options)?;
        match suite {
            ProofSuite::DataIntegrity(Cryptosuite::EddsaJcs2022) => {
                let document = chained.as_ref().unwrap_or(&self.unsecured);
                let shortened = with_context_of(document, &options, index)?;
                let document = shortened.as_ref().unwrap_or(document);
                combine(Cryptosuite::EddsaJcs2022, &Value::Object(options), document)
            }
            ProofSuite::DataIntegrity(Cryptosuite::EddsaRdfc2022) | ProofSuite::Ed25519Signature2020 => {
                if let Some(context) = self.unsecured.get("@context") {
                    options.insert("@context".to_owned(), context.clone());
                }
                self.rdfc_hash_data(&Value::Object(options), chained.as_ref())
            }
        }
    }

    fn rdfc_hash_data(&mut self, options: &Value, chained: Option<&Value>) -> Result<HashData, ProofError> {
        let suite = Cryptosuite::EddsaRdfc2022;
        if let Some(document) = chained {
            return combine(suite, options, document);
        }
        let document = match self.rdfc_digest {
            Some(known) => known,
            None => *self.rdfc_digest.insert(digest(suite, &self.unsecured)?),
        };
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&digest(suite, options)?);
        bytes[32..].copy_from_slice(&document);
        Ok(HashData::from_bytes(bytes))
    }

    /// A chained proof signs the document together with the proofs it builds on.
    fn chained_document(
        &self,
        index: usize,
        options: &Map<String, Value>,
    ) -> Result<Option<Value>, ProofError> {
        let previous = match options.get("previousProof") {
            None => return Ok(None),
            Some(Value::Array(ids)) => ids.as_slice(),
            Some(id) => core::slice::from_ref(id),
        };
        let find = |id: &Value| {
            let found = self.proofs.iter().find(|proof| id.is_string() && proof.get("id") == Some(id));
            found.cloned().ok_or(ProofError::PreviousProof { index })
        };
        let matching: Vec<Value> = previous.iter().map(find).collect::<Result<_, _>>()?;
        if matching.is_empty() {
            return Err(ProofError::PreviousProof { index });
        }
        let mut document = self.unsecured.clone();
        document["proof"] = Value::Array(matching);
        Ok(Some(document))
    }
}

fn known_suite(proof_type: &str, cryptosuite: Option<&str>) -> Option<ProofSuite> {
    match (proof_type, cryptosuite) {
        ("DataIntegrityProof", Some(name)) => Cryptosuite::from_name(name).map(ProofSuite::DataIntegrity),
        ("Ed25519Signature2020", None) => Some(ProofSuite::Ed25519Signature2020),
        _ => None,
    }
}

/// With `eddsa-jcs-2022` the context in the proof is what was signed; the document may have grown more at the end.
/// `None` when it has not.
fn with_context_of(
    document: &Value,
    options: &Map<String, Value>,
    index: usize,
) -> Result<Option<Value>, ProofError> {
    let Some(signed) = options.get("@context") else { return Ok(None) };
    if document.get("@context") == Some(signed) {
        return Ok(None);
    }
    let as_list = |value: &Value| match value {
        Value::Array(items) => items.clone(),
        single => vec![single.clone()],
    };
    let shown = document.get("@context").map(as_list).unwrap_or_default();
    if !shown.starts_with(&as_list(signed)) {
        return Err(ProofError::Context { index });
    }
    let mut document = document.clone();
    document["@context"] = signed.clone();
    Ok(Some(document))
}

/// The members of one proof.
struct Fields<'p> {
    index: usize,
    members: &'p Map<String, Value>,
}

impl<'p> Fields<'p> {
    fn text(&self, member: &'static str) -> Result<&'p str, ProofError> {
        self.optional_text(member)?.ok_or(ProofError::Member { index: self.index, member })
    }

    fn optional_text(&self, member: &'static str) -> Result<Option<&'p str>, ProofError> {
        match self.members.get(member) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(ProofError::Member { index: self.index, member }),
        }
    }

    fn date(&self, member: &'static str) -> Result<Option<UnixSeconds>, ProofError> {
        let date = self.optional_text(member)?.map(parse_date_time).transpose();
        date.map_err(|source| ProofError::Date { index: self.index, source })
    }

    fn domains(&self) -> Result<Vec<String>, ProofError> {
        let refuse = || ProofError::Member { index: self.index, member: "domain" };
        match self.members.get("domain") {
            None => Ok(Vec::new()),
            Some(Value::String(domain)) => Ok(vec![domain.clone()]),
            Some(Value::Array(domains)) if domains.len() <= DOMAINS_MAX => {
                domains.iter().map(|domain| domain.as_str().map(str::to_owned).ok_or_else(refuse)).collect()
            }
            Some(_) => Err(refuse()),
        }
    }

    /// All that the proof says, as it will be reported once the signature is found good.
    fn verified(&self, suite: ProofSuite) -> Result<VerifiedProof, ProofError> {
        let verification_method = self.text("verificationMethod")?;
        let method = VerificationMethod::parse(verification_method)
            .map_err(|source| ProofError::Method { index: self.index, source })?;
        Ok(VerifiedProof {
            index: self.index,
            suite,
            verification_method: verification_method.to_owned(),
            controller: method.controller,
            key: method.key,
            purpose: ProofPurpose::from_term(self.text("proofPurpose")?),
            created: self.date("created")?,
            expires: self.date("expires")?,
            challenge: self.optional_text("challenge")?.map(str::to_owned),
            domains: self.domains()?,
        })
    }
}
