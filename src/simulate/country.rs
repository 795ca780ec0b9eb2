//! What happens in a country in a year, in entries of its log.

use serde::Serialize;

/// Places of one status list: DESIGN of the credential crate.
const STATUS_PLACES: u64 = 131_072;

/// A country, and how much of everything it does. Shares are of learners or records, a year.
#[derive(Clone, Debug, Serialize)]
pub struct Country {
    /// Schools and other institutions.
    pub institutions: u64,
    /// Learners enrolled at any time.
    pub learners: u64,
    /// Years that the log runs.
    pub years: u64,
    /// Grades from first to last; so many learners in each, and the last leaves every year.
    pub grades: u64,
    /// Batches an institution signs a year: a kind, level and date each.
    pub batches_per_institution: u64,
    /// Keys an institution holds at a time.
    pub keys_per_institution: u64,
    /// Years until a key is replaced.
    pub key_years: u64,
    /// Years until an accreditation is renewed.
    pub accreditation_years: u64,
    /// Of a thousand learners, how many change schools a year; each change is one commitment in the log.
    pub transfers_per_thousand: u64,
    /// Of a thousand records, how many are revoked, suspended or corrected.
    pub changes_per_thousand: u64,
    /// Enrolment rolls an institution commits to a year.
    pub rolls_per_institution: u64,
}

impl Country {
    /// A country of that size with ordinary habits.
    pub fn new(institutions: u64, learners: u64, years: u64) -> Self {
        Self {
            institutions,
            learners,
            years,
            grades: 12,
            batches_per_institution: 16,
            keys_per_institution: 4,
            key_years: 3,
            accreditation_years: 5,
            transfers_per_thousand: 50,
            changes_per_thousand: 3,
            rolls_per_institution: 2,
        }
    }

    /// Credentials issued a year: a transcript a learner, a diploma a leaver, a transfer record a transfer.
    pub fn credentials_a_year(&self) -> u64 {
        self.learners + self.learners / self.grades.max(1) + self.transfers_a_year()
    }

    /// Learners who change schools a year.
    pub fn transfers_a_year(&self) -> u64 {
        self.learners * self.transfers_per_thousand / 1000
    }

    /// Entries of the log after all its years, by kind.
    pub fn entries(&self) -> Entries {
        let credentials = self.credentials_a_year();
        let changes = credentials * self.changes_per_thousand / 1000;
        Entries {
            // The first one founds the log.
            authority: 1,
            accreditation: self.institutions * renewals(self.years, self.accreditation_years),
            key: self.institutions * self.keys_per_institution * renewals(self.years, self.key_years),
            batch: self.institutions * self.batches_per_institution * self.years,
            // A list is published at most once a day, and only when something on it has changed.
            status: (1..=self.years)
                .map(|year| changes.min(365 * (credentials * year).div_ceil(STATUS_PLACES)))
                .sum(),
            commitment: (self.transfers_a_year() + self.institutions * self.rolls_per_institution)
                * self.years,
        }
    }
}

/// The first time, and once more whenever the time has run out before the end.
fn renewals(years: u64, every: u64) -> u64 {
    years.div_ceil(every.max(1)).max(1)
}

/// Entries by kind of statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Entries {
    /// Of the authority about itself.
    pub authority: u64,
    /// Accreditations.
    pub accreditation: u64,
    /// Keys.
    pub key: u64,
    /// Batches of credentials.
    pub batch: u64,
    /// New versions of status lists.
    pub status: u64,
    /// Commitments.
    pub commitment: u64,
}

impl Entries {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.by_kind().iter().map(|(_, count)| count).sum()
    }

    /// Each kind with its number.
    pub fn by_kind(&self) -> [(&'static str, u64); 6] {
        [
            ("authority", self.authority),
            ("accreditation", self.accreditation),
            ("key", self.key),
            ("batch", self.batch),
            ("status", self.status),
            ("commitment", self.commitment),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_a_small_country_logs() {
        let mut country = Country::new(10, 1_200, 6);
        country.changes_per_thousand = 100;
        let entries = country.entries();
        assert_eq!(entries.accreditation, 10 * 2, "at first, and after five years");
        assert_eq!(entries.key, 10 * 4 * 2);
        assert_eq!(entries.batch, 10 * 16 * 6);
        // 1,200 transcripts, 100 diplomas and 60 transfers a year; 136 of them change.
        assert_eq!(country.credentials_a_year(), 1_360);
        assert_eq!(entries.status, 136 * 6);
        assert_eq!(entries.commitment, (60 + 20) * 6);
        assert_eq!(entries.total(), 1 + 20 + 80 + 960 + 816 + 480);
    }

    #[test]
    fn publishes_a_list_once_a_day_at_most() {
        let mut country = Country::new(10, 1_200, 1);
        country.changes_per_thousand = 900;
        assert_eq!(country.entries().status, 365);
    }
}
