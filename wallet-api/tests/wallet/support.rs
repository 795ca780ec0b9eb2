//! A wallet with a clock and a generator of its own, a school that signs, and a client.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use ed25519_dalek::SigningKey;
use http_body_util::BodyExt;
use jiff::civil::date;
use matricula_credential::binding::HolderBinding;
use matricula_credential::commitment::CredentialDigest;
use matricula_credential::did::verification_method;
use matricula_credential::model::{self, Header, Institution, Learner, Programme};
use matricula_credential::proof::{self, Cryptosuite, ProofOptions};
use matricula_credential::record::PortableRecord;
use matricula_state::{MemoryStore, StateStore};
use matricula_tlog::UnixSeconds;
use matricula_wallet_api::{
    BindingPort, BindingPortError, BindingRequest, Clock, Entropy, OfferCode, PasswordCost, Wallet,
    WalletConfig, WalletPorts, WalletState, router,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tower::ServiceExt;
use url::Url;

pub const BASE: &str = "http://wallet.example";
pub const PASSWORD: &str = "caballo grapa";
pub const LEARNER_NAME: &str = "Zeferino Ñáñez";
pub const BIRTH: &str = "2008-07-23";
pub const SCHOOL: &str = "did:web:hn.example:schools:lempira";
pub const DEPOSIT_SECRET: &str = "deposit secret of the issuer";
pub const OTHER_SCHOOL: &str = "did:web:hn.example:schools:choluteca";
pub const OTHER_DEPOSIT_SECRET: &str = "deposit secret of another issuer";

/// 2026-11-22.
const START: u64 = 1_795_305_600;

#[derive(Debug)]
pub struct TestClock(AtomicU64);

impl TestClock {
    pub fn forward(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> UnixSeconds {
        UnixSeconds::new(self.0.load(Ordering::SeqCst))
    }
}

/// A generator of hashes: every world has its own sequence, so that two on one store never draw the same.
#[derive(Debug)]
pub struct TestEntropy {
    world: u64,
    drawn: AtomicU64,
}

impl TestEntropy {
    fn new() -> Self {
        static WORLDS: AtomicU64 = AtomicU64::new(0);
        Self { world: WORLDS.fetch_add(1, Ordering::SeqCst), drawn: AtomicU64::new(0) }
    }
}

impl Entropy for TestEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let drawn = self.drawn.fetch_add(1, Ordering::SeqCst);
            let block = Sha256::digest([self.world.to_be_bytes(), drawn.to_be_bytes()].concat());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}

/// A school that binds what it signed, as the real one does.
#[derive(Debug)]
pub struct School {
    pub reachable: AtomicBool,
    clock: Arc<TestClock>,
}

impl School {
    fn key() -> SigningKey {
        SigningKey::from_bytes(&[3; 32])
    }

    fn sign(unsigned: &Value, now: UnixSeconds) -> Value {
        let key = Self::key();
        let method = verification_method(SCHOOL, &key.verifying_key());
        proof::sign(unsigned, &ProofOptions::assertion(Cryptosuite::EddsaJcs2022, method, now), &key)
            .expect("signs")
    }
}

impl BindingPort for School {
    fn bind(&self, request: &BindingRequest) -> Result<Value, BindingPortError> {
        if !self.reachable.load(Ordering::SeqCst) {
            return Err(BindingPortError::Unavailable);
        }
        let now = self.clock.now();
        let refused = |code: &str| BindingPortError::Refused { code: code.to_owned() };
        let holder = request.verify_possession(SCHOOL, now).map_err(|_| refused("binding_possession"))?;
        let binding = HolderBinding {
            id: "urn:uuid:00000000-0000-4000-8000-00000000000b".to_owned(),
            issuer: SCHOOL.to_owned(),
            valid_from: now,
            holder,
            credential_id: request.credential_id.clone(),
            credential_digest: CredentialDigest::of(&request.credential).expect("digest"),
            status: Vec::new(),
        };
        Ok(Self::sign(&binding.to_value().expect("binding"), now))
    }
}

pub struct World {
    pub clock: Arc<TestClock>,
    pub school: Arc<School>,
    pub store: Arc<dyn StateStore>,
    pub state: WalletState,
}

impl World {
    pub fn new() -> Self {
        Self::on(Arc::new(MemoryStore::new()), BASE)
    }

    pub fn on(store: Arc<dyn StateStore>, base: &str) -> Self {
        Self::bound_by(store, base, |school| school)
    }

    /// A world whose bindings come from a port of the test's own making, around the school.
    pub fn bound_by(
        store: Arc<dyn StateStore>,
        base: &str,
        port: impl FnOnce(Arc<dyn BindingPort>) -> Arc<dyn BindingPort>,
    ) -> Self {
        Self::configured(store, base, port, |_| {})
    }

    /// The same, with settings of the test's own.
    pub fn configured(
        store: Arc<dyn StateStore>,
        base: &str,
        port: impl FnOnce(Arc<dyn BindingPort>) -> Arc<dyn BindingPort>,
        set: impl FnOnce(&mut WalletConfig),
    ) -> Self {
        let clock = Arc::new(TestClock(AtomicU64::new(START)));
        let school = Arc::new(School { reachable: AtomicBool::new(true), clock: Arc::clone(&clock) });
        let mut config = WalletConfig::new(Url::parse(base).expect("URL"));
        config.password_cost = PasswordCost::new(8, 1).expect("cost");
        for (issuer, secret) in [(SCHOOL, DEPOSIT_SECRET), (OTHER_SCHOOL, OTHER_DEPOSIT_SECRET)] {
            config.deposit_secrets_sha256.insert(issuer.to_owned(), Sha256::digest(secret).into());
        }
        config.verifier_url = Some(Url::parse("https://verify.example/").expect("URL"));
        set(&mut config);
        let ports = WalletPorts {
            store: Arc::clone(&store),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            entropy: Arc::new(TestEntropy::new()),
            binding: Some(port(Arc::clone(&school) as Arc<dyn BindingPort>)),
        };
        Self { clock, school, store, state: WalletState::new(config, ports) }
    }

    pub fn wallet(&self) -> &Wallet {
        self.state.wallet()
    }

    pub fn client(&self) -> Client {
        Client { router: router(self.state.clone()), bearer: None }
    }

    /// A client with an account of this name.
    pub async fn learner(&self, name: &str) -> Client {
        let mut client = self.client();
        let answer = client.post("/api/accounts", json!({"name": name, "password": PASSWORD})).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{:?}", answer.json());
        client.bearer = Some(answer.json()["token"].as_str().expect("token").to_owned());
        client
    }

    pub fn deposit(&self, record: &PortableRecord) -> OfferCode {
        let expires = UnixSeconds::new(self.clock.now().get() + 86_400);
        self.wallet().deposit(record, expires).expect("deposits")
    }

    /// Deposits and claims a record; its number in the account.
    pub async fn claimed(&self, client: &Client, record: &PortableRecord) -> String {
        let code = self.deposit(record).encode();
        let answer = client.post("/api/claims", json!({"code": code})).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{:?}", answer.json());
        answer.json()["record"]["id"].as_str().expect("id").to_owned()
    }
}

/// A signed diploma of the school.
pub fn diploma(number: u8) -> PortableRecord {
    diploma_valid_from(number, UnixSeconds::new(START - 86_400))
}

pub fn diploma_valid_from(number: u8, valid_from: UnixSeconds) -> PortableRecord {
    let header = Header {
        id: format!("urn:uuid:00000000-0000-4000-8000-0000000000{number:02x}"),
        issuer: Institution { id: SCHOOL.to_owned(), name: "Instituto Lempira".to_owned() },
        learner: Learner {
            number: "0801-2008-10001".to_owned(),
            given_names: "Zeferino".to_owned(),
            family_names: "Ñáñez".to_owned(),
            date_of_birth: Some(date(2008, 7, 23)),
        },
        valid_from,
        valid_until: None,
        awarded: date(2020 + i16::from(number), 11, 20),
        status: Vec::new(),
    };
    let programme = Programme {
        code: "BCH".to_owned(),
        name: "Bachillerato en Ciencias y Humanidades".to_owned(),
        isced_level: 3,
        isced_p: Some("344".to_owned()),
        isced_f: "0011".to_owned(),
        language: Some("es".to_owned()),
    };
    let unsigned = model::diploma(&header, &programme, &format!("Título {number}"), &[]).expect("diploma");
    PortableRecord::bare(School::sign(&unsigned, valid_from))
}

#[derive(Clone)]
pub struct Client {
    pub router: Router,
    pub bearer: Option<String>,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("UTF-8")
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("ASCII"))
    }

    /// Asserts a problem document of RFC 9457 with this status and code.
    pub fn assert_problem(&self, status: StatusCode, code: &str) {
        assert_eq!((self.status, self.json()["code"].as_str()), (status, Some(code)), "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.json()["status"], status.as_u16());
        assert_eq!(self.json()["type"], format!("urn:matricula:problem:{code}"));
    }
}

impl Client {
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], Body::empty()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.json(Method::POST, path, body).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.json(Method::PUT, path, body).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, &[], Body::empty()).await
    }

    pub async fn json(&self, method: Method, path: &str, body: Value) -> Answer {
        self.send(method, path, &[("content-type", "application/json")], Body::from(body.to_string())).await
    }

    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Body) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.bearer {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let response =
            self.router.clone().oneshot(request.body(body).expect("request")).await.expect("answers");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("body").to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }
}
