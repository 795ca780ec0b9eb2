//! Pages that say why there is no page.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::html;

use super::frame::{Depth, Tab, frame};
use super::icon::{Icon, icon};
use crate::node::ReadError;

/// Why a page was not made.
#[derive(Debug, thiserror::Error)]
pub(super) enum PageError {
    /// There is nothing at this address.
    #[error("There is nothing at this address.")]
    NotFound,
    /// The log knows no such institution.
    #[error("This log knows no institution with that identifier.")]
    NoInstitution,
    /// The query has parameters that cannot be read.
    #[error("The address is malformed: q is a text, page a number from 1 on.")]
    QueryMalformed,
    /// The search is too long.
    #[error("Search for at most {chars_max} letters.")]
    QueryTooLong {
        /// The limit.
        chars_max: usize,
    },
    /// As many pages as are made at once are in the making.
    #[error("The node has much to do. Try again in a moment.")]
    Busy,
    /// The node could not be read.
    #[error("The node cannot answer. Its own records say why.")]
    Read(#[from] ReadError),
    /// The making of the page ended without a page: a fault of ours.
    #[error("The page could not be made. The fault is the node's.")]
    Failed,
}

impl PageError {
    const fn status(&self) -> StatusCode {
        match self {
            Self::NotFound | Self::NoInstitution => StatusCode::NOT_FOUND,
            Self::QueryMalformed | Self::QueryTooLong { .. } => StatusCode::BAD_REQUEST,
            Self::Busy | Self::Read(ReadError::Stopped) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Read(_) | Self::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The page that says it.
    pub(super) fn page(&self, depth: Depth) -> Response {
        let status = self.status();
        if status.is_server_error() {
            tracing::error!(error = ?self, "a page was not made");
        }
        let content = html! {
            h1 { "No such page" @if status.is_server_error() { " now" } }
            div.notice data-result="fail" {
                (icon(Icon::Cross))
                p { (self) }
            }
            p { a href=(depth.to("node")) { "To the node's first page" } }
        };
        let page = frame(depth, Tab::None, "No such page", &content);
        let mut response = (status, page).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if matches!(self, Self::Busy) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
