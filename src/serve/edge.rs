//! What holds for every answer, whichever service gives it: a request id, and a problem document for every error.
//!
//! Every problem document of every service has `type` (`urn:matricula:problem:` and the code), `title`, `status`, `code`
//! and `detail`. Here it gets its `instance`, which is the request's id: no service knows that.
//!
//! SPEC: RFC 9457.

use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use serde_json::{Map, Value, json};

/// The header with the request's id, in and out.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A UUID has 36 characters; other systems' ids are about as long. Longer ones would only fill the log.
const REQUEST_ID_BYTES_MAX: usize = 64;

/// The longest problem document: the log may name a reason for each of some thousand entries.
const PROBLEM_BYTES_MAX: usize = 4 << 20;

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// The request's id; empty before it has got one.
pub fn request_id(request: &Request) -> String {
    let id = request.headers().get(&REQUEST_ID).and_then(|id| id.to_str().ok());
    id.unwrap_or_default().to_owned()
}

/// Takes away a request id of another form than ids have, so that the request gets one of ours.
pub async fn own_id_for_strange_ones(mut request: Request, next: Next) -> Response {
    let plain = |id: &HeaderValue| {
        let bytes = id.as_bytes();
        (1..=REQUEST_ID_BYTES_MAX).contains(&bytes.len())
            && bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b))
    };
    if request.headers().get(&REQUEST_ID).is_some_and(|id| !plain(id)) {
        request.headers_mut().remove(&REQUEST_ID);
    }
    next.run(request).await
}

/// Gives errors that a router or a layer answers with an empty or plain body the form that all others have, and each its
/// `instance`. Pages for people stay as they are.
pub async fn problem_for_every_error(request: Request, next: Next) -> Response {
    let id = request_id(&request);
    let response = next.run(request).await;
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    match response.headers().get(header::CONTENT_TYPE) {
        Some(kind) if kind == PROBLEM_JSON => with_instance(response, &id).await,
        Some(kind) if !kind.as_bytes().starts_with(b"text/plain") => response,
        _ => with_body(response, &instance(problem(status), &id)),
    }
}

async fn with_instance(response: Response, id: &str) -> Response {
    if response.body().size_hint().upper().is_none_or(|length| length > PROBLEM_BYTES_MAX as u64) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, PROBLEM_BYTES_MAX).await.unwrap_or_default();
    match serde_json::from_slice(&bytes) {
        Ok(document) => with_body(Response::from_parts(parts, Body::empty()), &instance(document, id)),
        Err(_) => Response::from_parts(parts, Body::from(bytes)),
    }
}

fn instance(mut document: Map<String, Value>, id: &str) -> Map<String, Value> {
    document.insert("instance".to_owned(), Value::String(format!("urn:matricula:request:{id}")));
    document
}

fn with_body(response: Response, document: &Map<String, Value>) -> Response {
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
    Response::from_parts(parts, Body::from(serde_json::to_vec(document).unwrap_or_default()))
}

/// A server that runs, and does not do all that it is there for until somebody looks after it.
pub fn unhealthy(code: &str, detail: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    with_body(response, &document(StatusCode::SERVICE_UNAVAILABLE, code, detail))
}

/// What a status alone says.
fn problem(status: StatusCode) -> Map<String, Value> {
    let (code, detail) = match status {
        StatusCode::NOT_FOUND => ("not_found", "there is nothing at this address"),
        StatusCode::METHOD_NOT_ALLOWED => ("method_not_allowed", "this address does not take that method"),
        StatusCode::PAYLOAD_TOO_LARGE => ("body_too_large", "the body is longer than this address reads"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            ("unsupported_media_type", "this address does not take a body of that type")
        }
        StatusCode::REQUEST_TIMEOUT => ("request_timeout", "the request did not arrive in time"),
        StatusCode::TOO_MANY_REQUESTS => ("too_many_requests", "too many requests; try again later"),
        StatusCode::SERVICE_UNAVAILABLE => ("unavailable", "the answer took too long; try again in a moment"),
        status if status.is_server_error() => ("server_error", "the fault is the server's"),
        _ => ("bad_request", "the request cannot be read"),
    };
    document(status, code, detail)
}

