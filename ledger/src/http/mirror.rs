//! A mirror over HTTP.
//!
//! | Request | Answer |
//! |---|---|
//! | `POST /add-checkpoint` | the checkpoint is pending, empty; 409 with the size pending |
//! | `POST /add-entries` | 200 a cosignature; 202 and 409 how to go on |
//! | `GET /<origin hash>/checkpoint` | the copy's checkpoint, with the mirror's cosignature |
//! | `GET /<origin hash>/tile/…` | the copy's tiles and entry bundles, as those of any log |
//!
//! SPEC: <https://c2sp.org/tlog-mirror>. The statuses are those of the specification; what it leaves open in an error's
//! body is a problem document here.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use flate2::read::MultiGzDecoder;
use flate2::write::MultiGzDecoder as HeaderDecoder;
use http_body_util::BodyExt;
use matricula_tlog::{ADD_CHECKPOINT_BYTES_MAX, AddEntriesHeader, BundlePath, Origin, TilePath};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};

use super::ApiError;
use super::witness::{SMALL_BODY_TIME_MAX, answer, small_body, text};
use crate::clock::Clock;
use crate::mirror::{AddEntriesOutcome, Mirror, MirrorError};

/// Checkpoints under way at once.
const CHECKPOINTS_MAX: usize = 32;

/// Uploads under way at once. Each holds the package under way, 16 MiB at most.
const UPLOADS_MAX: usize = 8;

/// Of them for one log: the second is for a client that lost its connection and begins again.
const UPLOADS_PER_LOG_MAX: usize = 2;

/// Most bytes of a header, unpacked: an origin and a ticket of 64 KiB each, and two numbers.
const HEADER_BYTES_MAX: usize = (128 << 10) + 20;

/// Bytes unpacked at a time while the header is looked for: each can become a thousand times as many.
const HEADER_PIECE_BYTES: usize = 256;

/// Most bytes read of one upload, unpacked: several times what a client sends at once. What was complete by then counts.
const UPLOAD_BYTES_MAX: u64 = 64 << 20;

/// How long an upload may take. What was complete by then counts.
const UPLOAD_TIME_MAX: Duration = Duration::from_secs(25);

/// Pieces of a body that wait for the thread that stores them.
const PIECES_WAITING: usize = 4;

/// Bytes fed at a time.
const PIECE_BYTES: usize = 64 << 10;

#[derive(Clone)]
struct Service {
    mirror: Arc<Mirror>,
    clock: Clock,
    checkpoints: Arc<Semaphore>,
    uploads: Arc<Semaphore>,
    /// Uploads under way for each log.
    by_log: Arc<Mutex<BTreeMap<Origin, usize>>>,
}

/// The routes of a mirror. They stand at the root: its clients know it by its prefix.
pub fn mirror_router(mirror: Arc<Mirror>, clock: Clock) -> Router {
    let service = Service {
        mirror,
        clock,
        checkpoints: Arc::new(Semaphore::new(CHECKPOINTS_MAX)),
        uploads: Arc::new(Semaphore::new(UPLOADS_MAX)),
        by_log: Arc::default(),
    };
    Router::new()
        .route("/add-checkpoint", post(add_checkpoint).layer(DefaultBodyLimit::max(ADD_CHECKPOINT_BYTES_MAX)))
        .route("/add-entries", post(add_entries).layer(DefaultBodyLimit::disable()))
        .route("/{origin_hash}/checkpoint", get(checkpoint))
        .route("/{origin_hash}/tile/{*path}", get(tile))
        .with_state(service)
}

/// `POST /add-checkpoint`.
async fn add_checkpoint(
    State(Service { mirror, clock, checkpoints, .. }): State<Service>,
    request: Request,
) -> Result<Response, ApiError> {
    let body = small_body(request, ADD_CHECKPOINT_BYTES_MAX).await?;
    let _place = checkpoints.try_acquire().map_err(|_| ApiError::Busy)?;
    answer(aside(move || mirror.add_checkpoint(&body, clock.now())).await?)
}

