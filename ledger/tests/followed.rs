//! What a node that follows others' logs takes from strangers, and what it does without its memory.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode};
use matricula_ledger::mirror::{MirroredLog, Quota};
use matricula_ledger::witness::Kept;
use matricula_ledger::{
    Clock, FollowError, Followed, Following, FollowingKeys, LeftOut, Memory, Replicas, ReplicationView, Role,
    SubmitError, evidence_router, mirror_router, witness_router,
};
use matricula_registry::LogOrigin;
use matricula_tlog::{
    AddEntriesHeader, Charge, Checkpoint, Cosigner, Evidence, Hash, KeyName, LeafIndex, NoteSigner, Origin,
    ReasonCode, SignedCheckpoint, TreeSize, UnixSeconds, append_package, leaf_hash,
};
use support::{NOW, authority_key, commitment, create, entry, keys, signed_by};
use tempfile::TempDir;
use tower::ServiceExt;

const OTHER: &str = "log.sn.example/1";
const THIRD: &str = "log.ci.example/1";

fn log_key(name: &str) -> NoteSigner {
    NoteSigner::new(KeyName::new(name).unwrap(), &[9; 32])
}

fn cosigner(name: &str, seed: u8) -> Cosigner {
    Cosigner::new(KeyName::new(name).unwrap(), &[seed; 32])
}

fn neighbour() -> Cosigner {
    cosigner("log.sn.example/1/witness", 4)
}

fn followed(name: &str) -> Followed {
    let log = MirroredLog {
        log_key: log_key(name).verifier().clone(),
        time_key: None,
        root_keys: Vec::new(),
        quota: Quota::default(),
        backlog: TreeSize::new(0),
    };
    Followed { log, roles: BTreeSet::from([Role::Mirror, Role::Witness]) }
}

fn open(folder: &Path, memory: Memory) -> Result<Following, FollowError> {
    let keys =
        FollowingKeys { witness: cosigner("witness.example", 2), mirror: cosigner("mirror.example", 3) };
    let accusable = vec![neighbour().verifier().clone()];
    Following::open(folder, keys, vec![followed(OTHER), followed(THIRD)], accusable, memory)
}

fn checkpoint(origin: &str, root: Hash) -> SignedCheckpoint {
    let origin = Origin::new(origin).unwrap();
    Checkpoint::new(origin.clone(), TreeSize::new(1), root).unwrap().sign(&log_key(origin.as_str())).unwrap()
}

/// Somebody objects to the one entry of the log.
fn objection(entry: &[u8], reason: &str) -> Evidence {
    let charge = Charge::LoggedEntry {
        checkpoint: checkpoint(OTHER, leaf_hash(entry)),
        index: LeafIndex::new(0),
        entry: entry.to_vec(),
        path: Vec::new(),
        reason: ReasonCode::new(reason).unwrap(),
    };
    Evidence::new(log_key(OTHER).verifier().clone(), charge)
}

fn split(origin: &str, number: u8) -> Evidence {
    let (one, other) = (leaf_hash(b"one"), leaf_hash(&[number]));
    let charge = Charge::SplitView { one: checkpoint(origin, one), other: checkpoint(origin, other) };
    Evidence::new(log_key(origin).verifier().clone(), charge)
}

/// A rollback by the neighbour's witness, of whatever log.
fn rolled_back(origin: &str) -> Evidence {
    let cosigned = |size: u64, at: u64| {
        let tree = Checkpoint::new(Origin::new(origin).unwrap(), TreeSize::new(size), leaf_hash(b"root"));
        let mut note = tree.unwrap().sign(&log_key(origin)).unwrap();
        let verified = note.verify(log_key(origin).verifier()).unwrap();
        note.add_signature(neighbour().cosign(&verified, UnixSeconds::new(at)).unwrap()).unwrap();
        note
    };
    let charge = Charge::Rollback { larger: cosigned(2, 10), smaller: cosigned(1, 20) };
    Evidence::new(neighbour().verifier().clone(), charge)
}

#[test]
fn an_objection_to_an_entry_is_taken_only_when_it_convicts_by_itself() {
    let folder = TempDir::new().unwrap();
    let following = open(folder.path(), Memory::MayBegin).unwrap();
    let origin = LogOrigin::parse(OTHER).unwrap();
    let statement = signed_by(&commitment(1), 1, &origin, &authority_key());
    let honest = objection(&statement, "unknown_signer");
    assert!(honest.verify().is_ok(), "the log took it, that much is proven");
    assert_eq!(following.take_evidence(&honest).unwrap(), None);
    let malformed = b"no statement";
    let code = matricula_ledger::mirror::forbidden_by_itself(&origin, malformed).unwrap().code().to_owned();
    assert_eq!(following.take_evidence(&objection(malformed, "another_reason")).unwrap(), None);
    assert_eq!(following.take_evidence(&objection(malformed, &code)).unwrap(), Some(Kept::New));
}

