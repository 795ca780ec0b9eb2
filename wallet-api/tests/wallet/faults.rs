//! Every write fails once and is lost, and once and is kept all the same; then everything is opened again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use matricula_state::{
    Change, LostState, MemoryStore, Op, Row, StateError, StateStore, Table, Version, Versioned,
};
use matricula_wallet_api::{Choice, Session, SessionToken, ShareToken, Wallet, WalletError};

use crate::support::{BASE, PASSWORD, World, diploma};

/// A store whose n-th write fails: before it was made, or after.
#[derive(Debug)]
struct FailingStore {
    inner: Arc<MemoryStore>,
    left: AtomicUsize,
    kept: bool,
}

impl StateStore for FailingStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StateError> {
        self.inner.get(table, key)
    }

    fn apply(&self, ops: &[Op]) -> Result<Version, StateError> {
        match self.left.fetch_sub(1, Ordering::SeqCst) {
            0 => {
                if self.kept {
                    self.inner.apply(ops)?;
                }
                Err(StateError::Lost(LostState::Malformed { key: Vec::new() }))
            }
            _ => self.inner.apply(ops),
        }
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, StateError> {
        self.inner.scan(table, prefix, after, limit)
    }

    fn changes_since(&self, after: Version, limit: usize) -> Result<Vec<Change>, StateError> {
        self.inner.changes_since(after, limit)
    }
}

/// A learner with one record in the account and one waiting; then one step under a failing store; then a look
/// from a fresh wallet on the same rows.
fn step(
    kept: bool,
    act: impl Fn(&Wallet, &Session, &str) -> Result<(), WalletError>,
    look: impl Fn(&Wallet, &Session, &str),
) {
    let inner = Arc::new(MemoryStore::new());
    let world = World::on(Arc::clone(&inner) as Arc<dyn StateStore>, BASE);
    let session = world.wallet().sign_up("ana", PASSWORD).expect("signs up");
    let token = session.token().encode();
    let first = world.deposit(&diploma(1)).encode();
    world.wallet().claim(&session, &first).expect("claims");
    let code = world.deposit(&diploma(2)).encode();

    let failing = FailingStore { inner: Arc::clone(&inner), left: AtomicUsize::new(0), kept };
    let broken = World::on(Arc::new(failing), BASE);
    let reopened = |world: &World| world.wallet().session(SessionToken::parse(&token).expect("token"));
    let outcome = act(broken.wallet(), &reopened(&broken).expect("session"), &code);
    assert!(matches!(outcome, Err(WalletError::State(StateError::Lost(_)))), "{outcome:?}");

    let after = World::on(inner, BASE);
    let session = reopened(&after).expect("session");
    look(after.wallet(), &session, &code);
}

#[test]
fn a_lost_claim_leaves_the_offer_or_the_record_and_never_neither() {
    for kept in [false, true] {
        let act = |wallet: &Wallet, session: &Session, code: &str| wallet.claim(session, code).map(|_| ());
        step(kept, act, |wallet, session, code| {
            assert_eq!(wallet.records(session).expect("records").len(), if kept { 2 } else { 1 });
            match wallet.claim(session, code) {
                Ok(_) => assert!(!kept),
                Err(error) => assert!(kept && matches!(error, WalletError::CodeUnknown), "{error}"),
            }
            assert_eq!(wallet.records(session).expect("records").len(), 2);
        });
    }
}

#[test]
fn a_lost_share_is_whole_or_absent_and_no_token_was_told() {
    for kept in [false, true] {
        let act = |wallet: &Wallet, session: &Session, _: &str| {
            let records = wallet.records(session)?.iter().map(|kept| kept.id).collect();
            wallet.share(session, &Choice { records, with_evidence: true }, 60).map(|_| ())
        };
        step(kept, act, |wallet, session, _| {
            let shares = wallet.shares(session).expect("shares");
            assert_eq!(shares.len(), usize::from(kept));
            assert_eq!(wallet.disclosures(session).expect("log").len(), usize::from(kept));
            for share in shares {
                let token = share.url.rsplit('/').next().and_then(ShareToken::parse).expect("token");
                assert!(wallet.view_share(&token).is_ok());
            }
        });
    }
}

#[test]
fn a_lost_deletion_deletes_all_or_nothing() {
    for kept in [false, true] {
        let act = |wallet: &Wallet, session: &Session, _: &str| {
            let id = wallet.records(session)?[0].id;
            wallet.delete_record(session, id)
        };
        step(kept, act, |wallet, session, _| {
            assert_eq!(wallet.records(session).expect("records").len(), usize::from(!kept));
        });
    }
}

#[test]
fn a_lost_binding_leaves_the_record_and_can_be_asked_again() {
    for kept in [false, true] {
        let act = |wallet: &Wallet, session: &Session, _: &str| {
            let id = wallet.records(session)?[0].id;
            wallet.bind(session, id).map(|_| ())
        };
        step(kept, act, |wallet, session, _| {
            let record = wallet.records(session).expect("records").remove(0);
            assert_eq!(record.record.binding.is_some(), kept);
            assert!(wallet.bind(session, record.id).expect("binds").record.binding.is_some());
        });
    }
}

#[test]
fn a_lost_change_of_password_leaves_one_that_opens() {
    for kept in [false, true] {
        let act = |wallet: &Wallet, session: &Session, _: &str| {
            wallet.change_password(session, PASSWORD, "another password")
        };
        step(kept, act, |wallet, _, _| {
            assert_eq!(wallet.log_in("ana", PASSWORD).is_ok(), !kept);
            assert_eq!(wallet.log_in("ana", "another password").is_ok(), kept);
        });
    }
}
