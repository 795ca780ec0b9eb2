//! Rebuilding a log.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use matricula_ledger::{
    BelieveError, FolderSource, HttpSource, LogSource, RestoreError, SourceFlaw, restore,
};
use matricula_tlog::{Evidence, Finding, LeafIndex, SignedCheckpoint, TreeSize, leaf_hash};

use crate::support::{NOW, create, entry, genesis, open, signed};
use crate::world::{Order, Peers, Served, assert_sound, exported, flip, grow, own_policy, static_log, world};

/// The flaws of a restore that succeeded all the same, in words.
fn told(restored: &matricula_ledger::Restored) -> String {
    restored.findings.iter().map(|finding| format!("{finding}\n")).collect()
}

#[test]
fn a_destroyed_log_comes_back_from_two_mirrors_of_which_one_is_behind() {
    let world = world(300);
    let behind = exported(&world, "behind");
    let ledger = world.path().join("ledger");
    let node = open(&ledger);
    grow(&node, 700);
    let early = node.proof(LeafIndex::new(299)).unwrap().unwrap();
    let late = node.proof(LeafIndex::new(699)).unwrap().unwrap();
    drop(node);
    let ahead = exported(&world, "ahead");
    fs::remove_dir_all(&ledger).unwrap();

    let restored = Order::default().run(&[&behind, &ahead], &ledger).unwrap();
    assert_eq!(restored.checkpoint.unverified().size(), TreeSize::new(700));
    assert_eq!(restored.sources[0].size, TreeSize::new(700));
    assert_eq!(restored.sources[1].size, TreeSize::new(300));
    assert_eq!(restored.sources[0].cosigners, ["own"]);
    assert!(restored.findings.is_empty(), "{}", told(&restored));
    assert_sound(&ledger);

    // It goes on, and old proofs and new ones hold.
    let node = open(&ledger);
    assert_eq!(node.checkpoint().unwrap().encode(), restored.checkpoint.encode());
    let again = node.submit(vec![entry(5)]).unwrap();
    assert!(again[0].duplicate && again[0].index == LeafIndex::new(5), "what was known is known");
    grow(&node, 800);
    for index in [0, 299, 300, 699, 700, 799] {
        let proof = node.proof(LeafIndex::new(index)).unwrap().unwrap();
        let bytes = node.entry(LeafIndex::new(index)).unwrap().unwrap().bytes;
        proof.verify(leaf_hash(&bytes), &own_policy()).unwrap();
    }
    // The checkpoint of the mirror that is behind dates the early entries as before.
    let size_of =
        |index| node.proof(LeafIndex::new(index)).unwrap().unwrap().checkpoint().unverified().size();
    assert_eq!((size_of(299), size_of(300)), (TreeSize::new(300), TreeSize::new(700)));
    for (index, proof) in [(299, early), (699, late)] {
        let bytes = node.entry(LeafIndex::new(index)).unwrap().unwrap().bytes;
        proof.verify(leaf_hash(&bytes), &own_policy()).unwrap();
    }
    drop(node);
    assert_sound(&ledger);
}

#[test]
fn a_mirror_is_read_over_http() {
    let world = tempfile::TempDir::new().unwrap();
    let node = Arc::new(create(&world.path().join("ledger")));
    grow(&node, 600);
    let served = Served::new(node);
    let source = HttpSource::new(&format!("{}/", served.address));
    let into = world.path().join("again");
    Order::default().with(&[&source], |order| restore(&into, order, &mut |_, _| ())).unwrap();
    drop(served);
    assert_sound(&into);
}

