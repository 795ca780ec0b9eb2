//! What holds for every answer, whichever service gives it: a request id, and a problem document for every error.

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// The header with the request's id, in and out.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A UUID has 36 characters; other systems' ids are about as long. Longer ones would only fill the log.
const REQUEST_ID_BYTES_MAX: usize = 64;

/// RFC 9457 problem details.
#[derive(Serialize)]
struct Problem {
    #[serde(rename = "type")]
    kind: &'static str,
    title: String,
    status: u16,
    code: &'static str,
}

/// Takes away a request id of another form than ids have, so that the request gets one of ours.
pub async fn own_id_for_strange_ones(mut request: Request, next: Next) -> Response {
    let plain = |id: &HeaderValue| {
        let bytes = id.as_bytes();
        bytes.len() <= REQUEST_ID_BYTES_MAX
            && bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b))
    };
    if request.headers().get(&REQUEST_ID).is_some_and(|id| !plain(id)) {
        request.headers_mut().remove(&REQUEST_ID);
    }
    next.run(request).await
}

/// Gives errors that a router or a layer answers with an empty or plain body the form that all others have.
pub async fn problem_for_every_error(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let is_bare = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    if !is_error || !is_bare {
        return response;
    }
    let problem = Problem {
        kind: "about:blank",
        title: status.canonical_reason().unwrap_or("Error").to_owned(),
        status: status.as_u16(),
        code: code_of(status),
    };
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    Response::from_parts(parts, Json(problem).into_response().into_body())
}

fn code_of(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "not_found",
        StatusCode::METHOD_NOT_ALLOWED => "method_not_allowed",
        StatusCode::PAYLOAD_TOO_LARGE => "body_too_large",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "media_type",
        StatusCode::REQUEST_TIMEOUT => "request_timeout",
        StatusCode::SERVICE_UNAVAILABLE => "unavailable",
        status if status.is_server_error() => "server_error",
        _ => "bad_request",
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn;
    use axum::routing::get;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    async fn ask(request: axum::http::request::Builder) -> (StatusCode, String, String) {
        let echo = |request: Request| async move {
            let id = request.headers().get(&REQUEST_ID).cloned();
            id.map_or_else(|| "none".to_owned(), |id| String::from_utf8_lossy(id.as_bytes()).into_owned())
        };
        let app = Router::new()
            .route("/", get(echo))
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
        let (status, kind, body) = ask(Request::delete("/")).await;
        assert_eq!((status, kind.as_str()), (StatusCode::METHOD_NOT_ALLOWED, "application/problem+json"));
        assert!(body.contains("\"code\":\"method_not_allowed\""), "{body}");
        let (status, kind, body) = ask(Request::get("/")).await;
        assert_eq!((status, kind.starts_with("text/plain"), body.as_str()), (StatusCode::OK, true, "none"));
    }

    #[tokio::test]
    async fn a_plain_request_id_is_kept_and_a_strange_one_is_not() {
        assert_eq!(ask(Request::get("/").header(REQUEST_ID, "abc-1")).await.2, "abc-1");
        assert_eq!(ask(Request::get("/").header(REQUEST_ID, "a b")).await.2, "none");
        assert_eq!(ask(Request::get("/").header(REQUEST_ID, "a".repeat(65))).await.2, "none");
    }
}