#[test]
fn a_cosigner_is_accused_only_of_logs_that_are_known() {
    let folder = TempDir::new().unwrap();
    let following = open(folder.path(), Memory::MayBegin).unwrap();
    let stranger = rolled_back("log.nobody.example/1");
    assert!(stranger.verify().is_ok());
    assert_eq!(following.take_evidence(&stranger).unwrap(), None);
    assert_eq!(following.take_evidence(&rolled_back(OTHER)).unwrap(), Some(Kept::New));
    // What a cosigner did takes no place from what is kept against the log.
    assert_eq!(following.take_evidence(&split(OTHER, 0)).unwrap(), Some(Kept::New));
    assert_eq!(following.take_evidence(&split("log.nobody.example/1", 0)).unwrap(), None);
}

#[test]
fn a_memory_that_was_begun_is_not_begun_anew() {
    let folder = TempDir::new().unwrap();
    drop(open(folder.path(), Memory::MayBegin).unwrap());
    drop(open(folder.path(), Memory::Begun).unwrap());
    drop(open(folder.path(), Memory::MayBegin).unwrap());
    fs::remove_dir_all(folder.path().join("state")).unwrap();
    assert!(matches!(open(folder.path(), Memory::Begun), Err(FollowError::Forgotten)));
    fs::create_dir(folder.path().join("state")).unwrap();
    assert!(matches!(open(folder.path(), Memory::Begun), Err(FollowError::Forgotten)));
}

#[test]
fn a_log_that_was_stopped_is_resumed_over_the_folder_that_nobody_has_open() {
    let folder = TempDir::new().unwrap();
    let origin = Origin::new(OTHER).unwrap();
    assert!(matches!(Following::resume(folder.path(), &origin), Err(FollowError::Forgotten)));
    let following = open(folder.path(), Memory::MayBegin).unwrap();
    let entry = b"no statement";
    let request = format!("old 0\n\n{}", checkpoint(OTHER, leaf_hash(entry)).encode());
    assert_eq!(following.mirror().add_checkpoint(request.as_bytes(), NOW).unwrap().status(), 200);
    let header =
        AddEntriesHeader::new(origin.clone(), LeafIndex::new(0), TreeSize::new(1), Vec::new()).unwrap();
    let mut upload = header.encode();
    for place in header.packages() {
        append_package(&mut upload, place, &[entry], &[]).unwrap();
    }
    assert_eq!(following.mirror().add_entries(&upload, NOW).unwrap().status(), 422);
    assert!(matches!(Following::resume(folder.path(), &origin), Err(FollowError::State(_))), "it is in use");
    drop(following);
    assert!(!Following::resume(folder.path(), &Origin::new(THIRD).unwrap()).unwrap());
    assert!(Following::resume(folder.path(), &origin).unwrap());
    assert!(!Following::resume(folder.path(), &origin).unwrap());
}

#[test]
fn a_damaged_memory_is_an_error_and_no_panic() {
    let folder = TempDir::new().unwrap();
    drop(open(folder.path(), Memory::MayBegin).unwrap());
    fs::write(folder.path().join("state/conf"), b"not what the engine writes").unwrap();
    assert!(matches!(open(folder.path(), Memory::Begun), Err(FollowError::State(_))));
}

#[test]
fn a_log_that_cannot_be_opened_is_left_out_and_the_others_are_followed() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("copies")).unwrap();
    let hash = matricula_tlog::origin_hash(&Origin::new(OTHER).unwrap());
    fs::write(folder.path().join("copies").join(hash), b"not a folder").unwrap();
    let following = open(folder.path(), Memory::MayBegin).unwrap();
    let left: Vec<_> = following.left_out().iter().map(|left| left.origin.as_str()).collect();
    assert_eq!(left, [OTHER]);
    let origins: Vec<_> = following.origins().map(Origin::as_str).collect();
    assert_eq!(origins, [THIRD]);
    let witnessed = following.witness().logs().unwrap();
    assert!(witnessed.keys(&Origin::new(OTHER).unwrap()).is_none());
}

