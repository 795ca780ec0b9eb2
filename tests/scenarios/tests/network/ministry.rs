//! A ministry: an authority's folder, and the process that serves its log and follows its neighbours'.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use ed25519_dalek::SigningKey;
use matricula_issuer::authority::{self, AuthorityProfile, BaseUrl, InitAuthority};
use matricula_issuer::keyring::{Passphrase, WorkFactor};
use matricula_registry::{Body, Commitment, Country, InstitutionId, LogOrigin, Statement, Text};
use matricula_tlog::{Hash, Origin, UnixSeconds, append_entry, origin_hash};
use serde_json::Value;

use crate::sandbox;

const PASSPHRASE: &str = "correct horse battery staple";

/// How long a server may take to start: it unlocks three keys, and asks its peers, some of whom do not answer.
const START_TIME_MAX: Duration = Duration::from_secs(90);

/// The network that a ministry is in.
#[derive(Clone, Debug)]
pub enum Network {
    /// All ministries are ports of this machine.
    Loopback,
    /// Each has a namespace of its own, by this name.
    Namespace(String),
}

/// What the log said to a submission.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// What it promises, or the code of the refusal.
    pub word: String,
    /// The index of each entry that was sent, with its bytes.
    pub entries: Vec<(u64, Vec<u8>)>,
}

pub struct Ministry {
    pub name: &'static str,
    pub origin: String,
    pub folder: PathBuf,
    pub address: String,
    network: Network,
    key: SigningKey,
    serving: Option<Child>,
    agent: ureq::Agent,
    /// The next entry's number: no two are the same.
    next: Cell<u64>,
}

