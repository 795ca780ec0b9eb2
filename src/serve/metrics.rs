//! Figures for a monitoring system: requests by route, the log's own, and the process's.
//!
//! Labels have few values: routes as the program spells them, never paths; methods of HTTP, never a client's own words.
//!
//! SPEC: OpenMetrics 1.0 text format, which Prometheus reads.

use std::fmt;
use std::fs;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, map_response};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing};
use matricula_ledger::{Node, NodeMetrics, Replicas};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::requests::route_of;

/// Upper bounds of request times in seconds: from a page out of memory to the time limit of requests.
const REQUEST_SECONDS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// Everything that is measured in this process. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    requests: Family<RequestLabels, Counter>,
    seconds: Family<RouteLabels, Histogram, fn() -> Histogram>,
}

/// What a request is counted under.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    service: &'static str,
    method: &'static str,
    route: String,
    status: u16,
}

/// What the time of a request is counted under.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    service: &'static str,
    method: &'static str,
    route: String,
}

impl Metrics {
    /// For a process with this log, if any.
    pub fn new(node: Option<(Arc<Node>, Arc<Replicas>)>) -> Self {
        let mut registry = Registry::default();
        let requests = Family::default();
        let seconds = Family::new_with_constructor(histogram as fn() -> Histogram);
        let help = "Requests answered, by service, method, route and status";
        registry.register("matricula_http_requests", help, requests.clone());
        let help = "Time from a request's arrival until its answer began";
        registry.register("matricula_http_request_seconds", help, seconds.clone());
        registry.register_collector(Box::new(Process));
        if let Some((node, replicas)) = node {
            registry.register_collector(Box::new(NodeMetrics::showing(node, replicas)));
        }
        Self { registry: Arc::new(registry), requests, seconds }
    }

    /// The route that shows them.
    pub fn router(&self) -> Router {
        Router::new().route("/metrics", routing::get(show)).with_state(self.clone())
    }

    fn count(&self, method: &'static str, begun: Instant, response: &Response) {
        let service = response.extensions().get::<ServedBy>().map_or("server", |served| served.0);
        let route = route_of(response).to_owned();
        let times = RouteLabels { service, method, route: route.clone() };
        self.seconds.get_or_create(&times).observe(begun.elapsed().as_secs_f64());
        let status = response.status().as_u16();
        self.requests.get_or_create(&RequestLabels { service, method, route, status }).inc();
    }
}

fn histogram() -> Histogram {
    Histogram::new(REQUEST_SECONDS)
}

/// `GET /metrics`. Reading the node takes locks, so not on a thread of the runtime.
async fn show(State(metrics): State<Metrics>) -> Response {
    let written = tokio::task::spawn_blocking(move || {
        let mut body = String::new();
        text::encode(&mut body, &metrics.registry).map(|()| body)
    });
    match written.await {
        Ok(Ok(body)) => ([(header::CONTENT_TYPE, OPEN_METRICS)], body).into_response(),
        Ok(Err(_)) | Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Counts a request. To be laid around everything that may answer it.
pub async fn count(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    let (method, begun) = (method(request.method()), Instant::now());
    let response = next.run(request).await;
    metrics.count(method, begun, &response);
    response
}

/// The service that answered, on its way out with the answer.
#[derive(Clone, Copy)]
struct ServedBy(&'static str);

/// A service's router whose answers say which service it is.
pub fn served_by(service: &'static str, router: Router) -> Router {
    router.layer(map_response(move |mut response: Response| async move {
        response.extensions_mut().insert(ServedBy(service));
        response
    }))
}

const fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// What the system knows of this process. A system that does not tell has no figures here.
#[derive(Debug)]
struct Process;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let figures = [
            ("process_resident_memory_bytes", "Memory that the process holds", resident_bytes()),
            ("process_open_fds", "Open file descriptors of the process", open_descriptors()),
        ];
        for (name, help, value) in figures {
            let Some(value) = value else { continue };
            ConstGauge::new(value).encode(encoder.encode_descriptor(
                name,
                help,
                None,
                MetricType::Gauge,
            )?)?;
        }
        Ok(())
    }
}

/// SPEC: proc_pid_status(5), `VmRSS`.
fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// SPEC: proc_pid_fd(5). The folder that is read here is one of them, and closed again.
fn open_descriptors() -> Option<u64> {
    let open = fs::read_dir("/proc/self/fd").ok()?.count();
    u64::try_from(open).ok()?.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::middleware::{from_fn, from_fn_with_state};
    use axum::routing::get;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::super::requests::tell_route;
    use super::*;

    async fn ask(app: &Router, request: Request) -> String {
        let answer = app.clone().oneshot(request).await.unwrap();
        String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn requests_are_counted_by_route_and_never_by_path_or_word_of_the_client() {
        let metrics = Metrics::new(None);
        let service = Router::new().route("/s/{token}", get(|| async { "seen" })).layer(from_fn(tell_route));
        let app = Router::new()
            .nest_service("/wallet", served_by("wallet", service))
            .merge(metrics.router())
            .layer(from_fn(tell_route))
            .layer(from_fn_with_state(metrics.clone(), count));
        for path in ["/wallet/s/one", "/wallet/s/two", "/nowhere"] {
            ask(&app, Request::get(path).body(Body::empty()).unwrap()).await;
        }
        ask(&app, Request::builder().method("BREW").uri("/wallet/s/one").body(Body::empty()).unwrap()).await;
        let told = ask(&app, Request::get("/metrics").body(Body::empty()).unwrap()).await;
        let counted = |labels: &str, count: u64| {
            let line = format!("matricula_http_requests_total{{{labels}}} {count}\n");
            assert!(told.contains(&line), "{line}{told}");
        };
        counted(r#"service="wallet",method="GET",route="/wallet/s/{token}",status="200""#, 2);
        counted(r#"service="wallet",method="other",route="/wallet/s/{token}",status="405""#, 1);
        counted(r#"service="server",method="GET",route="none",status="404""#, 1);
        for secret in ["s/one", "s/two", "nowhere", "BREW"] {
            assert!(!told.contains(secret), "{secret}: {told}");
        }
        assert!(told.ends_with("# EOF\n"));
    }

    #[test]
    fn the_process_has_memory_and_descriptors() {
        assert!(resident_bytes().unwrap() > 1 << 20);
        let before = open_descriptors().unwrap();
        let held = fs::File::open("/proc/self/status").unwrap();
        // Other tests open and close files meanwhile, so not exactly one more.
        assert!(before > 2 && open_descriptors().unwrap() > 2);
        drop(held);
    }
}
