//! The session cookie.
//!
//! SPEC: RFC 6265bis: `HttpOnly`, `SameSite=Strict`, and over https the prefix `__Host-`, which no other host can set.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

use crate::session::{Session, SessionToken};

/// The value for `Set-Cookie` after signing in.
pub(super) fn set(session: &Session, is_https: bool, now: u64) -> Option<HeaderValue> {
    let seconds = session.expires().get().saturating_sub(now);
    header(&session.token().encode(), seconds, is_https)
}

/// The value for `Set-Cookie` that takes the cookie away.
pub(super) fn clear(is_https: bool) -> Option<HeaderValue> {
    header("", 0, is_https)
}

/// The token of the request's cookie.
pub(super) fn token(headers: &HeaderMap, is_https: bool) -> Option<SessionToken> {
    let pairs = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut values = pairs.flat_map(|pairs| pairs.split(';')).filter_map(|pair| pair.trim().split_once('='));
    values.find(|(cookie, _)| *cookie == name(is_https)).and_then(|(_, value)| SessionToken::parse(value))
}

fn name(is_https: bool) -> &'static str {
    if is_https { "__Host-matricula" } else { "matricula" }
}

fn header(value: &str, seconds: u64, is_https: bool) -> Option<HeaderValue> {
    let secure = if is_https { "; Secure" } else { "" };
    let name = name(is_https);
    let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::from_str(&text).ok()
}
