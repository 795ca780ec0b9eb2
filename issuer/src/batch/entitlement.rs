//! Whether the school may issue what is to be prepared, as far as it has read the log. Asked before
//! anybody signs or approves; the log's door decides.

use std::collections::HashMap;

use jiff::civil::Date;
use matricula_registry::{
    Batch, BatchLeaves, ClaimedRange, DoorError, FieldList, InstitutionId, IscedField, IscedLevel, PublicKey,
    Refusal, Registry, ScopeLimit,
};
use matricula_tlog::{Hash, UnixSeconds};

use super::BatchError;
use super::learner_credential::Subject;
use super::learner_problems::LearnerProblems;
use super::manifest::BatchKind;
use crate::roster::Finding;
use crate::school::SchoolHome;

const DAY_SECONDS: i64 = 86_400;

/// What a batch will ask of the registry.
pub(super) struct Claim<'a> {
    pub(super) kind: BatchKind,
    pub(super) level: IscedLevel,
    pub(super) on_behalf_of: Option<&'a InstitutionId>,
    pub(super) learners: &'a [(Subject<'a>, Date)],
}

/// Refuses a batch that the door would refuse, with the lines that are the reason where not all of them are.
pub(super) fn check(
    home: &SchoolHome,
    claim: &Claim<'_>,
    signer: &PublicKey,
    now: UnixSeconds,
) -> Result<(), BatchError> {
    if home.evidence_read_at().is_none() {
        return Err(BatchError::EvidenceMissing);
    }
    let evidence = home.evidence()?;
    let (registry, did) = (evidence.registry(), &home.profile().did);
    if registry.institution(did).is_none_or(|institution| institution.history().is_empty()) {
        return Err(BatchError::NotAccredited);
    }
    let fields = claim.learners.iter().map(|(subject, _)| field(*subject)).collect::<Result<Vec<_>, _>>()?;
    let dates: Vec<UnixSeconds> = claim.learners.iter().map(|(_, awarded)| midnight(*awarded)).collect();
    let (Some(from), Some(to)) = (dates.iter().min(), dates.iter().max()) else { return Ok(()) };
    let whole = Batch {
        issuer: did.clone(),
        on_behalf_of: claim.on_behalf_of.cloned(),
        kind: claim.kind.credential_kind(),
        isced_level: claim.level,
        isced_f: FieldList::new(fields.iter().cloned())?,
        claimed: ClaimedRange::new(*from, *to)?,
        // Nothing is decided by these three.
        root: Hash::from_bytes([0; 32]),
        leaves: BatchLeaves::new(64)?,
        summary_commitment: Hash::from_bytes([0; 32]),
    };
    let Err(refusal) = registry.foresee_batch(&whole, signer, now) else { return Ok(()) };
    let one_by_one = OneByOne { registry, whole: &whole, signer, now };
    let mut learners = one_by_one.problems(claim, &fields, &dates)?;
    if learners.count() == claim.learners.len() {
        // It is not about some learners: the refusal says it all.
        learners = LearnerProblems::default();
    }
    Err(BatchError::NotEntitled { refusal: Box::new(refusal), learners })
}

struct OneByOne<'a> {
    registry: &'a Registry,
    whole: &'a Batch,
    signer: &'a PublicKey,
    now: UnixSeconds,
}

impl OneByOne<'_> {
    fn problems(
        &self,
        claim: &Claim<'_>,
        fields: &[IscedField],
        dates: &[UnixSeconds],
    ) -> Result<LearnerProblems, BatchError> {
        let mut known: HashMap<(&IscedField, UnixSeconds), Option<DoorError>> = HashMap::new();
        let mut problems = LearnerProblems::default();
        for ((subject, awarded), (field, date)) in claim.learners.iter().zip(fields.iter().zip(dates)) {
            let refusal = match known.entry((field, *date)) {
                std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
                std::collections::hash_map::Entry::Vacant(new) => new.insert(self.judge(field, *date)?),
            };
            let Some(refusal) = refusal else { continue };
            let of_field = matches!(refusal, DoorError::Refused { refusal, .. }
                if matches!(**refusal, Refusal::ScopeExceeded { limit: ScopeLimit::Field, .. }));
            let (column, value) = match of_field {
                true => ("isced_f", field.as_str().to_owned()),
                false => (subject.date_column(), awarded.to_string()),
            };
            let finding = Finding::OutsideAccreditation { refusal: refusal.to_string() };
            problems.push(subject.file(), subject.line(), column, finding, &value);
        }
        Ok(problems)
    }

    /// What the door would say to this learner alone.
    fn judge(&self, field: &IscedField, date: UnixSeconds) -> Result<Option<DoorError>, BatchError> {
        let isced_f = FieldList::new([field.clone()])?;
        let alone = Batch { isced_f, claimed: ClaimedRange::new(date, date)?, ..self.whole.clone() };
        Ok(self.registry.foresee_batch(&alone, self.signer, self.now).err())
    }
}

fn field(subject: Subject<'_>) -> Result<IscedField, BatchError> {
    Ok(IscedField::parse(subject.enrolment().programme.isced_f.as_str())?)
}

/// The first second of a day; a day before 1970 counts as the first of that year.
fn midnight(date: Date) -> UnixSeconds {
    let days = (date - jiff::civil::date(1970, 1, 1)).get_days();
    UnixSeconds::new(u64::try_from(i64::from(days) * DAY_SECONDS).unwrap_or_default())
}
