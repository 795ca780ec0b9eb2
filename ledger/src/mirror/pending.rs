//! The checkpoints of a log that are, or lately were, pending: what uploads lead to, and what bounds the times of entries.

use matricula_registry::LogTime;
use matricula_state::{Expected, Op, StateStore, Table};
use matricula_tlog::{
    LeafIndex, Origin, SignatureCheck, SignedCheckpoint, TreeSize, UnixSeconds, VerifierKey, origin_hash,
};

use crate::witness::{Offered, Tracked, WitnessError};

/// Pending checkpoints by the hash of the origin and the size.
const RECENT: Table = Table::new("mirror-recent");

/// Pending checkpoints that uploads may lead to. A log that publishes five times a second moves through them in three
/// seconds, longer than a request takes; a client that is slower is told the latest.
pub const PENDING_KEPT_MAX: usize = 16;

/// How old the log's own cosignature on a checkpoint may be when it arrives, to bound the times of entries.
pub const FRESH_SECONDS: u64 = 600;

/// How far two clocks, and the reading of one clock before and after a commit, may differ.
pub const CLOCK_SKEW_SECONDS: u64 = 300;

/// A checkpoint that was pending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pending {
    /// With the log's signature.
    pub(super) checkpoint: SignedCheckpoint,
    /// When it arrived, by the mirror's clock.
    pub(super) received: UnixSeconds,
    /// When the log's own witness cosigned it, if that was fresh.
    pub(super) claimed: Option<UnixSeconds>,
}

impl Pending {
    pub(super) fn size(&self) -> TreeSize {
        self.checkpoint.unverified().size()
    }
}

impl From<Tracked> for Pending {
    /// One that was cosigned, as an upload may lead to it again.
    fn from(cosigned: Tracked) -> Self {
        Self { checkpoint: cosigned.checkpoint, received: cosigned.at, claimed: None }
    }
}

/// Those of one log.
pub(super) struct PendingLog<'m> {
    state: &'m dyn StateStore,
    origin: &'m Origin,
}

impl<'m> PendingLog<'m> {
    pub(super) fn new(state: &'m dyn StateStore, origin: &'m Origin) -> Self {
        Self { state, origin }
    }

    /// All that are kept, the smallest first.
    pub(super) fn all(&self) -> Result<Vec<Pending>, WitnessError> {
        let prefix = origin_hash(self.origin);
        // Beside those that uploads lead to, one that bounds the times of the next entry, and one that just arrived.
        let rows = self.state.scan(RECENT, prefix.as_bytes(), None, PENDING_KEPT_MAX + 2)?;
        let damaged = || WitnessError::DamagedRecord { origin: self.origin.clone() };
        rows.iter().map(|row| decode(&row.value).ok_or_else(damaged)).collect()
    }

    /// What is to be written when a checkpoint becomes pending: itself, and the end of those that nobody needs.
    pub(super) fn remember(
        &self,
        offered: &Offered<'_>,
        time_key: Option<&VerifierKey>,
        next: LeafIndex,
        now: UnixSeconds,
    ) -> Result<Vec<Op>, WitnessError> {
        let mut kept = self.all()?;
        let size = offered.signed.unverified().size();
        let known = kept.iter().position(|pending| pending.size() == size).map(|place| kept.remove(place));
        // What once was known of its time is not forgotten when somebody sends it again without.
        let claimed = claimed_at(offered.received, time_key, now).max(known.as_ref().and_then(|k| k.claimed));
        let received = known.map_or(now, |known| known.received);
        let pending = Pending { checkpoint: offered.signed.clone(), received, claimed };
        let mut ops = vec![Op::put(RECENT, self.key(size), encode(&pending), Expected::Any)];
        let floor = kept.iter().rposition(|kept| kept.size().get() <= next.get() && kept.claimed.is_some());
        let ahead_of_limit = kept.len().saturating_sub(PENDING_KEPT_MAX - 1);
        for (place, old) in kept.iter().enumerate() {
            if Some(place) != floor && place < ahead_of_limit.max(floor.unwrap_or(0)) {
                ops.push(Op::delete(RECENT, self.key(old.size()), Expected::Any));
            }
        }
        Ok(ops)
    }

    fn key(&self, size: TreeSize) -> Vec<u8> {
        [origin_hash(self.origin).as_bytes(), &size.get().to_be_bytes()].concat()
    }
}

/// When an entry may have been logged, going by the checkpoints that came without it and with it.
pub(super) fn window(pending: &[Pending], index: LeafIndex) -> LogTime {
    let without = pending.iter().filter(|pending| pending.size().get() <= index.get());
    let earliest = without.filter_map(|pending| pending.claimed).max().map_or(0, UnixSeconds::get);
    let with = pending.iter().find(|pending| pending.size().get() > index.get());
    let latest = with.map_or(earliest, |with| with.claimed.unwrap_or(with.received).get());
    LogTime::between(
        UnixSeconds::new(earliest.saturating_sub(CLOCK_SKEW_SECONDS)),
        UnixSeconds::new(latest.saturating_add(CLOCK_SKEW_SECONDS)),
    )
}

/// The latest fresh time that the log's own witness gives.
fn claimed_at(
    received: &SignedCheckpoint,
    time_key: Option<&VerifierKey>,
    now: UnixSeconds,
) -> Option<UnixSeconds> {
    let (key, note) = (time_key?, received.note());
    let fresh = now.get().saturating_sub(FRESH_SECONDS)..=now.get().saturating_add(CLOCK_SKEW_SECONDS);
    let times = note.signatures().iter().filter_map(|line| match key.check(note.text(), line) {
        Ok(SignatureCheck::Cosigned { at }) if fresh.contains(&at.get()) => Some(at),
        _ => None,
    });
    times.max()
}

/// `received <seconds>`, `claimed <seconds>` or `unclaimed`, then the note.
fn encode(pending: &Pending) -> String {
    let claimed = pending.claimed.map_or("unclaimed".to_owned(), |at| format!("claimed {at}"));
    format!("received {}\n{claimed}\n{}", pending.received, pending.checkpoint.encode())
}

fn decode(row: &[u8]) -> Option<Pending> {
    let (received, rest) = core::str::from_utf8(row).ok()?.strip_prefix("received ")?.split_once('\n')?;
    let (claimed, note) = rest.split_once('\n')?;
    let claimed = match claimed.strip_prefix("claimed ") {
        Some(at) => Some(UnixSeconds::parse(at).ok()?),
        None if claimed == "unclaimed" => None,
        None => return None,
    };
    let received = UnixSeconds::parse(received).ok()?;
    Some(Pending { checkpoint: SignedCheckpoint::parse(note.as_bytes()).ok()?, received, claimed })
}
