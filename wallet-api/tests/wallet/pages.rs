use axum::body::Body;
use axum::http::{Method, StatusCode};
use matricula_credential::presentation::PresentationFile;

use crate::support::{Answer, BASE, Client, LEARNER_NAME, PASSWORD, World, diploma};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// A browser with one cookie.
struct Browser {
    client: Client,
    cookie: String,
    origin: String,
}

impl Browser {
    fn new(client: Client) -> Self {
        Self { client, cookie: String::new(), origin: BASE.to_owned() }
    }

    async fn get(&self, path: &str) -> Answer {
        self.client.send(Method::GET, path, &[("cookie", &self.cookie)], Body::empty()).await
    }

    async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let headers = [FORM, ("origin", &self.origin), ("cookie", &self.cookie)];
        let answer = self.client.send(Method::POST, path, &headers, Body::from(body)).await;
        if let Some((cookie, _)) = answer.header("set-cookie").split_once(';') {
            self.cookie = cookie.to_owned();
        }
        answer
    }

    async fn signed_up(world: &World) -> Self {
        let mut browser = Self::new(world.client());
        let answer = browser.submit("/signup", &[("name", "ana"), ("password", PASSWORD)]).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/"));
        browser
    }
}

#[tokio::test]
async fn a_learner_goes_through_all_pages_without_script() {
    let world = World::new();
    let mut browser = Browser::signed_up(&world).await;
    assert!(browser.get("/").await.text().contains("There is nothing here yet"));

    let code = world.deposit(&diploma(1)).encode();
    let claimed = browser.submit("/claim", &[("code", &code)]).await;
    assert_eq!(claimed.status, StatusCode::SEE_OTHER);
    let record = claimed.header("location").to_owned();
    let page = browser.get(&record).await.text();
    assert!(page.contains(LEARNER_NAME) && page.contains("Título 1") && page.contains("Instituto Lempira"));
    assert!(browser.get("/").await.text().contains(&record));
    assert_eq!(browser.get(&format!("{record}/file")).await.status, StatusCode::OK);

    let shared = browser.submit(&format!("{record}/share"), &[("lifetime", "86400")]).await;
    let share = shared.header("location").to_owned();
    let page = browser.get(&share).await.text();
    assert!(page.contains("<svg") && page.contains(&format!("{BASE}/s/")) && !page.contains("<?xml"));
    assert!(browser.get("/disclosures").await.text().contains("opened 0 times"));
    let ended = browser.submit(&format!("{share}/revoke"), &[]).await;
    assert_eq!(ended.header("location"), "/disclosures");

    assert!(browser.get("/present").await.text().contains("Título 1"));
    let id = record.rsplit('/').next().expect("id");
    let fields = [("record", id), ("challenge", "c-1"), ("domain", "employer.example")];
    let file = browser.submit("/present", &fields).await;
    assert!(PresentationFile::parse(&file.body).is_ok());

    assert!(browser.get(&format!("{record}/delete")).await.text().contains("Delete this record"));
    assert_eq!(browser.submit(&format!("{record}/delete"), &[]).await.header("location"), "/");
    assert!(browser.get("/disclosures").await.text().contains("a record that you deleted"));

    assert!(browser.get("/account").await.text().contains("did:key:z6Mk"));
    let gone = browser.submit("/account/delete", &[("password", PASSWORD)]).await;
    assert_eq!((gone.header("location"), browser.cookie.as_str()), ("/login", "matricula="));
    assert_eq!(browser.get("/").await.header("location"), "/login");
}

#[tokio::test]
async fn forms_come_back_with_what_is_wrong() {
    let world = World::new();
    let mut browser = Browser::signed_up(&world).await;
    let wrong = browser.submit("/claim", &[("code", "<script>")]).await;
    assert_eq!(wrong.status, StatusCode::NOT_FOUND);
    assert!(
        wrong.text().contains("No record waits under this code.") && wrong.text().contains("&lt;script&gt;")
    );
    assert!(!wrong.text().contains("<script"));
    let taken = browser.submit("/signup", &[("name", "ana"), ("password", PASSWORD)]).await;
    assert_eq!(taken.status, StatusCode::CONFLICT);
    assert!(taken.text().contains("This name is taken."));
    let wrong = browser.submit("/login", &[("name", "ana"), ("password", "not it at all")]).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(
        wrong.text().contains("The name or the password is wrong.")
            && !wrong.text().contains("not it at all")
    );
}

