//! The rosters the demo runs on; the people in them are invented.

use matricula_issuer::batch::RosterDigest;
use matricula_issuer::roster::{self, Checked, Roster, RosterFile};
use matricula_tlog::UnixSeconds;

use crate::failure::Failure;
use crate::moment::Moment;

/// A roster with its further files.
pub struct Sample {
    files: Vec<(&'static str, Vec<u8>)>,
}

macro_rules! shipped {
    ($($file:literal),*) => {
        Sample { files: vec![$(($file, include_bytes!(concat!("../../tests/samples/rosters/", $file)).to_vec())),*] }
    };
}

/// 300 leavers of a secondary school in Honduras.
pub fn honduras_leavers() -> Sample {
    shipped!("honduras-leavers-2026.csv")
}

/// The same with their 3,000 results.
pub fn honduras_transcripts() -> Sample {
    shipped!("honduras-leavers-2026.csv", "honduras-results-2026.csv", "grading-scales.csv")
}

/// 40 learners who leave a school in Dakar in the middle of the year, with their results so far.
pub fn senegal_transfers() -> Sample {
    shipped!("senegal-transfers-2026.csv", "senegal-transfer-results-2026.csv", "grading-scales.csv")
}

/// 25 completions of primary school with Arabic names.
pub fn arabic_primary() -> Sample {
    shipped!("arabic-primary-2026.csv")
}

impl Sample {
    /// The leaver with this number alone, after one change to the text of the line.
    pub fn changed(mut self, learner_no: &str, from: &str, to: &str) -> Self {
        let (_, bytes) = &mut self.files[0];
        let text = String::from_utf8_lossy(bytes).into_owned();
        let mut lines = text.lines();
        let header = lines.next().unwrap_or_default();
        let line = lines.find(|line| line.starts_with(learner_no)).unwrap_or_default().replace(from, to);
        *bytes = format!("{header}\n{line}\n").into_bytes();
        self
    }

    /// Checks the files as `matricula import check` does.
    pub fn check(&self, today: UnixSeconds) -> Checked {
        let files: Vec<_> = self.files.iter().map(|(name, bytes)| RosterFile { name, bytes }).collect();
        roster::check(&files, Moment::at(today).date())
    }

    /// The roster; the problems where there is none.
    pub fn roster(&self, today: UnixSeconds) -> Result<Roster, Failure> {
        self.check(today).into_roster().map_err(|reports| {
            let text: String = reports.iter().map(roster::render::text).collect();
            Failure::new("roster_has_errors", text)
        })
    }

    /// What the roster is recognised by.
    pub fn digest(&self) -> RosterDigest {
        RosterDigest::of(&self.files[0].1)
    }
}
