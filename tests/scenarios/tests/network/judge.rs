//! Who remembers every checkpoint that anybody ever showed, and every entry that was called witnessed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use matricula_tlog::{BundlePath, Frontier, LeafIndex, SignedCheckpoint, TreeSize, leaf_hash, parse_bundle};

use crate::ministry::{Answer, Ministry};

/// How often everybody is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How long one look may take: who is frozen is looked at again later.
const LOOK_TIME_MAX: Duration = Duration::from_millis(500);

/// What was seen.
#[derive(Default)]
struct Seen {
    /// Origin and size → root, and who showed it first.
    roots: BTreeMap<(String, u64), (String, String)>,
    forks: Vec<String>,
}

/// Looks at everybody, all the time.
pub struct Judge {
    seen: Arc<Mutex<Seen>>,
    done: Arc<AtomicBool>,
    watchers: Vec<JoinHandle<()>>,
    /// Origin and index → the entry, as a log called it witnessed.
    witnessed: BTreeMap<(String, u64), Vec<u8>>,
}

impl Judge {
    pub fn watching(ministries: &[Ministry]) -> Self {
        let (seen, done) = (Arc::new(Mutex::new(Seen::default())), Arc::new(AtomicBool::new(false)));
        let hashes: Vec<String> = ministries.iter().map(Ministry::hash).collect();
        let watchers = ministries.iter().map(|ministry| {
            let mut urls = vec![ministry.url("/log/checkpoint"), ministry.url("/log/checkpoint/witnessed")];
            for hash in hashes.iter().filter(|hash| **hash != ministry.hash()) {
                urls.push(ministry.url(&format!("/mirror/{hash}/checkpoint")));
                urls.push(ministry.url(&format!("/witness/{hash}/checkpoint")));
            }
            let (seen, done) = (seen.clone(), done.clone());
            thread::spawn(move || watch(&urls, &seen, &done))
        });
        let watchers = watchers.collect();
        Self { seen, done, watchers, witnessed: BTreeMap::new() }
    }

    /// Remembers what a log promised.
    pub fn promised(&mut self, ministry: &Ministry, answer: &Answer) {
        assert_eq!(
            (answer.status, answer.word.as_str()),
            (200, "witnessed"),
            "{}: {answer:?}",
            ministry.name
        );
        for (index, entry) in &answer.entries {
            let before = self.witnessed.insert((ministry.origin.clone(), *index), entry.clone());
            assert!(
                before.is_none_or(|before| before == *entry),
                "two entries at {index} of {}",
                ministry.name
            );
        }
    }

    /// How many different checkpoints were seen of a log.
    pub fn sizes_seen(&self, origin: &str) -> usize {
        self.seen.lock().unwrap().roots.keys().filter(|(of, _)| of == origin).count()
    }

    /// A log never had two roots for one size, as far as anybody showed.
    #[track_caller]
    pub fn finds_no_fork(&self) {
        let seen = self.seen.lock().unwrap();
        assert!(seen.forks.is_empty(), "{:#?}", seen.forks);
    }

    /// Every entry of the log that was called witnessed is in the copy at this address, which is what its checkpoint
    /// says it is.
    #[track_caller]
    pub fn finds_all_in(&self, ministry: &Ministry, copy: &str) {
        let (checkpoint, entries) = read_copy(copy);
        let mut frontier = Frontier::new();
        entries.iter().for_each(|entry| frontier.push(leaf_hash(entry)));
        assert_eq!(frontier.root(), checkpoint.unverified().root(), "{copy} is not what it says");
        note(&self.seen, copy, &checkpoint);
        self.finds_no_fork();
        for ((origin, index), entry) in &self.witnessed {
            if *origin == ministry.origin {
                assert_eq!(entries.get(*index as usize), Some(entry), "{copy}: entry {index} is gone");
            }
        }
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
        self.watchers.drain(..).for_each(|watcher| drop(watcher.join()));
    }
}

fn watch(urls: &[String], seen: &Mutex<Seen>, done: &AtomicBool) {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(LOOK_TIME_MAX))
        .max_idle_connections(0)
        .build()
        .into();
    while !done.load(Ordering::Relaxed) {
        for url in urls {
            let Ok(mut answer) = agent.get(url).call() else { continue };
            let Ok(bytes) = answer.body_mut().read_to_vec() else { continue };
            note(seen, url, &SignedCheckpoint::parse(&bytes).unwrap());
        }
        thread::sleep(LOOK_EVERY);
    }
}

fn note(seen: &Mutex<Seen>, url: &str, checkpoint: &SignedCheckpoint) {
    let checkpoint = checkpoint.unverified();
    let key = (checkpoint.origin().as_str().to_owned(), checkpoint.size().get());
    let root = checkpoint.root().to_string();
    let mut seen = seen.lock().unwrap();
    let (first, by) = seen.roots.entry(key.clone()).or_insert_with(|| (root.clone(), url.to_owned())).clone();
    if first != root {
        seen.forks.push(format!("{key:?}: {by} showed {first}, {url} shows {root}"));
    }
}

/// Everything under the checkpoint that is shown at an address.
fn read_copy(address: &str) -> (SignedCheckpoint, Vec<Vec<u8>>) {
    let get = |path: &str| {
        let answer = ureq::get(format!("{address}/{path}")).call();
        let mut answer = answer.unwrap_or_else(|error| panic!("{address}/{path}: {error}"));
        answer.body_mut().with_config().limit(1 << 30).read_to_vec().unwrap()
    };
    let checkpoint = SignedCheckpoint::parse(&get("checkpoint")).unwrap();
    let size: TreeSize = checkpoint.unverified().size();
    let mut entries = Vec::new();
    while (entries.len() as u64) < size.get() {
        let path = BundlePath::holding(LeafIndex::new(entries.len() as u64), size).unwrap();
        let bundle = get(&path.encode());
        entries.extend(parse_bundle(path, &bundle).unwrap().into_iter().map(<[u8]>::to_vec));
    }
    (checkpoint, entries)
}