#[tokio::test]
async fn the_cookie_is_out_of_reach_of_scripts_and_other_sites() {
    let world = World::new();
    let mut browser = Browser::new(world.client());
    let answer = browser.submit("/signup", &[("name", "ana"), ("password", PASSWORD)]).await;
    let cookie = answer.header("set-cookie");
    assert!(
        cookie.starts_with("matricula=")
            && cookie.ends_with("; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict")
    );

    let store = std::sync::Arc::new(matricula_state::MemoryStore::new());
    let world = World::on(store, "https://wallet.example");
    let mut browser = Browser { origin: "https://wallet.example".to_owned(), ..Browser::new(world.client()) };
    let answer = browser.submit("/signup", &[("name", "ana"), ("password", PASSWORD)]).await;
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-matricula=") && cookie.ends_with("; Secure"));
    assert!(answer.header("strict-transport-security").starts_with("max-age=31536000"));
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn signing_out_ends_the_session_and_not_only_the_cookie() {
    let world = World::new();
    let mut browser = Browser::signed_up(&world).await;
    let cookie = browser.cookie.clone();
    assert_eq!(browser.submit("/logout", &[]).await.header("location"), "/login");
    browser.cookie = cookie;
    assert_eq!(browser.get("/").await.header("location"), "/login");
}

#[tokio::test]
async fn forms_of_other_sites_are_refused() {
    let world = World::new();
    let mut browser = Browser::signed_up(&world).await;
    let code = world.deposit(&diploma(1)).encode();
    for origin in ["http://evil.example", "null", "http://wallet.example:8080", "https://wallet.example"] {
        browser.origin = origin.to_owned();
        let refused = browser.submit("/claim", &[("code", &code)]).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{origin}");
        assert!(refused.text().contains("cross_origin"));
    }
    browser.origin = BASE.to_owned();
    assert_eq!(browser.submit("/claim", &[("code", &code)]).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let world = World::new();
    for path in ["/", "/login", "/style.css", "/api/records", "/s/x", "/nowhere"] {
        let answer = world.client().get(path).await;
        let policy = answer.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert!(!policy.contains("script-src") && !policy.contains("unsafe"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "same-origin");
        let cache = if path == "/style.css" { "public, max-age=3600" } else { "no-store" };
        assert_eq!(answer.header("cache-control"), cache, "{path}");
    }
}

#[tokio::test]
async fn links_stay_under_the_path_of_the_public_address() {
    let store = std::sync::Arc::new(matricula_state::MemoryStore::new());
    let world = World::on(store, "http://wallet.example/wallet");
    let nested = axum::Router::new().nest_service("/wallet", world.client().router);
    let mut browser = Browser::new(Client { router: nested, bearer: None });
    let answer = browser.submit("/wallet/signup", &[("name", "ana"), ("password", PASSWORD)]).await;
    assert_eq!(answer.header("location"), "/wallet");
    assert!(browser.get("/wallet").await.text().contains("There is nothing here yet"));
    assert!(browser.get("/wallet/").await.text().contains("There is nothing here yet"));
    assert_eq!(browser.get("/wallet/nowhere").await.status, StatusCode::NOT_FOUND);
    let code = world.deposit(&diploma(1)).encode();
    let record = browser.submit("/wallet/claim", &[("code", &code)]).await.header("location").to_owned();
    assert!(record.starts_with("/wallet/records/"));
    let page = browser.get(&record).await.text();
    assert!(
        !page.contains("href=\"/r") && !page.contains("action=\"/r") && page.contains("/wallet/style.css")
    );
    let share =
        browser.submit(&format!("{record}/share"), &[("lifetime", "60")]).await.header("location").to_owned();
    assert!(browser.get(&share).await.text().contains("http://wallet.example/wallet/s/"));
}
