//! A client that costs as little as a client can: what is measured beside it is the server.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use matricula_ledger::Promise;

use crate::error::{BenchError, During};
use crate::machine;
use crate::measure::Latencies;
use crate::quantity::Quantity;

/// A line of JSON for each of a thousand entries; a longer answer is none of ours.
const ANSWER_BYTES_MAX: usize = 128 * 1024;

/// What came of many requests.
pub struct Outcome {
    /// From when each request was due to its answer.
    pub latencies: Latencies,
    took: Duration,
    processor_time: Duration,
}

impl Outcome {
    /// No request yet.
    pub fn none() -> Self {
        Self { latencies: Latencies::new(), took: Duration::ZERO, processor_time: Duration::ZERO }
    }

    /// How often a second a thing was done of which each request had so many.
    pub fn rate_of(&self, per_request: u64) -> Quantity {
        Quantity::PerSecond((self.latencies.len() * per_request) as f64 / self.took.as_secs_f64())
    }

    /// Which share of all processors this process took meanwhile, which is the server, too.
    pub fn busy(&self) -> Quantity {
        let processors = machine::cores() as f64;
        Quantity::Share(self.processor_time.as_secs_f64() / self.took.as_secs_f64() / processors)
    }

    /// Takes in what came of requests after these.
    pub fn merge(&mut self, later: &Outcome) {
        self.latencies.merge(&later.latencies);
        self.took += later.took;
        self.processor_time += later.processor_time;
    }
}

/// Where to post entries, and what is waited for.
#[derive(Clone, Copy)]
pub struct Target {
    /// Where the server listens.
    pub address: SocketAddr,
    /// What must hold of an entry before it is answered.
    pub wait: Promise,
}

impl From<SocketAddr> for Target {
    fn from(address: SocketAddr) -> Self {
        Self { address, wait: Promise::Accepted }
    }
}

/// One connection to a server, for one request after the other.
pub struct Connection {
    stream: TcpStream,
    wait: &'static str,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub fn open(target: Target) -> Result<Self, BenchError> {
        let stream = TcpStream::connect(target.address)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            wait: target.wait.as_str(),
            request: Vec::new(),
            answer: vec![0; ANSWER_BYTES_MAX],
        })
    }

    /// Posts a body to `/entries` and reads the whole answer, which must be a 200.
    pub fn post(&mut self, body: &[u8]) -> Result<(), BenchError> {
        self.request.clear();
        write!(
            self.request,
            "POST /entries?wait={} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/octet-stream\r\n\
             content-length: {}\r\n\r\n",
            self.wait,
            body.len()
        )?;
        self.request.extend_from_slice(body);
        self.stream.write_all(&self.request)?;
        let mut got = 0;
        while !is_whole(&self.answer[..got]) {
            match self.stream.read(&mut self.answer[got..])? {
                0 => return Err(std::io::Error::from(ErrorKind::UnexpectedEof).into()),
                more => got += more,
            }
        }
        if self.answer.starts_with(b"HTTP/1.1 200 ") {
            return Ok(());
        }
        Err(String::from_utf8_lossy(&self.answer[..got]).into_owned()).during("posting entries")
    }
}

/// Whether the bytes are an answer to its end, which its head tells.
fn is_whole(answer: &[u8]) -> bool {
    let Some(head_bytes) = answer.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4) else {
        return false;
    };
    let head = String::from_utf8_lossy(&answer[..head_bytes]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    length.is_some_and(|length: usize| answer.len() >= head_bytes + length)
}

/// Closed loop: on each connection the next request follows the answer to the one before, until the time is over.
pub fn saturate(
    target: impl Into<Target>,
    piles: Vec<Vec<Vec<u8>>>,
    time: Duration,
) -> Result<Outcome, BenchError> {
    let end = Instant::now() + time;
    run(
        piles.into_iter().map(|bodies| {
            move |connection: &mut Connection, latencies: &mut Latencies| {
                for body in &bodies {
                    let asked = Instant::now();
                    if asked >= end && !latencies.is_empty() {
                        break;
                    }
                    connection.post(body)?;
                    latencies.record(asked.elapsed());
                }
                Ok(())
            }
        }),
        target.into(),
    )
}

/// Open loop: requests are due at a fixed rate, whatever becomes of those before. A request that waits for its connection,
/// or for the client's own thread, waits on the clock.
pub fn offer(target: impl Into<Target>, piles: Vec<Vec<Vec<u8>>>, rate: f64) -> Result<Outcome, BenchError> {
    // A moment for all connections to stand.
    let start = Instant::now() + Duration::from_millis(50);
    let connections = piles.len();
    run(
        piles.into_iter().enumerate().map(|(first, bodies)| {
            move |connection: &mut Connection, latencies: &mut Latencies| {
                for (round, body) in bodies.iter().enumerate() {
                    let due = start + Duration::from_secs_f64((round * connections + first) as f64 / rate);
                    thread::sleep(due.saturating_duration_since(Instant::now()));
                    connection.post(body)?;
                    latencies.record(due.elapsed());
                }
                Ok(())
            }
        }),
        target.into(),
    )
}

/// Runs each client in a thread of its own, on a connection of its own.
fn run<F>(clients: impl Iterator<Item = F>, target: Target) -> Result<Outcome, BenchError>
where
    F: FnOnce(&mut Connection, &mut Latencies) -> Result<(), BenchError> + Send + 'static,
{
    let (started, before) = (Instant::now(), machine::processor_time());
    let threads: Vec<_> = clients
        .map(|client| {
            thread::spawn(move || {
                let mut latencies = Latencies::new();
                client(&mut Connection::open(target)?, &mut latencies)?;
                Ok::<_, BenchError>(latencies)
            })
        })
        .collect();
    let mut latencies = Latencies::new();
    for thread in threads {
        let theirs = thread.join().map_err(|_| "a client's thread panicked").during("posting entries")??;
        latencies.merge(&theirs);
    }
    let processor_time = machine::processor_time().saturating_sub(before);
    Ok(Outcome { latencies, took: started.elapsed(), processor_time })
}

#[cfg(test)]
mod tests {
    use super::is_whole;

    #[test]
    fn an_answer_is_whole_when_its_body_is() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
        assert!(is_whole(answer));
        assert!((0..answer.len()).all(|length| !is_whole(&answer[..length])));
    }
}
