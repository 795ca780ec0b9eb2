//! When a statement may have been logged: the question of whoever rebuilds a log whose times are lost.

use matricula_tlog::{LeafIndex, UnixSeconds};

use crate::{
    door::{DoorError, LogTime},
    registry::Registry,
    statement::VerifiedStatement,
};

impl Registry {
    /// The stretches of a window in which the door would let a statement be leaf `index`, from the earliest to the
    /// latest: at least one. At the first and at the last second of each it has been asked.
    ///
    /// # Errors
    /// [`DoorError`] when there is none: the first rule that it breaks at the window's end.
    pub fn admissible(
        &self,
        index: LeafIndex,
        window: LogTime,
        verified: &VerifiedStatement,
    ) -> Result<Vec<LogTime>, DoorError> {
        if index != self.next_index() {
            return Err(DoorError::NotNextLeaf { index, next: self.next_index() });
        }
        let statement = verified.statement();
        let (earliest, latest) = (window.earliest(), window.latest());
        let mut starts = self.turning_points(statement);
        starts.retain(|point| earliest < *point && *point <= latest);
        starts.push(earliest);
        starts.sort();
        starts.dedup();
        let mut stretches: Vec<LogTime> = Vec::new();
        for (position, start) in starts.iter().enumerate() {
            let next = starts.get(position + 1);
            let end = next.map_or(latest, |next| UnixSeconds::new(next.get().saturating_sub(1)));
            if self.decide(statement, *start).is_err() {
                continue;
            }
            let end = if self.decide(statement, end).is_ok() { end } else { *start };
            let joined = stretches.last().filter(|last| last.latest().get() + 1 == start.get());
            match joined.map(|last| last.earliest()) {
                Some(first) => {
                    stretches.last_mut().into_iter().for_each(|last| *last = LogTime::between(first, end))
                }
                None => stretches.push(LogTime::between(*start, end)),
            }
        }
        if stretches.is_empty() {
            // A rule may turn where no date says so; the window's end is the last chance.
            self.decide(statement, latest)?;
            stretches.push(LogTime::at(latest));
        }
        Ok(stretches)
    }
}
