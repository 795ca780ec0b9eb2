//! A desk with a folder of its own, at which commands are typed.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// How often a server is looked at until it has done what it was asked to, 100 ms apart.
const TRIES_MAX: u32 = 600;

/// A folder, and a port that nobody uses.
pub struct Office {
    folder: TempDir,
    port: u16,
}

impl Office {
    pub fn new() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { folder: TempDir::new().unwrap(), port }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Types a command that must succeed; what it printed.
    #[track_caller]
    pub fn ok(&self, args: &[&str]) -> String {
        self.exits(args, 0)
    }

    /// Types a command that must end with this exit code; what it printed.
    #[track_caller]
    pub fn exits(&self, args: &[&str], code: i32) -> String {
        let output = self.run(args);
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "matricula {}\n{stdout}\n{stderr}", args.join(" "));
        stdout
    }

    /// Types a command that must succeed; what it warned of.
    #[track_caller]
    pub fn warns(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let stderr = text(&output.stderr);
        assert!(output.status.success(), "matricula {}\n{stderr}", args.join(" "));
        stderr
    }

    /// Types a command that must fail with this exit code and this stable code; what it complained of.
    #[track_caller]
    pub fn fails(&self, args: &[&str], code: i32, stable: &str) -> String {
        let output = self.run(args);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "matricula {}\n{stderr}", args.join(" "));
        assert!(stderr.contains(&format!("error[{stable}]")), "matricula {}\n{stderr}", args.join(" "));
        stderr
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_matricula"));
        command.args(args).current_dir(self.folder.path()).stdin(Stdio::null());
        command.env("MATRICULA_PASSPHRASE", "correct horse battery staple");
        command
    }

    /// Writes the configuration of a server on this office's port.
    pub fn configure(&self) {
        fs::write(self.path("deposit.secret"), "a secret of the school\n").unwrap();
        fs::write(self.path("other.secret"), "a secret of another school\n").unwrap();
        let config = format!(
            "[server]\nlisten = \"127.0.0.1:{}\"\npublic_url = \"{}\"\n[authority]\nbinding_schools = [\"school\"]\n\
             [[wallet.deposits]]\nissuer = \"{}\"\nsecret_file = \"deposit.secret\"\n\
             [[wallet.deposits]]\nissuer = \"did:web:other.example\"\nsecret_file = \"other.secret\"\n",
            self.port,
            self.url(),
            crate::SCHOOL
        );
        fs::write(self.path("matricula.toml"), config).unwrap();
    }

    /// Writes the configuration of a server that only verifies, with this trust file.
    pub fn configure_verifier(&self, trust: &str) {
        let config = format!(
            "[server]\nlisten = \"127.0.0.1:{}\"\npublic_url = \"{}\"\n[authority]\nhome = \"none\"\n\
             [verifier]\ntrust = [\"{trust}\"]\n",
            self.port,
            self.url(),
        );
        fs::write(self.path("matricula.toml"), config).unwrap();
    }

    /// The first file of a folder, by name.
    pub fn first_in(&self, folder: &str) -> String {
        let mut names: Vec<String> = fs::read_dir(self.path(folder))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        format!("{folder}/{}", names[0])
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What a server answered.
pub struct Answer {
    pub status: u16,
    pub media_type: String,
    pub request_id: String,
    pub text: String,
}

/// A server that runs as long as this value lives.
pub struct Server {
    child: Option<Child>,
    url: String,
    agent: ureq::Agent,
}

impl Server {
    /// Starts all services and waits until they answer.
    pub fn start(office: &Office) -> Self {
        Self::start_only(office, "ledger,issuer,wallet,verifier")
    }

    /// Starts some services and waits until they answer. What they say of themselves goes to `serve.log`.
    pub fn start_only(office: &Office, services: &str) -> Self {
        let said = fs::File::create(office.path("serve.log")).unwrap();
        let child = office
            .command(&["serve", "--only", services])
            .stdout(Stdio::null())
            .stderr(said)
            .spawn()
            .unwrap();
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let server = Self { child: Some(child), url: office.url(), agent };
        for _ in 0..TRIES_MAX {
            if server.agent.get(format!("{}/healthz", server.url)).call().is_ok() {
                return server;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("the server did not start");
    }

    pub fn get(&self, path: &str) -> (u16, String) {
        let mut answer = self.agent.get(format!("{}{path}", self.url)).call().unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    }

    /// The bytes of an answer that must be there.
    pub fn get_bytes(&self, path: &str) -> Vec<u8> {
        let mut answer = self.agent.get(format!("{}{path}", self.url)).call().unwrap();
        assert_eq!(answer.status().as_u16(), 200, "{path}");
        answer.body_mut().read_to_vec().unwrap()
    }

    /// Asks for anything, with a body of this media type.
    pub fn ask(&self, method: &str, path: &str, media_type: &str, body: Vec<u8>) -> Answer {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("content-type", media_type)
            .header("connection", "close");
        let request =
            self.agent.configure_request(request.body(body).unwrap()).allow_non_standard_methods(true);
        let mut answer = self.agent.run(request.build()).unwrap();
        let header = |name: &str| {
            let value = answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
            value.unwrap_or_default()
        };
        let (media_type, request_id) = (header("content-type"), header("x-request-id"));
        let status = answer.status().as_u16();
        Answer { status, media_type, request_id, text: answer.body_mut().read_to_string().unwrap() }
    }

    pub fn post(&self, path: &str, body: &Value, token: Option<&str>) -> (u16, Value) {
        let mut request = self.agent.post(format!("{}{path}", self.url));
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let mut answer = request.send_json(body).unwrap();
        let status = answer.status().as_u16();
        (status, answer.body_mut().read_json().unwrap_or(Value::Null))
    }

    /// Sends it a file as it is.
    pub fn post_file(&self, path: &str, file: &Path) -> (u16, Value) {
        let mut answer =
            self.agent.post(format!("{}{path}", self.url)).send(fs::read(file).unwrap().as_slice()).unwrap();
        (answer.status().as_u16(), answer.body_mut().read_json().unwrap_or(Value::Null))
    }

    /// Has it read its trust files anew, and waits until `serve.log` has these words.
    pub fn reload(&self, office: &Office, words: &str) {
        self.signal("-HUP");
        for _ in 0..TRIES_MAX {
            if fs::read_to_string(office.path("serve.log")).unwrap().contains(words) {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("the server does not say: {words}");
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// Asks it to stop, as a service manager does, and waits.
    pub fn stop(mut self) -> ExitStatus {
        self.signal("-TERM");
        self.child.take().unwrap().wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _killed = child.kill();
            let _reaped = child.wait();
        }
    }
}
