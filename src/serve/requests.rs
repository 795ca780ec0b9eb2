//! A line for each request: which route answered, how, and how long it took.
//!
//! A path may name a person's share and a query a person, so neither is written down: the route is, as the program
//! spells it, such as `/wallet/s/{token}`.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;

use super::edge::request_id;

/// Stands for the route of a request that fits none.
const NO_ROUTE: &str = "none";

/// The methods of HTTP. Others are words of the client's own choice, and not written down.
const METHODS: [Method; 9] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::DELETE,
    Method::CONNECT,
    Method::OPTIONS,
    Method::TRACE,
    Method::PATCH,
];

/// The route that answered, on its way out with the answer.
#[derive(Clone)]
struct Route(MatchedPath);

/// Puts the route beside the answer. To be laid around each router: only inside it is the route known.
pub async fn tell_route(request: Request, next: Next) -> Response {
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    if let Some(matched) = matched
        && response.extensions().get::<Route>().is_none()
    {
        response.extensions_mut().insert(Route(matched));
    }
    response
}

/// The route that an answer came from, as the program spells it; `none` for one that fits no route.
pub fn route_of(response: &Response) -> &str {
    response.extensions().get::<Route>().map_or(NO_ROUTE, |route| route.0.as_str())
}

/// Writes the line, when the answer begins. Whatever is written on the way has the request's id beside it.
pub async fn write_line(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let id = request_id(&request);
    let method = METHODS.into_iter().find(|known| known == request.method());
    let span = tracing::info_span!("request", id);
    let response = next.run(request).instrument(span).await;
    let route = route_of(&response);
    let latency_ms = (begun.elapsed().as_secs_f64() * 100_000.0).round() / 100.0;
    tracing::info!(
        method = method.as_ref().map_or("other", Method::as_str),
        route,
        status = response.status().as_u16(),
        latency_ms,
        request_id = id,
        "answered"
    );
    response
}