fn document(status: StatusCode, code: &str, detail: &str) -> Map<String, Value> {
    let document = json!({
        "type": format!("urn:matricula:problem:{code}"),
        "title": status.canonical_reason().unwrap_or("Error"),
        "status": status.as_u16(),
        "code": code,
        "detail": detail,
    });
    document.as_object().cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::middleware::from_fn;
    use axum::response::IntoResponse;
    use axum::routing::get;
    use http_body_util::BodyExt;
    use tower::ServiceExt;
    use tower_http::catch_panic::CatchPanicLayer;

    use super::*;

    async fn broken() -> &'static str {
        panic!("this handler is broken")
    }

    async fn refused() -> Response {
        let body = r#"{"type":"urn:matricula:problem:a","code":"a","errors":[7]}"#;
        (StatusCode::CONFLICT, [(header::CONTENT_TYPE, PROBLEM_JSON)], body).into_response()
    }

    async fn ask(request: axum::http::request::Builder) -> (StatusCode, String, String) {
        let echo = |request: Request| async move {
            let id = request_id(&request);
            if id.is_empty() { "none".to_owned() } else { id }
        };
        let app = Router::new()
            .route("/", get(echo))
            .route("/broken", get(broken))
            .route("/refused", get(refused))
            .route("/page", get(|| async { (StatusCode::NOT_FOUND, axum::response::Html("<p>")) }))
            .layer(CatchPanicLayer::new())
            .layer(from_fn(problem_for_every_error))
            .layer(from_fn(own_id_for_strange_ones));
        let response = app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let status = response.status();
        let kind = response.headers().get(header::CONTENT_TYPE).unwrap().to_str().unwrap().to_owned();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, kind, String::from_utf8_lossy(&body).into_owned())
    }

    #[tokio::test]
    async fn an_empty_error_becomes_a_problem_document_and_a_good_answer_stays() {
        let (status, kind, body) = ask(Request::delete("/").header(REQUEST_ID, "abc-1")).await;
        assert_eq!((status, kind.as_str()), (StatusCode::METHOD_NOT_ALLOWED, "application/problem+json"));
        let document: Value = serde_json::from_str(&body).unwrap();
        let wanted = json!({
            "type": "urn:matricula:problem:method_not_allowed",
            "title": "Method Not Allowed",
            "status": 405,
            "code": "method_not_allowed",
            "detail": "this address does not take that method",
            "instance": "urn:matricula:request:abc-1",
        });
        assert_eq!(document, wanted);
        let (status, kind, body) = ask(Request::get("/")).await;
        assert_eq!((status, kind.starts_with("text/plain"), body.as_str()), (StatusCode::OK, true, "none"));
    }

    #[tokio::test]
    async fn a_panic_is_a_problem_document_that_says_nothing_of_it() {
        let (status, kind, body) = ask(Request::get("/broken")).await;
        assert_eq!((status, kind.as_str()), (StatusCode::INTERNAL_SERVER_ERROR, "application/problem+json"));
        assert!(body.contains("\"code\":\"server_error\"") && !body.contains("broken"), "{body}");
    }

    #[tokio::test]
    async fn a_services_own_document_gets_an_instance_and_a_page_stays() {
        let (_, _, body) = ask(Request::get("/refused").header(REQUEST_ID, "r-2")).await;
        let document: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(
            (&document["code"], &document["errors"], &document["instance"]),
            (&json!("a"), &json!([7]), &json!("urn:matricula:request:r-2"))
        );
        let (_, kind, body) = ask(Request::get("/page")).await;
        assert!(kind.starts_with("text/html") && body == "<p>", "{kind} {body}");
    }

    #[tokio::test]
    async fn a_plain_request_id_is_kept_and_a_strange_one_is_not() {
        assert_eq!(ask(Request::get("/").header(REQUEST_ID, "abc-1")).await.2, "abc-1");
        for strange in ["a b", "", &"a".repeat(65)] {
            assert_eq!(ask(Request::get("/").header(REQUEST_ID, strange)).await.2, "none");
        }
    }
}
