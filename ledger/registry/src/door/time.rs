//! When an entry was, or is being, logged.

use matricula_tlog::UnixSeconds;

/// A time of logging: a second, or a window of which only the ends are known, as when a mirror
/// follows a log from checkpoint to checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LogTime {
    earliest: UnixSeconds,
    latest: UnixSeconds,
}

impl LogTime {
    /// Exactly then.
    pub const fn at(now: UnixSeconds) -> Self {
        Self { earliest: now, latest: now }
    }

    /// At some second from `earliest` to `latest`, both included. Ends the wrong way round count as
    /// the later one.
    pub fn between(earliest: UnixSeconds, latest: UnixSeconds) -> Self {
        Self { earliest: earliest.min(latest), latest: latest.max(earliest) }
    }

    /// The first second of the window.
    pub const fn earliest(self) -> UnixSeconds {
        self.earliest
    }

    /// The last second of the window.
    pub const fn latest(self) -> UnixSeconds {
        self.latest
    }

    /// The second, if it is known.
    pub fn exactly(self) -> Option<UnixSeconds> {
        (self.earliest == self.latest).then_some(self.earliest)
    }

    /// Whether a decision is good at some second: at the window's ends or at a turning point within.
    pub(super) fn any<E>(
        self,
        turning_points: impl FnOnce() -> Vec<UnixSeconds>,
        decide: impl Fn(UnixSeconds) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.exactly().is_some() {
            return decide(self.latest);
        }
        let mut points = turning_points();
        points.retain(|point| self.earliest < *point && *point < self.latest);
        points.push(self.earliest);
        points.sort();
        points.dedup();
        if points.into_iter().any(|point| decide(point).is_ok()) { Ok(()) } else { decide(self.latest) }
    }
}