#[test]
fn damage_is_named_and_another_source_stands_in() {
    let world = world(700);
    let (bad, good) = (exported(&world, "bad"), exported(&world, "good"));
    let into = world.path().join("again");
    for path in ["tile/entries/001", "tile/entries/002.p/188"] {
        flip(&bad.join(path));
        let alone = Order::default().run(&[&bad], &into).unwrap_err();
        let RestoreError::Bundle { path: named, findings } = &alone else { panic!("{alone}") };
        assert_eq!((named.encode().as_str(), findings.len()), (path, 1));
        assert!(matches!(findings[0].flaw, SourceFlaw::Wrong { .. } | SourceFlaw::MalformedBundle { .. }));
        // What came before is kept; the second source gives the rest.
        let restored = Order::default().run(&[&bad, &good], &into).unwrap();
        assert!(told(&restored).contains("bad: its tile/entries/00"), "{}", told(&restored));
        assert_sound(&into);
        fs::remove_dir_all(&into).unwrap();
        flip(&bad.join(path));
    }
    // Tiles of hashes help to find damage; without them the root over all entries decides.
    for path in ["tile/0/002.p/188", "tile/1/000.p/2"] {
        flip(&bad.join(path));
        let restored = Order::default().run(&[&bad], &into).unwrap();
        assert!(
            told(&restored).contains(&format!("bad: its {path} is not what the log signed")),
            "{}",
            told(&restored)
        );
        assert_sound(&into);
        fs::remove_dir_all(&into).unwrap();
        let restored = Order::default().run(&[&bad, &good], &into).unwrap();
        assert!(told(&restored).contains(&format!("bad: its {path}")), "{}", told(&restored));
        fs::remove_dir_all(&into).unwrap();
        flip(&bad.join(path));
    }
}

#[test]
fn entries_that_nothing_vouches_for_are_thrown_away_when_the_root_is_another() {
    let world = world(300);
    let bad = exported(&world, "bad");
    // Neither the tiles that would tell, nor a bundle that is right, and yet well formed.
    flip(&bad.join("tile/1/000.p/1"));
    let other = exported(&world, "other");
    let bundle = fs::read(other.join("tile/entries/000")).unwrap();
    let entries = matricula_tlog::parse_entries(&bundle, 256).unwrap();
    let mut swapped = Vec::new();
    for index in (0..254).chain([255, 254]) {
        matricula_tlog::append_entry(&mut swapped, entries[index]).unwrap();
    }
    fs::write(bad.join("tile/entries/000"), swapped).unwrap();
    let into = world.path().join("again");
    let refused = Order::default().run(&[&bad], &into).unwrap_err();
    assert!(matches!(refused, RestoreError::RootMismatch { .. }), "{refused}");
    assert!(!into.exists() && !world.path().join("again.restoring").exists());
    Order::default().run(&[&bad, &other], &into).unwrap();
    assert_sound(&into);
}

/// A history of its own, signed by the same key.
fn other_history(folder: &Path, count: u64) -> SignedCheckpoint {
    let entries = (0..count).map(|number| match number {
        0 => genesis(),
        50.. => entry(number + 500),
        _ => entry(number),
    });
    static_log(folder, &entries.collect::<Vec<_>>(), NOW)
}

#[test]
fn two_histories_stop_everything_with_evidence() {
    let world = world(200);
    let honest = exported(&world, "honest");
    let into = world.path().join("again");
    let forged = world.path().join("forged");
    for size in [200, 120, 201] {
        other_history(&forged, size);
        let stopped = Order::default().run(&[&honest, &forged], &into).unwrap_err();
        let RestoreError::Believe(BelieveError::Forked { one, other, evidence }) = stopped else {
            panic!("{size}: {stopped}")
        };
        assert!([&one, &other].iter().any(|name| name.ends_with("forged")), "{one} {other}");
        // It convinces whoever has nothing but the file.
        let file = evidence.encode();
        let finding = Evidence::parse(file.as_bytes()).unwrap().verify().unwrap();
        assert!(matches!(finding, Finding::SplitView { .. } | Finding::RewrittenHistory { .. }));
        assert_eq!(finding.origin().as_str(), crate::support::ORIGIN);
        assert!(!into.exists());
        fs::remove_dir_all(&forged).unwrap();
        let _ = fs::remove_dir_all(world.path().join("again.restoring"));
    }
    // The part that both share is no contradiction.
    other_history(&forged, 50);
    Order::default().run(&[&honest, &forged], &into).unwrap();
}

#[test]
fn a_history_without_tiles_is_found_out_when_it_is_hashed() {
    let world = world(200);
    let honest = exported(&world, "honest");
    fs::remove_dir_all(honest.join("tile/0")).unwrap();
    let forged = world.path().join("forged");
    other_history(&forged, 120);
    let stopped = Order::default().run(&[&honest, &forged], &world.path().join("again")).unwrap_err();
    assert!(matches!(stopped, RestoreError::Believe(BelieveError::Forked { .. })), "{stopped}");
}

