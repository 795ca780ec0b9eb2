//! The door's rules on batch statements.

use matricula_tlog::UnixSeconds;

use crate::{
    authorisation::{Authorisation, Evidence, KnownAt, Question, Refusal},
    body::{Batch, KeyRole},
    door::{DoorError, FUTURE_MAX_SECONDS, Signer},
    identity::{InstitutionId, PublicKey},
    registry::Registry,
    scope::IscedField,
    statement::Statement,
};

/// A batch logged more than 180 days after its latest claimed date is *late*: schools may be offline
/// for half a year.
pub const LATE_AFTER_SECONDS: u64 = 180 * 86_400;

impl Registry {
    pub(super) fn decide_batch(
        &self,
        body: &Batch,
        statement: &Statement,
        now: UnixSeconds,
    ) -> Result<(), DoorError> {
        let latest = UnixSeconds::new(now.get().saturating_add(FUTURE_MAX_SECONDS));
        if body.claimed.to() > latest {
            return Err(DoorError::DatedInFuture { date: body.claimed.to(), latest });
        }
        let signer = statement.header().signer;
        self.check_batch_key(&signer, KeyRole::Issue, &body.issuer, now)?;
        self.check_approval(body, statement, now)?;
        if let Some(first) = self.first_batch(body) {
            return Err(DoorError::DuplicateBatch { first });
        }
        let vouched = statement.countersigners().any(|key| self.is_authority_key(key, now, KnownAt::Latest));
        self.judge_batch(body, &signer, now, now, vouched)?;
        let mut dates: Vec<UnixSeconds> =
            self.batch_turning_points(body).into_iter().filter(|date| body.claimed.contains(*date)).collect();
        dates.sort();
        dates.dedup();
        dates.into_iter().try_for_each(|date| self.judge_batch(body, &signer, date, now, vouched))
    }

    /// The dates on which the answer about this batch may change, its own among them.
    pub(super) fn batch_turning_points(&self, body: &Batch) -> Vec<UnixSeconds> {
        let institutions = core::iter::once(&body.issuer).chain(&body.on_behalf_of);
        let records = institutions.filter_map(|id| self.institution(id));
        let mut points: Vec<UnixSeconds> = records.flat_map(|record| record.turning_points()).collect();
        points.extend([body.claimed.from(), body.claimed.to()]);
        points
    }

    /// An approver of the same institution, another than the signer, must have countersigned.
    fn check_approval(&self, body: &Batch, statement: &Statement, now: UnixSeconds) -> Result<(), DoorError> {
        let mut seen = Err(DoorError::ApprovalMissing);
        for countersigner in statement.countersigners() {
            if self.is_authority_key(countersigner, now, KnownAt::Latest) {
                continue;
            }
            seen = self.check_batch_key(countersigner, KeyRole::Approve, &body.issuer, now);
            if seen.is_err() {
                break;
            }
        }
        seen
    }

    fn check_batch_key(
        &self,
        key: &PublicKey,
        needs: KeyRole,
        issuer: &InstitutionId,
        now: UnixSeconds,
    ) -> Result<(), DoorError> {
        let refused = |refusal| DoorError::Refused { at: now, refusal: Box::new(refusal) };
        let Signer::Institution(record) = self.signer(key, now)? else {
            return Err(refused(Refusal::AuthorityKey));
        };
        if record.institution() != issuer {
            return Err(DoorError::KeyBoundElsewhere {
                key: *key,
                institution: record.institution().clone(),
            });
        }
        match record.judge(now, Evidence::Logged { at: now }, KnownAt::Latest) {
            Ok(has) if has == needs => Ok(()),
            Ok(has) => Err(refused(Refusal::WrongRole { has, needs })),
            Err(refusal) => Err(refused(refusal)),
        }
    }

    /// Judges every field of the batch at one date. Two things are excused: rights that ended between
    /// the claimed dates and now, if the authority vouches for the batch by its countersignature; and,
    /// for late batches, claimed dates of which the registry has no record.
    fn judge_batch(
        &self,
        body: &Batch,
        signer: &PublicKey,
        date: UnixSeconds,
        now: UnixSeconds,
        vouched: bool,
    ) -> Result<(), DoorError> {
        let late = now.get().saturating_sub(body.claimed.to().get()) > LATE_AFTER_SECONDS;
        for field in body.isced_f.as_slice() {
            let Authorisation::Refused(refusal) = self.authorised(&question(body, signer, field, date, now))
            else {
                continue;
            };
            let excused = match refusal {
                Refusal::NotYetAccredited { .. } => late && date < now && body.claimed.contains(date),
                Refusal::Expired { .. } if date == now => vouched,
                Refusal::Expired { .. } => late && body.claimed.contains(date),
                Refusal::Suspended { .. } | Refusal::Revoked { .. } | Refusal::Succeeded { .. } => {
                    vouched && date == now && !body.claimed.contains(now)
                }
                _ => false,
            };
            if !excused {
                return Err(DoorError::Refused { at: date, refusal: Box::new(refusal) });
            }
        }
        Ok(())
    }
}

fn question<'a>(
    body: &'a Batch,
    signer: &'a PublicKey,
    field: &'a IscedField,
    date: UnixSeconds,
    now: UnixSeconds,
) -> Question<'a> {
    Question {
        signer,
        role: KeyRole::Issue,
        on_behalf_of: body.on_behalf_of.as_ref(),
        kind: &body.kind,
        level: body.isced_level,
        field: Some(field),
        effective_at: date,
        evidence: Evidence::Logged { at: now },
        known_at: KnownAt::Latest,
    }
}
