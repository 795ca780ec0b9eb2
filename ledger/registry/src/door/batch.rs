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
        let signer = statement.header().signer;
        self.check_signer(body, &signer, now)?;
        self.check_approval(body, statement, now)?;
        if let Some(first) = self.first_batch(body) {
            return Err(DoorError::DuplicateBatch { first });
        }
        let vouched = statement.countersigners().any(|key| self.is_authority_key(key, now, KnownAt::Latest));
        self.judge_log_time(body, &signer, vouched, now)?;
        self.judge_claimed_dates(body, &signer, now)
    }

    /// Whether the door would let a batch of this issuer, scope and dates in today, signed by that key,
    /// as far as this registry knows: for whoever prepares one, before anybody signs it. Approval, root
    /// and size are not looked at.
    ///
    /// # Errors
    /// [`DoorError`] with the first rule that it would break.
    pub fn foresee_batch(&self, body: &Batch, signer: &PublicKey, now: UnixSeconds) -> Result<(), DoorError> {
        self.check_signer(body, signer, now)?;
        self.judge_log_time(body, signer, false, now)?;
        self.judge_claimed_dates(body, signer, now)
    }

    fn check_signer(&self, body: &Batch, signer: &PublicKey, now: UnixSeconds) -> Result<(), DoorError> {
        let latest = UnixSeconds::new(now.get().saturating_add(FUTURE_MAX_SECONDS));
        if body.claimed.to() > latest {
            return Err(DoorError::DatedInFuture { date: body.claimed.to(), latest });
        }
        self.check_batch_key(signer, KeyRole::Issue, &body.issuer, now)
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

    /// The institution must be accredited when the batch is logged, or the authority must have vouched by
    /// its countersignature that only its rights have ended since the claimed dates. Who signs on behalf of
    /// another is judged by its mandate, with the claimed dates.
    fn judge_log_time(
        &self,
        body: &Batch,
        signer: &PublicKey,
        vouched: bool,
        now: UnixSeconds,
    ) -> Result<(), DoorError> {
        let Some(refusal) = self.refusal_of_batch(body, signer, now, now) else {
            return Ok(());
        };
        let ended = matches!(
            refusal,
            Refusal::Expired { .. }
                | Refusal::Suspended { .. }
                | Refusal::Revoked { .. }
                | Refusal::Succeeded { .. }
        );
        let of_measured = refusal.institution() == Some(measured(body));
        let by_mandate = body.on_behalf_of.is_some();
        if of_measured && (by_mandate || (ended && vouched && body.claimed.to() < now)) {
            return Ok(());
        }
        Err(DoorError::Refused { at: now, refusal: Box::new(refusal) })
    }

    /// The institution must have been accredited on all claimed dates. A late batch is excused from
    /// dates of which the registry has no record, since registers are older than logs; never from dates
    /// on which the registry says no.
    fn judge_claimed_dates(
        &self,
        body: &Batch,
        signer: &PublicKey,
        now: UnixSeconds,
    ) -> Result<(), DoorError> {
        let late = now.get().saturating_sub(body.claimed.to().get()) > LATE_AFTER_SECONDS;
        let mut dates = self.batch_turning_points(body);
        dates.retain(|date| body.claimed.contains(*date));
        dates.sort();
        dates.dedup();
        for at in dates {
            let Some(refusal) = self.refusal_of_batch(body, signer, at, now) else { continue };
            let no_record = matches!(refusal, Refusal::NotYetAccredited { .. } | Refusal::Expired { .. });
            if !(late && no_record && refusal.institution() == Some(measured(body))) {
                return Err(DoorError::Refused { at, refusal: Box::new(refusal) });
            }
        }
        Ok(())
    }

    fn refusal_of_batch(
        &self,
        body: &Batch,
        signer: &PublicKey,
        effective_at: UnixSeconds,
        now: UnixSeconds,
    ) -> Option<Refusal> {
        body.isced_f.as_slice().iter().find_map(|field| {
            match self.authorised(&question(body, signer, field, effective_at, now)) {
                Authorisation::Authorised(_) => None,
                Authorisation::Refused(refusal) => Some(refusal),
            }
        })
    }
}

/// The times of logging at which a batch stops being too early, and begins to be late.
pub(super) fn log_turning_points(body: &Batch) -> [UnixSeconds; 2] {
    let to = body.claimed.to().get();
    let late = to.saturating_add(LATE_AFTER_SECONDS).saturating_add(1);
    [UnixSeconds::new(to.saturating_sub(FUTURE_MAX_SECONDS)), UnixSeconds::new(late)]
}

/// The institution whose accreditation is the measure.
fn measured(body: &Batch) -> &InstitutionId {
    body.on_behalf_of.as_ref().unwrap_or(&body.issuer)
}

fn question<'a>(
    body: &'a Batch,
    signer: &'a PublicKey,
    field: &'a IscedField,
    effective_at: UnixSeconds,
    now: UnixSeconds,
) -> Question<'a> {
    Question {
        signer,
        role: KeyRole::Issue,
        on_behalf_of: body.on_behalf_of.as_ref(),
        kind: &body.kind,
        level: body.isced_level,
        field: Some(field),
        effective_at,
        evidence: Evidence::Logged { at: now },
        known_at: KnownAt::Latest,
    }
}
