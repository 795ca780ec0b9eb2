//! The page: a person drops or picks a file and reads the verdict, axis by axis, in words.
//!
//! Everything works without script; the script only lets a file be dropped.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::Markup;

use crate::error::ApiError;
use crate::service::{Submitted, Verifier};
use crate::upload::Upload;

mod form;
mod frame;
mod icon;
mod verdict;

/// How long a browser keeps script, style sheet and icon: long enough for a bad line, short enough for an update.
const ASSET_CACHE_CONTROL: HeaderValue = HeaderValue::from_static("public, max-age=3600");

/// `GET /`: the form.
pub(crate) async fn show_form() -> Markup {
    form::page(None)
}

/// `POST /`: the form with a file in it.
///
/// 1. Read the body and take the form apart, in memory only: 413, 408, 400.
/// 2. Judge the file, offline.
/// 3. Answer with the verdict as a page: 200, whatever it says. What cannot be judged gives the form again, with a
///    sentence on what to do.
pub(crate) async fn verify_form(State(verifier): State<Arc<Verifier>>, request: Request) -> Response {
    match judge_form(&verifier, request).await {
        Ok(page) => page.into_response(),
        Err(error) => (error.status(), form::page(Some(&error))).into_response(),
    }
}

async fn judge_form(verifier: &Verifier, request: Request) -> Result<Markup, ApiError> {
    let admission = verifier.admit()?;
    let (parts, body) = request.into_parts();
    let body = verifier.read_body(&parts.headers, body).await?;
    let Upload { name, bytes, question } = Upload::read(parts, body).await?;
    let verdicts = verifier.judge(admission, Submitted::File(bytes), question).await?;
    Ok(verdict::page(&name, &verdicts))
}

/// `GET /assets/{name}`: the files the page needs, compiled in.
pub(crate) async fn asset(Path(name): Path<String>) -> Response {
    let (media_type, text) = match name.as_str() {
        "app.js" => ("text/javascript; charset=utf-8", include_str!("../assets/app.js")),
        "style.css" => ("text/css; charset=utf-8", include_str!("../assets/style.css")),
        "icon.svg" => ("image/svg+xml", include_str!("../assets/icon.svg")),
        _ => return ApiError::NotFound.into_response(),
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CACHE_CONTROL, ASSET_CACHE_CONTROL),
    ];
    (StatusCode::OK, headers, text).into_response()
}
