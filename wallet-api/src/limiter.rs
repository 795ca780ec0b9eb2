//! Limits on wrong passwords and wrong codes.

use std::collections::HashMap;
use std::net::IpAddr;

use matricula_tlog::UnixSeconds;

/// Distinct keys remembered: 100,000 of 48 bytes are about 10 MB with the table's overhead.
const KEYS_MAX: usize = 100_000;

/// Attempts in a window of all keys that found no room, together.
const OVERFLOW_ATTEMPTS_MAX: u32 = 1_000;

/// Where attempts come from: an IPv4 address, or the half of an IPv6 address that names a network, since a customer gets the
/// other half whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress([u8; 32]);

impl ClientAddress {
    /// The address for the limits.
    pub fn new(address: IpAddr) -> Self {
        let mut key = [0; 32];
        match address.to_canonical() {
            IpAddr::V4(address) => {
                key[0] = 4;
                key[1..5].copy_from_slice(&address.octets());
            }
            IpAddr::V6(address) => {
                key[0] = 6;
                key[1..9].copy_from_slice(&address.octets()[..8]);
            }
        }
        Self(key)
    }

    pub(crate) const fn key(self) -> [u8; 32] {
        self.0
    }
}

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

    /// Takes one attempt of a key back: it was no wrong one. The others stay, so that nobody buys guesses with an account of
    /// their own.
    pub(crate) fn take_back(&mut self, key: &[u8; 32]) {
        if let Some(window) = self.windows.get_mut(key) {
            window.attempts = window.attempts.saturating_sub(1);
        }
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
    fn an_attempt_taken_back_leaves_the_others() {
        let mut limiter = Limiter::new(2, 60);
        assert_eq!(limiter.attempt([1; 32], at(0)), Ok(()));
        for _ in 0..9 {
            assert_eq!(limiter.attempt([1; 32], at(1)), Ok(()));
            limiter.take_back(&[1; 32]);
        }
        assert_eq!(limiter.attempt([1; 32], at(2)), Ok(()));
        assert_eq!(limiter.attempt([1; 32], at(2)), Err(Limited { retry_after_seconds: 58 }));
        limiter.take_back(&[2; 32]);
        assert_eq!(limiter.windows.len(), 1);
    }

    #[test]
    fn a_network_of_ipv6_is_one_client_and_an_ipv4_address_another() {
        let client = |text: &str| ClientAddress::new(text.parse().expect("address"));
        assert_eq!(client("2001:db8:1:2::1"), client("2001:db8:1:2:ffff::9"));
        assert_ne!(client("2001:db8:1:2::1"), client("2001:db8:1:3::1"));
        assert_eq!(client("::ffff:192.0.2.1"), client("192.0.2.1"));
        assert_ne!(client("192.0.2.1"), client("192.0.2.2"));
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
