//! Limits on wrong passwords and wrong codes.

use std::collections::HashMap;

use matricula_tlog::UnixSeconds;

/// Distinct keys remembered: 100,000 of 48 bytes are about 10 MB with the table's overhead.
const KEYS_MAX: usize = 100_000;

/// Attempts in a window of all keys that found no room, together.
const OVERFLOW_ATTEMPTS_MAX: u32 = 1_000;

/// Attempts in a window of time, by key. An attempt counts before it is made, so that many at once gain nothing.
#[derive(Debug)]
pub(crate) struct Limiter {
    attempts_max: u32,
    window_seconds: u64,
    windows: HashMap<[u8; 32], Window>,
    overflow: Window,
    swept: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Window {
    attempts: u32,
    ends: u64,
}

/// No more attempts for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limited {
    pub(crate) retry_after_seconds: u64,
}

impl Limiter {
    pub(crate) fn new(attempts_max: u32, window_seconds: u64) -> Self {
        Self { attempts_max, window_seconds, windows: HashMap::new(), overflow: Window::default(), swept: 0 }
    }

    /// Counts an attempt, or refuses it.
    pub(crate) fn attempt(&mut self, key: [u8; 32], now: UnixSeconds) -> Result<(), Limited> {
        let now = now.get();
        // Once a second at most: a flood of keys must not make every attempt walk through all of them.
        if self.windows.len() >= KEYS_MAX && self.swept != now {
            self.windows.retain(|_, window| window.ends > now);
            self.swept = now;
        }
        let (window, attempts_max) = if self.windows.len() < KEYS_MAX || self.windows.contains_key(&key) {
            (self.windows.entry(key).or_default(), self.attempts_max)
        } else {
            (&mut self.overflow, OVERFLOW_ATTEMPTS_MAX)
        };
        if window.ends <= now {
            *window = Window { attempts: 0, ends: now.saturating_add(self.window_seconds) };
        }
        if window.attempts >= attempts_max {
            return Err(Limited { retry_after_seconds: window.ends - now });
        }
        window.attempts += 1;
        Ok(())
    }

    /// Forgets the attempts of a key: the last one was right.
    pub(crate) fn succeeded(&mut self, key: &[u8; 32]) {
        self.windows.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> UnixSeconds {
        UnixSeconds::new(seconds)
    }

    #[test]
    fn refuses_the_attempt_after_the_last_one_until_the_window_ends() {
        let mut limiter = Limiter::new(2, 60);
        assert_eq!(limiter.attempt([1; 32], at(100)), Ok(()));
        assert_eq!(limiter.attempt([1; 32], at(110)), Ok(()));
        assert_eq!(limiter.attempt([1; 32], at(120)), Err(Limited { retry_after_seconds: 40 }));
        assert_eq!(limiter.attempt([2; 32], at(120)), Ok(()));
        assert_eq!(limiter.attempt([1; 32], at(160)), Ok(()));
    }

    #[test]
    fn success_forgets() {
        let mut limiter = Limiter::new(1, 60);
        assert_eq!(limiter.attempt([1; 32], at(0)), Ok(()));
        limiter.succeeded(&[1; 32]);
        assert_eq!(limiter.attempt([1; 32], at(0)), Ok(()));
    }

    #[test]
    fn a_flood_of_keys_takes_bounded_room_and_shares_one_window() {
        let mut limiter = Limiter::new(1, 60);
        let key = |number: usize| {
            let mut key = [0; 32];
            key[..8].copy_from_slice(&(number as u64).to_be_bytes());
            key
        };
        let let_in =
            (0..KEYS_MAX + 5_000).filter(|number| limiter.attempt(key(*number), at(5)).is_ok()).count();
        assert_eq!(let_in, KEYS_MAX + OVERFLOW_ATTEMPTS_MAX as usize);
        assert_eq!(limiter.windows.len(), KEYS_MAX);
        assert_eq!(limiter.attempt(key(KEYS_MAX + 9_000), at(65)), Ok(()));
        assert_eq!(limiter.windows.len(), 1);
    }
}