#[test]
fn nothing_is_restored_to_less_than_a_witness_has_seen() {
    let world = world(200);
    let old = exported(&world, "old");
    let checkpoint =
        |path: &Path| SignedCheckpoint::parse(&fs::read(path.join("checkpoint")).unwrap()).unwrap();
    let seen_before = checkpoint(&old);
    let node = open(&world.path().join("ledger"));
    grow(&node, 210);
    drop(node);
    let new = exported(&world, "new");
    let into = world.path().join("again");
    let order = |note: Option<Option<SignedCheckpoint>>| Order {
        peers: Peers(note.into_iter().map(|note| ("https://witness.example".to_owned(), note)).collect()),
        ask: vec!["https://witness.example/".to_owned()],
        ..Order::default()
    };
    let behind = order(Some(Some(checkpoint(&new)))).run(&[&old], &into).unwrap_err();
    let RestoreError::Believe(BelieveError::Behind { witness, known, found }) = &behind else {
        panic!("{behind}")
    };
    assert_eq!((witness.as_str(), known.get(), found.get()), ("https://witness.example/", 210, 200));
    let silent = order(Some(None)).run(&[&old], &into).unwrap_err();
    assert!(matches!(silent, RestoreError::Believe(BelieveError::Silent { .. })), "{silent}");
    // What it saw in another history.
    let forged = other_history(&world.path().join("forged"), 150);
    let forked = order(Some(Some(forged))).run(&[&old], &into).unwrap_err();
    assert!(matches!(forked, RestoreError::Believe(BelieveError::Forked { .. })), "{forked}");
    // One that has seen less, and one that never saw the log.
    order(Some(Some(seen_before))).run(&[&new], &into).unwrap();
    order(None).run(&[&new], &world.path().join("more")).unwrap();
}

#[test]
fn a_witness_is_asked_over_http() {
    let world = world(40);
    let old = exported(&world, "old");
    let node = open(&world.path().join("ledger"));
    grow(&node, 50);
    let note = node.checkpoint().unwrap().encode();
    drop(node);
    let origin = matricula_tlog::Origin::new(crate::support::ORIGIN).unwrap();
    let path = format!("/witness/{}/checkpoint", matricula_tlog::origin_hash(&origin));
    let router = axum::Router::new().route(&path, axum::routing::get(|| async move { note }));
    let served = Served::router(router);
    let ask = |prefix: &str, into: &str| {
        let (source, order) = (FolderSource::new(&old), Order::default());
        let address = format!("{}/{prefix}", served.address);
        order.with(&[&source], |order| {
            let anchors = matricula_ledger::HttpAnchors::new();
            let order = matricula_ledger::RestoreOrder { ask: &[&address], anchors: &anchors, ..*order };
            restore(&world.path().join(into), &order, &mut |_, _| ())
        })
    };
    let behind = ask("witness", "again").unwrap_err();
    assert!(matches!(behind, RestoreError::Believe(BelieveError::Behind { .. })), "{behind}");
    // One that never heard of the log.
    ask("other", "again").unwrap();
}

#[test]
fn a_log_that_is_there_is_never_replaced() {
    let world = world(20);
    let copy = exported(&world, "copy");
    let ledger = world.path().join("ledger");
    let refused = Order::default().run(&[&copy], &ledger).unwrap_err();
    assert!(matches!(refused, RestoreError::NotEmpty), "{refused}");
    assert_sound(&ledger);
    // Anything at all.
    let folder = world.path().join("notes");
    fs::create_dir(&folder).unwrap();
    Order::default().run(&[&copy], &folder).unwrap();
    assert_sound(&folder);
}

#[test]
fn a_source_that_is_not_believed_is_named_and_left_out() {
    let world = world(60);
    let good = exported(&world, "good");
    let empty = world.path().join("empty");
    let unsigned = exported(&world, "unsigned");
    let note = fs::read_to_string(unsigned.join("checkpoint")).unwrap();
    fs::write(unsigned.join("checkpoint"), note.replace("\n60\n", "\n61\n")).unwrap();
    let into = world.path().join("again");
    let nothing = Order::default().run(&[&empty, &unsigned], &into).unwrap_err();
    let RestoreError::Believe(BelieveError::Nothing { findings }) = &nothing else { panic!("{nothing}") };
    assert!(matches!(findings[0].flaw, SourceFlaw::NoCheckpoint));
    assert!(matches!(findings[1].flaw, SourceFlaw::NotBelieved(_)));
    let restored = Order::default().run(&[&empty, &good, &unsigned], &into).unwrap();
    assert_eq!((restored.sources.len(), restored.findings.len()), (1, 2));
    // Somebody who is not the founder.
    let order = Order {
        founder: matricula_registry::PublicKey::from(
            &ed25519_dalek::SigningKey::from_bytes(&[8; 32]).verifying_key(),
        ),
        ..Order::default()
    };
    let refused = order.run(&[&good], &world.path().join("foreign")).unwrap_err();
    assert!(matches!(refused, RestoreError::Refused { index, .. } if index.get() == 0), "{refused}");
}