/// `POST /add-entries`: stores package by package while the body arrives. A place is taken when the header is there, which
/// has to come soon.
async fn add_entries(
    State(Service { mirror, clock, uploads, by_log, .. }): State<Service>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, ApiError> {
    if headers.get(header::CONTENT_TYPE).is_none_or(|kind| kind != "application/octet-stream") {
        return Err(ApiError::MediaType);
    }
    let is_packed = match headers.get(header::CONTENT_ENCODING).map(HeaderValue::as_bytes) {
        None | Some(b"identity") => false,
        Some(b"gzip") => true,
        Some(_) => return Err(ApiError::ContentEncoding),
    };
    let deadline = Instant::now() + UPLOAD_TIME_MAX;
    let mut body = request.into_body();
    let (beginning, origin) = beginning(&mut body, is_packed).await?;
    let _share = origin.map(|origin| Share::take(&by_log, origin)).transpose()?;
    let _place = uploads.try_acquire().map_err(|_| ApiError::Busy)?;
    let (sender, pieces) = mpsc::channel(PIECES_WAITING);
    let work = spawn_blocking(move || store(&mirror, &clock, Pieces::new(pieces), is_packed));
    pass_on(beginning, body, sender, deadline).await;
    entries_answer(work.await.map_err(|_| MirrorError::Stopped)??)
}

/// The pieces up to the end of the header, and the log that it names; `None` when the body ends before, or when what stands
/// there is no header: that is answered at once.
async fn beginning(body: &mut Body, is_packed: bool) -> Result<(Vec<Bytes>, Option<Origin>), ApiError> {
    let deadline = Instant::now() + SMALL_BODY_TIME_MAX;
    let (mut pieces, mut header) = (Vec::new(), HeaderBytes::new(is_packed));
    loop {
        let frame = timeout_at(deadline, body.frame()).await;
        let frame = frame.map_err(|_| ApiError::BodyTooSlow { time_max: SMALL_BODY_TIME_MAX })?;
        let Some(Ok(frame)) = frame else { return Ok((pieces, None)) };
        let Ok(piece) = frame.into_data() else { continue };
        let found = header.look_at(&piece);
        pieces.push(piece);
        match found {
            Looked::Further => {}
            Looked::Found(origin) => return Ok((pieces, Some(origin))),
            Looked::NoHeader => return Ok((pieces, None)),
        }
    }
}

enum Looked {
    Further,
    Found(Origin),
    NoHeader,
}

/// The beginning of a body, unpacked.
enum HeaderBytes {
    Plain(Vec<u8>),
    Packed(Box<HeaderDecoder<Vec<u8>>>),
}

impl HeaderBytes {
    fn new(is_packed: bool) -> Self {
        if is_packed {
            Self::Packed(Box::new(HeaderDecoder::new(Vec::new())))
        } else {
            Self::Plain(Vec::new())
        }
    }

    fn look_at(&mut self, piece: &[u8]) -> Looked {
        for bytes in piece.chunks(HEADER_PIECE_BYTES) {
            let taken = match self {
                Self::Plain(plain) => plain.write_all(bytes),
                Self::Packed(decoder) => decoder.write_all(bytes),
            };
            let plain = match self {
                Self::Plain(plain) => plain,
                Self::Packed(decoder) => decoder.get_ref(),
            };
            match AddEntriesHeader::parse(plain) {
                Ok(Some((header, _))) => return Looked::Found(header.origin().clone()),
                Ok(None) if taken.is_ok() && plain.len() <= HEADER_BYTES_MAX => {}
                Ok(None) | Err(_) => return Looked::NoHeader,
            }
        }
        Looked::Further
    }
}

/// The share that one upload has of its log's.
struct Share {
    by_log: Arc<Mutex<BTreeMap<Origin, usize>>>,
    origin: Origin,
}

impl Share {
    fn take(by_log: &Arc<Mutex<BTreeMap<Origin, usize>>>, origin: Origin) -> Result<Self, ApiError> {
        let mut under_way = by_log.lock().map_err(|_| MirrorError::Stopped)?;
        let count = under_way.entry(origin.clone()).or_default();
        if *count >= UPLOADS_PER_LOG_MAX {
            return Err(ApiError::Busy);
        }
        *count += 1;
        Ok(Self { by_log: by_log.clone(), origin })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let Ok(mut under_way) = self.by_log.lock() else { return };
        if let Some(count) = under_way.get_mut(&self.origin) {
            *count -= 1;
            if *count == 0 {
                under_way.remove(&self.origin);
            }
        }
    }
}

/// Hands the body to the thread that stores it, until it ends, breaks off, takes too long, or is answered.
async fn pass_on(beginning: Vec<Bytes>, mut body: Body, sender: mpsc::Sender<Bytes>, deadline: Instant) {
    for piece in beginning {
        if sender.send(piece).await.is_err() {
            return;
        }
    }
    while let Ok(Some(Ok(frame))) = timeout_at(deadline, body.frame()).await {
        let Ok(piece) = frame.into_data() else { continue };
        if sender.send(piece).await.is_err() {
            return;
        }
    }
}

fn store(
    mirror: &Mirror,
    clock: &Clock,
    pieces: Pieces,
    is_packed: bool,
) -> Result<AddEntriesOutcome, MirrorError> {
    let mut body: Box<dyn Read> =
        if is_packed { Box::new(MultiGzDecoder::new(pieces)) } else { Box::new(pieces) };
    let mut body = body.as_mut().take(UPLOAD_BYTES_MAX);
    let mut upload = mirror.upload();
    let mut buffer = vec![0; PIECE_BYTES];
    loop {
        match body.read(&mut buffer) {
            // A body that cannot be unpacked any further ends there.
            Ok(0) | Err(_) => return upload.finish(clock.now()),
            Ok(got) => {
                if let Some(outcome) = upload.feed(&buffer[..got], clock.now())? {
                    return Ok(outcome);
                }
            }
        }
    }
}

/// The pieces of a body, as something to read from on a thread that may block.
struct Pieces {
    pieces: mpsc::Receiver<Bytes>,
    rest: Bytes,
}

impl Pieces {
    fn new(pieces: mpsc::Receiver<Bytes>) -> Self {
        Self { pieces, rest: Bytes::new() }
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() {
            match self.pieces.blocking_recv() {
                Some(piece) => self.rest = piece,
                None => return Ok(0),
            }
        }
        let piece = self.rest.split_to(self.rest.len().min(buffer.len()));
        buffer[..piece.len()].copy_from_slice(&piece);
        Ok(piece.len())
    }
}

fn entries_answer(outcome: AddEntriesOutcome) -> Result<Response, ApiError> {
    let status = StatusCode::from_u16(outcome.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match outcome {
        AddEntriesOutcome::Refused(refusal) => Err(ApiError::NotTaken(Box::new(refusal))),
        outcome => {
            let mut response = text(status, outcome.media_type(), outcome.body());
            response.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
            Ok(response)
        }
    }
}

/// `GET /<origin hash>/checkpoint`.
async fn checkpoint(
    State(Service { mirror, .. }): State<Service>,
    Path(hash): Path<String>,
) -> Result<Response, ApiError> {
    let found = aside(move || match mirror.origin_by_hash(&hash)? {
        Some(origin) => mirror.checkpoint(&origin),
        None => Ok(None),
    });
    let checkpoint = found.await?.ok_or(ApiError::NotFound)?;
    let mut response = text(StatusCode::OK, "text/plain; charset=utf-8", checkpoint.encode());
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=1"));
    Ok(response)
}

/// `GET /<origin hash>/tile/<L>/<N>[.p/<W>]` and `GET /<origin hash>/tile/entries/<N>[.p/<W>]`.
async fn tile(
    State(Service { mirror, .. }): State<Service>,
    Path((hash, rest)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let path = CopyPath::parse(&rest)?;
    let found = aside(move || match mirror.origin_by_hash(&hash)? {
        Some(origin) => path.read(&mirror, &origin),
        None => Ok(None),
    });
    let bytes = found.await?.ok_or(ApiError::NotFound)?;
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    Ok(response)
}

/// What of a copy is asked for.
enum CopyPath {
    Tile(TilePath),
    Bundle(BundlePath),
}

impl CopyPath {
    fn parse(rest: &str) -> Result<Self, ApiError> {
        let path = format!("tile/{rest}");
        if rest.starts_with("entries/") {
            return BundlePath::parse(&path).map(Self::Bundle).map_err(|_| ApiError::MalformedPath);
        }
        TilePath::parse(&path).map(Self::Tile).map_err(|_| ApiError::MalformedPath)
    }

    fn read(&self, mirror: &Mirror, origin: &Origin) -> Result<Option<Vec<u8>>, MirrorError> {
        match self {
            Self::Tile(path) => Ok(mirror.tile(origin, *path)?.map(|tile| tile.encode())),
            Self::Bundle(path) => mirror.bundle(origin, *path),
        }
    }
}

/// Reads and writes files on a thread that may block.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, MirrorError> + Send + 'static,
) -> Result<T, ApiError> {
    Ok(spawn_blocking(work).await.map_err(|_| MirrorError::Stopped)??)
}
