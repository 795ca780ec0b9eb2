//! The least that a server can do for a durable acknowledgement: append the body to a file, sync it, answer. Whatever waits
//! while the disk syncs shares the next sync. No signature, no index, no tree: what a node takes longer is its own. And the
//! least that a witness can do for a checkpoint: keep one row durably, answer.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use matricula_state::{Expected, Op, SledStore, StateStore, Table};
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use crate::error::{BenchError, During};

/// Where the rows go.
const ROWS: Table = Table::new("bench-row");

struct Append {
    body: Bytes,
    done: oneshot::Sender<std::io::Result<()>>,
}

/// `POST /entries` that appends to a file in the folder.
pub fn router(folder: &Path) -> Result<Router, BenchError> {
    let file = File::create(folder.join("bare"))?;
    let (sender, receiver) = mpsc::channel();
    thread::Builder::new().name("bare".to_owned()).spawn(move || write_groups(file, &receiver))?;
    Ok(Router::new().route("/entries", post(append)).with_state(sender))
}

/// `POST /entries` that keeps the body as the one row of a state store in the folder.
pub fn rows(folder: &Path) -> Result<Router, BenchError> {
    let store = SledStore::open(&folder.join("rows")).during("opening a state store")?;
    Ok(Router::new().route("/entries", post(put)).with_state(Arc::new(store)))
}

async fn put(State(store): State<Arc<SledStore>>, body: Bytes) -> Result<&'static str, StatusCode> {
    let failed = StatusCode::INTERNAL_SERVER_ERROR;
    let write = move || store.apply(&[Op::put(ROWS, "latest", body, Expected::Any)]);
    spawn_blocking(write).await.map_err(|_| failed)?.map_err(|_| failed)?;
    Ok("durable")
}

async fn append(State(writer): State<Sender<Append>>, body: Bytes) -> Result<&'static str, StatusCode> {
    let (done, is_done) = oneshot::channel();
    let failed = StatusCode::INTERNAL_SERVER_ERROR;
    writer.send(Append { body, done }).map_err(|_| failed)?;
    is_done.await.map_err(|_| failed)?.map_err(|_| failed)?;
    Ok("durable")
}

fn write_groups(mut file: File, waiting: &Receiver<Append>) {
    let mut bytes = Vec::new();
    while let Ok(first) = waiting.recv() {
        let group: Vec<Append> = std::iter::once(first).chain(waiting.try_iter()).collect();
        bytes.clear();
        group.iter().for_each(|append| bytes.extend_from_slice(&append.body));
        let written = file.write_all(&bytes).and_then(|()| file.sync_data());
        for append in group {
            let told = written.as_ref().copied().map_err(|error| error.kind().into());
            // A client that has gone away hears nothing.
            append.done.send(told).unwrap_or_default();
        }
    }
}
