//! All services on one socket.
//!
//! | Path | Service |
//! |---|---|
//! | `/` | verifier: its page, `/verify`, `/credentials/verify`, `/presentations/verify` |
//! | `/log/…` | ledger |
//! | `/status/…`, `/trust`, `/bindings`, DID documents | issuer |
//! | `/wallet/…` | wallet |
//! | `/healthz` | whether everything runs |
//! | `/metrics` | figures for a monitoring system, here or on an address of their own |
//! | `/openapi.json` | the routes of all of them |

mod binder;
mod edge;
mod metrics;
mod openapi;
mod requests;
mod services;
mod trust;

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use matricula_ledger::{Following, Health, Node};
use matricula_wallet_api::WalletState;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::timeout::TimeoutLayer;
use tracing_subscriber::EnvFilter;

use self::edge::REQUEST_ID;
use self::metrics::Metrics;
use crate::config::{MetricsConfig, ServerConfig, TracingConfig, TracingFormat};
use crate::failure::Failure;
use crate::following::{HAND_OUT_EVERY, HandOut};

pub use binder::Binder;
pub use services::Services;

/// Sends what the services say of themselves to standard error.
pub fn start_tracing(config: &TracingConfig) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&config.filter)
        .map_err(|error| Failure::new("config_invalid", format_args!("tracing.filter: {error}")))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let started = match config.format {
        TracingFormat::Text => builder.try_init(),
        TracingFormat::Json => builder.json().try_init(),
    };
    started.map_err(|error| Failure::new("tracing_unavailable", error))
}

/// Serves until the process is told to stop.
pub fn run(services: Services, config: &ServerConfig, metrics: &MetricsConfig) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new("runtime_unavailable", error))?;
    runtime.block_on(serve(services, config, metrics))?;
    runtime.shutdown_timeout(Duration::from_secs(config.shutdown_grace_seconds));
    Ok(())
}

async fn serve(
    mut services: Services,
    config: &ServerConfig,
    measured: &MetricsConfig,
) -> Result<(), Failure> {
    let listener = listen(config.listen, "server.listen").await?;
    let metrics = Metrics::new(services.node().map(|node| (node.clone(), services.replicas(&node))));
    let mut router = services.router();
    let has_metrics = measured.serve && measured.listen.is_none();
    if has_metrics {
        router = router.merge(metrics.router());
    }
    if let Some(address) = measured.listen.filter(|_| measured.serve) {
        let listener = listen(address, "metrics.listen").await?;
        tracing::info!(%address, "serving metrics");
        tokio::spawn(std::future::IntoFuture::into_future(axum::serve(listener, metrics.router())));
    }
    let document = openapi::document(&services, &config.public_url, has_metrics);
    let app = layered(
        router.merge(openapi::router(&document)),
        (services.node(), services.following()),
        metrics,
        config,
    );
    tracing::info!(address = %config.listen, public_url = config.public_url, "serving");
    if let Some(wallet) = services.wallet() {
        tokio::spawn(sweep_hourly(wallet));
    }
    if let Some(hand_out) = services.take_hand_out() {
        tokio::spawn(hand_out_evidence(hand_out));
    }
    let told_to_reload = hang_ups()?;
    if let Some(keeper) = services.trust_keeper() {
        tokio::spawn(trust::keep_current(keeper, told_to_reload));
    }
    println!("Serving on {}. Ctrl-C stops it.", config.public_url);
    let (stop, stopped) = tokio::sync::oneshot::channel();
    // The wallet limits wrong passwords by the address of the client.
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    let graceful = axum::serve(listener, app).with_graceful_shutdown(async move {
        told_to_stop().await;
        tracing::info!("stopping");
        // Nobody listens when serving has ended by itself; then there is nothing to time.
        let _sent = stop.send(());
    });
    tokio::select! {
        served = std::future::IntoFuture::into_future(graceful) => {
            served.map_err(|error| Failure::new("serving_failed", error))?;
        }
        () = grace(stopped, config.shutdown_grace_seconds) => {
            tracing::warn!("requests were still running after the grace period");
        }
    }
    services.close();
    Ok(())
}

/// Takes an address, which a setting names.
async fn listen(address: SocketAddr, setting: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        let failure = Failure::new("address_unusable", format_args!("cannot listen on {address}: {error}"));
        failure.remedy(format!("another process may use the port; change {setting}"))
    })
}

/// Removes what has expired from the wallet; nothing depends on it but disk space.
async fn sweep_hourly(wallet: WalletState) {
    let mut hour = tokio::time::interval(Duration::from_secs(3600));
    loop {
        hour.tick().await;
        let wallet = wallet.wallet().clone();
        match tokio::task::spawn_blocking(move || wallet.sweep()).await {
            Ok(Ok(removed)) => tracing::debug!(removed, "swept the wallet"),
            Ok(Err(error)) => tracing::warn!(code = error.code(), "the wallet was not swept"),
            Err(_) => return,
        }
    }
}

/// Hands the evidence that this node holds to its peers, from time to time.
async fn hand_out_evidence(mut hand_out: HandOut) {
    let mut ticks = tokio::time::interval(HAND_OUT_EVERY);
    loop {
        ticks.tick().await;
        let work = tokio::task::spawn_blocking(move || {
            hand_out.hand_out();
            hand_out
        });
        match work.await {
            Ok(returned) => hand_out = returned,
            Err(_) => return,
        }
    }
}

/// The signal by which a person or a service manager has files read anew. Without this, it would end the process.
fn hang_ups() -> Result<Signal, Failure> {
    signal(SignalKind::hangup()).map_err(|error| Failure::new("signal_unavailable", error))
}

/// Ends after the grace period that begins when the process is told to stop.
async fn grace(stopped: tokio::sync::oneshot::Receiver<()>, seconds: u64) {
    match stopped.await {
        Ok(()) => tokio::time::sleep(Duration::from_secs(seconds)).await,
        Err(_) => std::future::pending().await,
    }
}

/// Ctrl-C, or the signal by which service managers stop a process.
async fn told_to_stop() {
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminate => {}
    }
}

/// Request ids, a line in the log, problem documents and a time limit around every service.
fn layered(
    router: Router,
    (node, following): (Option<Arc<Node>>, Option<Arc<Following>>),
    metrics: Metrics,
    config: &ServerConfig,
) -> Router {
    let timeout = Duration::from_secs(config.request_timeout_seconds);
    router
        .route("/healthz", axum::routing::get(move || healthz(node.clone(), following.clone())))
        .layer(from_fn(requests::tell_route))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, timeout))
        .layer(CatchPanicLayer::new())
        .layer(from_fn(edge::problem_for_every_error))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(from_fn(requests::write_line))
        .layer(from_fn_with_state(metrics, metrics::count))
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
        .layer(from_fn(edge::own_id_for_strange_ones))
}

/// Whether the log, and the copies of others' logs, take entries.
async fn healthz(node: Option<Arc<Node>>, following: Option<Arc<Following>>) -> Response {
    if node.is_some_and(|node| matches!(node.health(), Health::Stopped { .. })) {
        return edge::unhealthy("node_stopped", "the log has stopped");
    }
    // Looks at a file, and so may wait for the disk: a moment, which is what a probe is for.
    if following.is_some_and(|following| following.mirror().has_failed()) {
        return edge::unhealthy("following_stopped", "logs of others are not cosigned any more");
    }
    "ok\n".into_response()
}
