//! Requests to a router, and what came back.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use matricula_tlog::UnixSeconds;
use matricula_verdict::Trust;
use matricula_verifier::{Limits, Verifier, router};
use serde_json::Value;
use tower::ServiceExt;

/// 2026-11-22T00:00:00Z.
pub const NOW: UnixSeconds = UnixSeconds::new(1_795_305_600);

/// The boundary of the forms below.
pub const BOUNDARY: &str = "matricula-boundary";

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Asserts a problem document with this status and code.
    #[track_caller]
    pub fn assert_problem(&self, status: u16, code: &str) {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        let document = self.json();
        assert_eq!(
            (document["status"].as_u64(), document["code"].as_str()),
            (Some(status.into()), Some(code))
        );
        assert_eq!(document["type"], format!("urn:matricula:problem:{code}"));
        assert!(document["title"].is_string() && document["detail"].is_string(), "{document}");
    }
}

/// A service that trusts nobody, at [`NOW`].
pub fn verifier(limits: Limits) -> Arc<Verifier> {
    Arc::new(Verifier::with_limits(Trust::default(), Arc::new(|| NOW), limits))
}

pub async fn send(verifier: Arc<Verifier>, request: Request<Body>) -> Answer {
    let response = router(verifier).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Answer { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
}

/// Sends to a service with the usual limits.
pub async fn ask(request: Request<Body>) -> Answer {
    send(verifier(Limits::default()), request).await
}

pub fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

pub fn post(path: &str, media_type: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(path).header(header::CONTENT_TYPE, media_type).body(body.into()).unwrap()
}

pub fn post_json(path: &str, body: &Value) -> Request<Body> {
    post(path, "application/json", body.to_string())
}

/// A form as a browser sends it: each field with its name, the name of its file if it is one, and its content.
pub fn form(fields: &[(&str, Option<&str>, &[u8])]) -> Request<Body> {
    form_to("/", fields)
}

/// The same, to an endpoint of programs.
pub fn form_to(path: &str, fields: &[(&str, Option<&str>, &[u8])]) -> Request<Body> {
    let mut body = Vec::new();
    for (name, file, content) in fields {
        body.extend_from_slice(
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"").as_bytes(),
        );
        if let Some(file) = file {
            body.extend_from_slice(
                format!("; filename=\"{file}\"\r\nContent-Type: application/json").as_bytes(),
            );
        }
        body.extend_from_slice(b"\r\n\r\n");
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    post(path, &format!("multipart/form-data; boundary={BOUNDARY}"), body)
}