/// Puts a cosignature onto the checkpoint of a copy, in place of the others.
fn cosigned(folder: &Path, by: &matricula_tlog::Cosigner) {
    let log_key = crate::support::keys().log.verifier().clone();
    let text = fs::read_to_string(folder.join("checkpoint")).unwrap();
    let log_line = text.lines().filter(|line| !line.contains(crate::support::WITNESS));
    let text: String = log_line.map(|line| format!("{line}\n")).collect();
    let mut note = SignedCheckpoint::parse(text.as_bytes()).unwrap();
    note.add_signature(by.cosign(&note.verify(&log_key).unwrap(), NOW).unwrap()).unwrap();
    fs::write(folder.join("checkpoint"), note.encode()).unwrap();
}

#[test]
fn cosignatures_count_whichever_mirror_has_them_and_what_lacks_them_is_not_forgotten() {
    let world = world(60);
    let (one, two) = (exported(&world, "one"), exported(&world, "two"));
    let mirror = |name: &str, seed| {
        matricula_tlog::Cosigner::new(matricula_tlog::KeyName::new(name).unwrap(), &[seed; 32])
    };
    let (first, second) = (mirror("mirror.example/1", 21), mirror("mirror.example/2", 22));
    cosigned(&one, &first);
    cosigned(&two, &second);
    let policy = format!(
        "log {}\nwitness m1 {}\nwitness m2 {}\ngroup mirrors all m1 m2\nquorum mirrors\n",
        crate::support::keys().log.verifier().encode(),
        first.verifier().encode(),
        second.verifier().encode()
    );
    let order =
        || Order { policy: matricula_tlog::Policy::parse(policy.as_bytes()).unwrap(), ..Order::default() };
    let into = world.path().join("again");
    let alone = order().run(&[&one], &into).unwrap_err();
    let RestoreError::Believe(BelieveError::Nothing { findings }) = &alone else { panic!("{alone}") };
    assert!(matches!(findings[0].flaw, SourceFlaw::NotBelieved(_)), "{}", findings[0]);
    let restored = order().run(&[&one, &two], &into).unwrap();
    assert_eq!(restored.sources[0].cosigners, ["m1", "m2"]);
    // The log's own witness had not cosigned these copies: it does now, so that the node's own proofs hold.
    for who in ["mirror.example/1", "mirror.example/2", crate::support::WITNESS] {
        assert!(restored.checkpoint.encode().contains(who), "{}", restored.checkpoint.encode());
    }
    assert_sound(&into);

    // A larger checkpoint that only one mirror has cosigned: restored to less, the log would sign another one.
    let node = open(&world.path().join("ledger"));
    grow(&node, 70);
    drop(node);
    let larger = exported(&world, "larger");
    cosigned(&larger, &first);
    let more = world.path().join("more");
    let behind = order().run(&[&one, &two, &larger], &more).unwrap_err();
    assert!(matches!(behind, RestoreError::Believe(BelieveError::Behind { .. })), "{behind}");
    // A line that claims to be by a key of the policy and is not.
    let forged = fs::read_to_string(larger.join("checkpoint")).unwrap();
    let (start, end) = forged.trim_end().rsplit_once(' ').unwrap();
    fs::write(larger.join("checkpoint"), format!("{start} {}A{}\n", &end[..70], &end[71..])).unwrap();
    let restored = order().run(&[&one, &two, &larger], &more).unwrap();
    assert!(matches!(restored.findings[0].flaw, SourceFlaw::NotBelieved(_)));
}

