//! How much of a log a mirror takes a day: nobody may fill another country's disks.

use std::collections::BTreeMap;

use matricula_registry::InstitutionId;
use matricula_tlog::UnixSeconds;

const DAY_SECONDS: u128 = 86_400;

/// What a log, and each institution in it, may add a day, and for how many days at once.
///
/// A country of 1,270 institutions and 1.2 million learners logs some hundred entries a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Entries of the whole log.
    pub entries_per_day: u64,
    /// Bytes of the whole log.
    pub bytes_per_day: u64,
    /// Entries of one institution.
    pub institution_entries_per_day: u64,
    /// Days whose share may come at once, as after an outage.
    pub burst_days: u32,
}

impl Default for Quota {
    /// Far above what a country needs, far below what fills a disk before somebody notices: 20,000 entries of 32 MiB a day,
    /// 2,000 by one institution, for thirty days at once.
    fn default() -> Self {
        Self {
            entries_per_day: 20_000,
            bytes_per_day: 32 * 1024 * 1024,
            institution_entries_per_day: 2_000,
            burst_days: 30,
        }
    }
}

/// Whose share is used up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuotaSubject {
    /// The log's, in entries.
    LogEntries,
    /// The log's, in bytes.
    LogBytes,
    /// An institution's, in entries.
    Institution(InstitutionId),
}

/// A share is used up for now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverQuota {
    /// Whose.
    pub subject: QuotaSubject,
    /// In how many seconds the next entry fits.
    pub retry_after_seconds: u64,
}

/// What has been used, of one log.
#[derive(Clone, Debug)]
pub(super) struct Usage {
    quota: Quota,
    entries: Bucket,
    bytes: Bucket,
    institutions: BTreeMap<InstitutionId, Bucket>,
}

impl Usage {
    pub(super) fn new(quota: Quota) -> Self {
        let (entries, bytes) = (Bucket::default(), Bucket::default());
        Self { quota, entries, bytes, institutions: BTreeMap::new() }
    }

    /// Counts an entry, whether it fits or not; tells when it does not.
    pub(super) fn charge(
        &mut self,
        institution: Option<&InstitutionId>,
        bytes: usize,
        now: UnixSeconds,
    ) -> Result<(), OverQuota> {
        let Quota { entries_per_day, bytes_per_day, institution_entries_per_day, burst_days } = self.quota;
        let entries = self.entries.fill(1, entries_per_day, burst_days, now);
        let log_bytes = self.bytes.fill(bytes as u64, bytes_per_day, burst_days, now);
        let own = institution.map(|id| {
            let bucket = self.institutions.entry(id.clone()).or_default();
            (id, bucket.fill(1, institution_entries_per_day, burst_days, now))
        });
        let over = |subject, retry_after_seconds| Err(OverQuota { subject, retry_after_seconds });
        match (entries, log_bytes, own) {
            (Some(wait), _, _) => over(QuotaSubject::LogEntries, wait),
            (_, Some(wait), _) => over(QuotaSubject::LogBytes, wait),
            (_, _, Some((id, Some(wait)))) => over(QuotaSubject::Institution(id.clone()), wait),
            _ => Ok(()),
        }
    }
}

/// A bucket that leaks a day's share in a day. It holds units of 1/86,400, so that a second leaks whole ones.
#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    level: u128,
    at: u64,
}

impl Bucket {
    /// Pours in, and tells in how many seconds it would have fitted when it runs over.
    fn fill(&mut self, amount: u64, per_day: u64, burst_days: u32, now: UnixSeconds) -> Option<u64> {
        let leak = u128::from(per_day);
        let passed = u128::from(now.get().saturating_sub(self.at));
        self.level = self.level.saturating_sub(passed.saturating_mul(leak));
        self.at = self.at.max(now.get());
        self.level = self.level.saturating_add(u128::from(amount) * DAY_SECONDS);
        let over = self.level.saturating_sub(leak * DAY_SECONDS * u128::from(burst_days));
        (over > 0).then(|| u64::try_from(over.div_ceil(leak.max(1))).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage() -> Usage {
        Usage::new(Quota {
            entries_per_day: 10,
            bytes_per_day: 1_000,
            institution_entries_per_day: 3,
            burst_days: 2,
        })
    }

    fn school(name: &str) -> InstitutionId {
        InstitutionId::parse(&format!("did:web:{name}.example")).unwrap()
    }

    fn charge(usage: &mut Usage, school: &InstitutionId, bytes: usize, now: u64) -> Result<(), OverQuota> {
        usage.charge(Some(school), bytes, UnixSeconds::new(now))
    }

    #[test]
    fn an_institution_may_use_the_share_of_the_burst_and_no_more() {
        let (mut usage, one, other) = (usage(), school("one"), school("other"));
        for _ in 0..6 {
            assert_eq!(charge(&mut usage, &one, 1, 1_000), Ok(()));
        }
        let subject = QuotaSubject::Institution(one.clone());
        let over = charge(&mut usage, &one, 1, 1_000);
        assert_eq!(over, Err(OverQuota { subject, retry_after_seconds: 28_800 }));
        assert_eq!(charge(&mut usage, &other, 1, 1_000), Ok(()), "another one has its own share");
    }

    #[test]
    fn a_share_comes_back_with_time_and_not_when_the_clock_goes_back() {
        let (mut usage, one) = (usage(), school("one"));
        (0..6).for_each(|_| assert_eq!(charge(&mut usage, &one, 1, 1_000), Ok(())));
        let before = usage.clone();
        assert!(charge(&mut usage, &one, 1, 1_000 + 28_799).is_err());
        usage = before.clone();
        assert_eq!(charge(&mut usage, &one, 1, 1_000 + 28_800), Ok(()));
        usage = before;
        assert!(charge(&mut usage, &one, 1, 0).is_err());
    }

    #[test]
    fn the_log_has_a_share_of_entries_and_of_bytes() {
        let mut usage_of_entries = usage();
        for number in 0..20 {
            let one = school(&format!("s{}", number % 7));
            assert_eq!(charge(&mut usage_of_entries, &one, 1, 1_000), Ok(()));
        }
        let over = usage_of_entries.charge(None, 1, UnixSeconds::new(1_000)).unwrap_err();
        assert_eq!(over.subject, QuotaSubject::LogEntries);
        let mut usage_of_bytes = usage();
        assert_eq!(charge(&mut usage_of_bytes, &school("one"), 2_000, 1_000), Ok(()));
        let over = charge(&mut usage_of_bytes, &school("one"), 1, 1_000).unwrap_err();
        assert_eq!((over.subject, over.retry_after_seconds), (QuotaSubject::LogBytes, 87));
    }
}
