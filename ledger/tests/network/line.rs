//! Calls over the simulated network: one connection each, lengths before bytes.

use std::io::{Error, ErrorKind, Result};
use std::time::Duration;

use matricula_ledger::{Endpoint, Outcome};
use matricula_tlog::SignedCheckpoint;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use turmoil::net::TcpStream;

pub const PORT: u16 = 8765;

/// How long anybody waits for the other side.
const PATIENCE: Duration = Duration::from_secs(5);

/// What hosts are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Question {
    AddCheckpoint,
    AddEntries,
    /// The latest checkpoint of the log that the host has.
    Latest,
}

impl From<Endpoint> for Question {
    fn from(endpoint: Endpoint) -> Self {
        match endpoint {
            Endpoint::AddCheckpoint => Self::AddCheckpoint,
            Endpoint::AddEntries => Self::AddEntries,
        }
    }
}

/// Asks a host for the latest checkpoint that it has.
pub async fn latest(host: &str) -> Option<SignedCheckpoint> {
    let (status, body) = timeout(PATIENCE, exchange(host, Question::Latest, b"")).await.ok()?.ok()?;
    if status == 200 { SignedCheckpoint::parse(&body).ok() } else { None }
}

/// Calls a host and waits for its answer.
pub async fn call(host: &str, endpoint: Endpoint, body: &[u8]) -> Outcome {
    match timeout(PATIENCE, exchange(host, endpoint.into(), body)).await {
        Ok(Ok((status, body))) => Outcome::Answered { status, body },
        Ok(Err(error)) => Outcome::Unreachable { reason: error.to_string() },
        Err(_) => Outcome::Unreachable { reason: "no answer in time".to_owned() },
    }
}

async fn exchange(host: &str, question: Question, body: &[u8]) -> Result<(u16, Vec<u8>)> {
    let mut stream = TcpStream::connect((host, PORT)).await?;
    stream.write_u8(question as u8).await?;
    stream.write_u32(body.len() as u32).await?;
    stream.write_all(body).await?;
    let status = stream.read_u16().await?;
    let mut answer = vec![0; stream.read_u32().await? as usize];
    stream.read_exact(&mut answer).await?;
    Ok((status, answer))
}

/// What is called, and how many bytes of body follow.
pub async fn accept(stream: &mut TcpStream) -> Result<(Question, usize)> {
    let work = async {
        let question = match stream.read_u8().await? {
            0 => Question::AddCheckpoint,
            1 => Question::AddEntries,
            _ => Question::Latest,
        };
        Ok((question, stream.read_u32().await? as usize))
    };
    timeout(PATIENCE, work).await.unwrap_or(Err(ErrorKind::TimedOut.into()))
}

/// The next part of a body of which so many bytes are to come.
pub async fn part(stream: &mut TcpStream, to_come: usize) -> Result<Vec<u8>> {
    let mut part = vec![0; to_come.min(2048)];
    let read =
        timeout(PATIENCE, stream.read(&mut part)).await.map_err(|_| Error::from(ErrorKind::TimedOut))??;
    part.truncate(read);
    if read == 0 { Err(ErrorKind::UnexpectedEof.into()) } else { Ok(part) }
}

pub async fn answer(stream: &mut TcpStream, status: u16, body: &str) -> Result<()> {
    stream.write_u16(status).await?;
    stream.write_u32(body.len() as u32).await?;
    stream.write_all(body.as_bytes()).await
}
