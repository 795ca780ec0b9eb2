//! Requests that change something must come from a page of this wallet, or from a program.
//!
//! `SameSite=Strict` keeps the cookie away from other sites' requests already; this also covers pages of other
//! hosts under the same domain, old browsers, and signing in (nobody shall be signed in to somebody else's account).

use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, COOKIE, ORIGIN, REFERER};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use url::Url;

use super::problem::ApiError;
use super::state::WalletState;

pub(super) async fn check(State(state): State<WalletState>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if reads || is_allowed(request.headers(), &state.config().base_url) {
        next.run(request).await
    } else {
        ApiError::CrossOrigin.into_response()
    }
}

fn is_allowed(headers: &HeaderMap, own: &Url) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or(""));
    // All that are there must agree; a browser that sends none of them is told apart from a program by its
    // cookie or its form.
    let fetched = headers.get("sec-fetch-site").map(|value| value == "same-origin");
    let origin = text(ORIGIN).map(|origin| origin == own.origin().ascii_serialization());
    let referer =
        text(REFERER).map(|referer| Url::parse(referer).is_ok_and(|url| url.origin() == own.origin()));
    let told = [fetched, origin, referer];
    if told.iter().all(Option::is_none) {
        is_program(headers)
    } else {
        told.iter().flatten().all(|good| *good)
    }
}

/// A form's media type is one of three that pages of other sites may send; a program sends none of them and no cookie.
fn is_program(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let form = ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"];
    let is_form = form.iter().any(|form| media_type.to_ascii_lowercase().starts_with(form));
    !is_form && !headers.contains_key(COOKIE)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn allowed(headers: &[(&'static str, &'static str)]) -> bool {
        let own = Url::parse("https://records.example/wallet").expect("URL");
        let pairs = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        is_allowed(&pairs.collect(), &own)
    }

    const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

    #[test]
    fn takes_forms_of_its_own_pages() {
        assert!(allowed(&[FORM, ("origin", "https://records.example"), ("sec-fetch-site", "same-origin")]));
        assert!(allowed(&[FORM, ("origin", "https://records.example")]));
        assert!(allowed(&[FORM, ("referer", "https://records.example/wallet/claim")]));
    }

    #[test]
    fn refuses_forms_of_other_pages() {
        assert!(!allowed(&[FORM]));
        assert!(!allowed(&[FORM, ("origin", "null")]));
        assert!(!allowed(&[FORM, ("origin", "http://records.example")]));
        assert!(!allowed(&[FORM, ("origin", "https://records.example:444")]));
        assert!(!allowed(&[FORM, ("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")]));
        assert!(!allowed(&[FORM, ("origin", "https://records.example"), ("sec-fetch-site", "same-site")]));
        assert!(!allowed(&[FORM, ("referer", "https://records.example.evil.example/")]));
    }

    #[test]
    fn takes_programs_and_refuses_cookies_without_origin() {
        assert!(allowed(&[("content-type", "application/json")]));
        assert!(!allowed(&[("content-type", "application/json"), ("cookie", "matricula=1")]));
        assert!(!allowed(&[("content-type", "text/plain;charset=utf-8")]));
    }
}