impl Ministry {
    pub fn found(name: &'static str, folder: PathBuf, address: String, network: Network) -> Self {
        fs::create_dir_all(&folder).unwrap();
        let (origin, url) = (format!("log.{name}.example/1"), format!("http://{address}"));
        let key = found_authority(name, &folder, &origin, &url);
        fs::write(
            folder.join("matricula.toml"),
            format!(
                "[server]\nlisten = \"{address}\"\npublic_url = \"{url}\"\nshutdown_grace_seconds = 2\n\
                 [tracing]\nfilter = \"info,matricula::serve::requests=warn\"\n"
            ),
        )
        .unwrap();
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(40)))
            .http_status_as_error(false)
            .max_idle_connections(0)
            .build()
            .into();
        Self { name, origin, folder, address, network, key, serving: None, agent, next: Cell::new(0) }
    }

    /// Types a command that must succeed; what it printed.
    #[track_caller]
    pub fn ok(&self, arguments: &[&str]) -> String {
        succeeds(&self.folder, arguments)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The copy of this ministry's log that another one serves.
    pub fn copy_at(&self, mirror: &Ministry) -> String {
        mirror.url(&format!("/mirror/{}", self.hash()))
    }

    pub fn hash(&self) -> String {
        origin_hash(&Origin::new(&self.origin).unwrap())
    }

    /// Starts the server and waits until it answers.
    pub fn serve(&mut self) {
        assert!(self.starts(), "{} does not start: {}", self.name, self.said());
    }

    /// Starts the server; whether it came to answer, and did not end instead.
    pub fn starts(&mut self) -> bool {
        let said = fs::File::options().create(true).append(true).open(self.log_file()).unwrap();
        let program = program();
        let mut command = match &self.network {
            Network::Loopback => Command::new(&program),
            Network::Namespace(namespace) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", namespace]).arg(&program);
                command
            }
        };
        let child = command
            .args(["serve", "--only", "ledger"])
            .current_dir(&self.folder)
            .env("MATRICULA_PASSPHRASE", PASSPHRASE)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(said)
            .spawn()
            .unwrap();
        let child = self.serving.insert(child);
        let started = Instant::now();
        while started.elapsed() < START_TIME_MAX {
            if self.agent.get(format!("http://{}/healthz", self.address)).call().is_ok() {
                return true;
            }
            if child.try_wait().unwrap().is_some() {
                self.serving = None;
                return false;
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("{} neither starts nor ends: {}", self.name, self.said());
    }

    /// What the server said of itself, in all its runs.
    pub fn said(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// Beside the folder, which may be on a disk that is full.
    fn log_file(&self) -> PathBuf {
        self.folder.with_extension("serve.log")
    }

    fn signal(&self, signal: &str) {
        let pid = self.serving.as_ref().unwrap().id().to_string();
        sandbox::command(["kill", signal, &pid]);
    }

    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    /// Asks it to stop in good order, and waits.
    pub fn stop(&mut self) {
        self.signal("-TERM");
        self.serving.take().unwrap().wait().unwrap();
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.serving.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub fn get(&self, path: &str) -> Option<(u16, String)> {
        let mut answer = self.agent.get(self.url(path)).call().ok()?;
        Some((answer.status().as_u16(), answer.body_mut().read_to_string().ok()?))
    }

    /// Logs commitments that nobody made before, all in one submission. `None` when the server did not answer.
    pub fn submit(&self, count: u64, wait: &str, deadline_seconds: u32) -> Option<Answer> {
        let sent: Vec<Vec<u8>> = (0..count).map(|_| self.commitment()).collect();
        let mut body = Vec::new();
        sent.iter().for_each(|entry| append_entry(&mut body, entry).unwrap());
        let url = self.url(&format!("/log/entries?wait={wait}&deadline={deadline_seconds}"));
        let request = self.agent.post(&url).content_type("application/octet-stream");
        let mut answer = request.send(&body[..]).ok()?;
        let status = answer.status().as_u16();
        let document: Value = answer.body_mut().read_json().ok()?;
        let word = document.get("promise").or(document.get("code")).and_then(Value::as_str);
        let indexes = document["entries"].as_array().cloned().unwrap_or_default();
        let indexes = indexes.iter().map(|entry| entry["index"].as_u64().unwrap());
        let word = word.unwrap_or_default().to_owned();
        Some(Answer { status, word, entries: indexes.zip(sent).collect() })
    }

    fn commitment(&self) -> Vec<u8> {
        let number = self.next.replace(self.next.get() + 1);
        let (mut root, mut nonce) = ([9; 32], [0; 16]);
        root[..8].copy_from_slice(&number.to_be_bytes());
        nonce[..8].copy_from_slice(&number.to_be_bytes());
        let label = Text::parse("transfer").unwrap();
        let body = Body::Commitment(Commitment { label, root: Hash::from_bytes(root) });
        let origin = LogOrigin::parse(&self.origin).unwrap();
        Statement::sign(&body, &origin, nonce, None, &self.key).unwrap().into_entry()
    }
}

impl Drop for Ministry {
    fn drop(&mut self) {
        if thread::panicking() {
            println!("--- {}\n{}", self.name, self.said());
        }
        self.kill();
    }
}

/// As `authority init` does it, but for a passphrase that is quickly tried.
fn found_authority(name: &str, folder: &Path, origin: &str, url: &str) -> SigningKey {
    let passphrase = Passphrase::new(PASSPHRASE.to_owned());
    let profile = AuthorityProfile {
        did: InstitutionId::parse(&format!("did:web:{name}.example")).unwrap(),
        name: Text::parse("Ministry").unwrap(),
        country: Country::parse(&name.to_ascii_uppercase()).unwrap(),
        origin: LogOrigin::parse(origin).unwrap(),
        base_url: BaseUrl::parse(url).unwrap(),
    };
    let order = InitAuthority {
        profile,
        passphrase: &passphrase,
        node_passphrase: &passphrase,
        work_factor: WorkFactor::new(2).unwrap(),
        now: UnixSeconds::new(1_700_000_000),
    };
    let founded = authority::init(&folder.join("authority"), &order).unwrap();
    founded.home.unlock(&passphrase).unwrap().signing().clone()
}

/// The program under test: beside this test program, where cargo puts both.
fn program() -> PathBuf {
    let here = std::env::current_exe().unwrap();
    let program = here.ancestors().nth(2).unwrap().join("matricula");
    assert!(program.is_file(), "{} is not built: `cargo build`", program.display());
    program
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(program());
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).env("MATRICULA_PASSPHRASE", PASSPHRASE);
    command.output().unwrap()
}

#[track_caller]
fn succeeds(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "matricula {}\n{stderr}", arguments.join(" "));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