#[test]
fn a_log_that_took_what_its_door_refuses_is_not_rebuilt() {
    let world = tempfile::TempDir::new().unwrap();
    let stranger = ed25519_dalek::SigningKey::from_bytes(&[9; 32]);
    let body = crate::support::commitment(3);
    let bad = crate::support::signed_by(&body, 3, &crate::support::origin(), &stranger);
    let folder = world.path().join("copy");
    static_log(&folder, &[genesis(), entry(1), bad, signed(&crate::support::commitment(4), 4)], NOW);
    let refused = Order::default().run(&[&folder], &world.path().join("again")).unwrap_err();
    let RestoreError::Refused { index, error } = &refused else { panic!("{refused}") };
    assert_eq!((index.get(), error.code()), (2, "unknown_signer"));
}

#[test]
fn an_audit_checks_as_much_and_writes_nothing() {
    let world = world(300);
    let copy = exported(&world, "copy");
    let audited = |copy: &Path, log_key: &matricula_tlog::VerifierKey| {
        let source = FolderSource::new(copy);
        let order = Order::default();
        let copies = matricula_ledger::Copies {
            log_key,
            founder: order.founder,
            policy: &order.policy,
            sources: &[&source],
            ask: &[],
            anchors: &order.peers,
            now: order.now,
        };
        matricula_ledger::audit(&copies, &mut |_, _| ())
    };
    let log_key = crate::support::keys().log.verifier().clone();
    let before = fs::read_dir(world.path()).unwrap().count();
    let good = audited(&copy, &log_key).unwrap();
    assert_eq!(good.checkpoint.encode(), fs::read_to_string(copy.join("checkpoint")).unwrap());
    let name = matricula_tlog::KeyName::new(crate::support::ORIGIN).unwrap();
    let stranger = matricula_tlog::NoteSigner::new(name, &[77; 32]).verifier().clone();
    assert!(matches!(audited(&copy, &stranger), Err(RestoreError::Believe(BelieveError::Nothing { .. }))));
    flip(&copy.join("tile/entries/000"));
    assert!(matches!(audited(&copy, &log_key), Err(RestoreError::Bundle { .. })));
    assert_eq!(fs::read_dir(world.path()).unwrap().count(), before);
    let strange = world.path().join("strange");
    static_log(&strange, &[genesis(), b"no statement".to_vec()], NOW);
    assert!(
        matches!(audited(&strange, &log_key), Err(RestoreError::Refused { index, .. }) if index.get() == 1)
    );
}

#[test]
fn a_restore_that_was_stopped_is_taken_up() {
    let world = world(700);
    let copy = exported(&world, "copy");
    let into = world.path().join("again");
    fs::rename(copy.join("tile/entries/002.p"), copy.join("away")).unwrap();
    let stopped = Order::default().run(&[&copy], &into).unwrap_err();
    assert!(matches!(stopped, RestoreError::Bundle { .. }), "{stopped}");
    let workshop = world.path().join("again.restoring");
    assert!(!into.exists() && workshop.is_dir());
    // No node opens what is half done.
    let opened = matricula_ledger::Node::open(crate::support::config(&workshop), crate::support::keys());
    assert!(opened.is_err());
    fs::rename(copy.join("away"), copy.join("tile/entries/002.p")).unwrap();
    let source = FolderSource::new(&copy);
    let sources: [&dyn LogSource; 1] = [&source];
    let mut heard = Vec::new();
    let order = Order::default();
    let restored =
        order.with(&sources, |order| restore(&into, order, &mut |done, of| heard.push((done, of)))).unwrap();
    assert_eq!(restored.resumed, TreeSize::new(512));
    assert_eq!((heard.first(), heard.last()), (Some(&(512, 700)), Some(&(700, 700))));
    assert!(!workshop.exists());
    assert_sound(&into);
    // An attempt that knew of more stands in the way of one that knows of less.
    fs::create_dir(&workshop).unwrap();
    fs::write(workshop.join("signer"), fs::read(into.join("signer")).unwrap()).unwrap();
    fs::remove_dir_all(&into).unwrap();
    let smaller = world.path().join("smaller");
    static_log(
        &smaller,
        &(0..20).map(|number| if number == 0 { genesis() } else { entry(number) }).collect::<Vec<_>>(),
        NOW,
    );
    let behind = Order::default().run(&[&smaller], &into).unwrap_err();
    assert!(matches!(behind, RestoreError::Believe(BelieveError::Behind { .. })), "{behind}");
}