#[test]
fn a_node_stops_when_its_own_key_is_proven_to_have_forked_its_log() {
    let folder = TempDir::new().unwrap();
    let node = create(folder.path());
    let fork = |key: &NoteSigner| {
        let origin = Origin::from(key.verifier().name());
        let signed = |root: &[u8]| {
            let tree = Checkpoint::new(origin.clone(), TreeSize::new(7), leaf_hash(root));
            tree.unwrap().sign(key).unwrap()
        };
        Evidence::between(key.verifier(), &signed(b"one"), &signed(b"other"), &[]).unwrap()
    };
    assert!(!node.heed(&fork(&log_key(OTHER))), "it is about another log");
    assert!(!node.heed(&fork(&log_key(support::ORIGIN))), "another key has that name");
    assert!(node.submit(vec![entry(1)]).is_ok());
    assert!(node.heed(&fork(&keys().log)));
    assert!(matches!(node.submit(vec![entry(2)]), Err(SubmitError::Stopped)));
}

#[test]
fn a_log_that_is_left_out_is_shown_with_its_problem() {
    let (folder, roles) = (TempDir::new().unwrap(), BTreeSet::from([Role::Mirror]));
    let origin = Origin::new(OTHER).unwrap();
    let left = LeftOut { origin: origin.clone(), roles, problem: "/secret/path: lost".to_owned() };
    let shown = Replicas::new(Arc::new(create(folder.path()))).with_left_out(&[left]).followed();
    let [shown] = shown.as_slice() else { panic!("{shown:?}") };
    assert_eq!((&shown.origin, shown.role), (&origin, Role::Mirror));
    let problem = shown.problem.as_deref().unwrap();
    assert!(problem.contains("not followed") && !problem.contains("secret"), "{problem}");
}

/// A body of which only the first piece comes.
struct Silent(Bytes);

impl http_body::Body for Silent {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        let first = std::mem::take(&mut self.0);
        if first.is_empty() { Poll::Pending } else { Poll::Ready(Some(Ok(http_body::Frame::data(first)))) }
    }
}

fn silent(path: &str, first: Vec<u8>) -> Request<Body> {
    let request = Request::post(path).header("content-type", "application/octet-stream");
    request.body(Body::new(Silent(first.into()))).unwrap()
}

async fn status_among_silent(router: Router, path: &str, first: &[u8], request: Request<Body>) -> StatusCode {
    let waiting: Vec<_> =
        (0..40).map(|_| tokio::spawn(router.clone().oneshot(silent(path, first.to_vec())))).collect();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let status = router.oneshot(request).await.unwrap().status();
    waiting.iter().for_each(tokio::task::JoinHandle::abort);
    status
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_silent_takes_no_place() {
    let folder = TempDir::new().unwrap();
    let following = Arc::new(open(folder.path(), Memory::MayBegin).unwrap());
    let clock = Clock::new(|| NOW);
    let mirror = mirror_router(following.mirror().clone(), clock.clone());
    let witness = witness_router(following.witness().clone(), clock);
    let evidence = evidence_router(following);
    let ask = |path: &str| {
        let request = Request::post(path).header("content-type", "application/octet-stream");
        request.body(Body::from("nothing")).unwrap()
    };
    for (router, path, status) in [
        (witness, "/add-checkpoint", 400),
        (mirror.clone(), "/add-checkpoint", 400),
        (mirror.clone(), "/add-entries", 400),
        (evidence, "/evidence", 422),
    ] {
        assert_eq!(status_among_silent(router, path, b"", ask(path)).await, status, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_of_one_log_leave_places_to_the_others() {
    let folder = TempDir::new().unwrap();
    let following = Arc::new(open(folder.path(), Memory::MayBegin).unwrap());
    for origin in [OTHER, THIRD] {
        let request = format!("old 0\n\n{}", checkpoint(origin, leaf_hash(b"entry")).encode());
        let outcome = following.mirror().add_checkpoint(request.as_bytes(), NOW).unwrap();
        assert_eq!(outcome.status(), 200);
    }
    let header = |origin: &str| {
        let origin = Origin::new(origin).unwrap();
        AddEntriesHeader::new(origin, LeafIndex::new(0), TreeSize::new(1), Vec::new()).unwrap().encode()
    };
    let mirror = mirror_router(following.mirror().clone(), Clock::new(|| NOW));
    let ask = |origin: &str| {
        let request = Request::post("/add-entries").header("content-type", "application/octet-stream");
        request.body(Body::from(header(origin))).unwrap()
    };
    for (origin, status) in [(OTHER, 503), (THIRD, 400)] {
        let got = status_among_silent(mirror.clone(), "/add-entries", &header(OTHER), ask(origin)).await;
        assert_eq!(got, status, "{origin}");
    }
}
