//! All routes of this server as one OpenAPI document.
#![expect(dead_code, reason = "the document is made from these; nobody calls them")]

use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use axum::{Router, routing};
use utoipa::OpenApi as _;
use utoipa::openapi::{InfoBuilder, LicenseBuilder, OpenApi, ServerBuilder};

use super::Services;
use crate::command::serve::Service;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// An hour: the document changes with the program.
const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("public, max-age=3600");

#[derive(utoipa::OpenApi)]
#[openapi(
    tags((name = "server", description = "What the process says of itself.")),
    paths(healthz, metrics, openapi_json)
)]
struct Document;

/// Whether everything runs.
#[utoipa::path(
    get, path = "/healthz", tag = "server",
    responses(
        (status = 200, description = "Everything runs", content_type = "text/plain; charset=utf-8", body = String),
        (status = 503, description = "It takes no more entries until it is started again. Code: `node_stopped`, or \
            `following_stopped` when logs of others are not cosigned any more.", content_type = "application/problem+json",
            body = serde_json::Value)
    )
)]
fn healthz() {}

/// Figures for a monitoring system. May be switched off, or served on another address only.
#[utoipa::path(
    get, path = "/metrics", tag = "server",
    responses((status = 200, description = "OpenMetrics text, which Prometheus reads",
        content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8", body = String))
)]
fn metrics() {}

/// This document.
#[utoipa::path(
    get, path = "/openapi.json", tag = "server",
    responses((status = 200, description = "The document", body = serde_json::Value))
)]
fn openapi_json() {}

/// The routes of the services that run here, under this address.
pub fn document(services: &Services, public_url: &str, has_metrics: bool) -> OpenApi {
    let mut document = Document::openapi();
    if !has_metrics {
        document.paths.paths.remove("/metrics");
    }
    if services.runs(Service::Ledger) {
        document = document.nest("/log", matricula_ledger::openapi());
    }
    if services.follows() {
        document = document
            .nest("/log", matricula_ledger::evidence_openapi())
            .nest("/witness", matricula_ledger::witness_openapi())
            .nest("/mirror", matricula_ledger::mirror_openapi());
    }
    if services.runs(Service::Wallet) {
        document = document.nest_with_path_composer("/wallet", matricula_wallet_api::openapi(), below);
    }
    if services.runs(Service::Issuer) {
        document.merge(matricula_issuer::http::openapi());
    }
    if services.runs(Service::Verifier) {
        document.merge(matricula_verifier::openapi());
    }
    let license = LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build();
    document.info = InfoBuilder::new()
        .title("Matricula")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Learner records, signed by schools and logged by ministries. Every error that is no page is a problem document \
             (RFC 9457) with a stable `code`.",
        ))
        .license(Some(license))
        .build();
    document.servers = Some(vec![ServerBuilder::new().url(public_url.trim_end_matches('/')).build()]);
    document
}

/// A path below another. The first page of a service has no slash at its end.
fn below(base: &str, path: &str) -> String {
    if path == "/" { base.to_owned() } else { format!("{base}{path}") }
}

/// The route that serves the document.
pub fn router(document: &OpenApi) -> Router {
    let text = document.to_json().unwrap_or_default();
    let show = move || {
        let headers = [(header::CONTENT_TYPE, JSON), (header::CACHE_CONTROL, CACHE_CONTROL)];
        std::future::ready((headers, text.clone()).into_response())
    };
    Router::new().route("/openapi.json", routing::get(show))
}

#[cfg(test)]
mod tests;
