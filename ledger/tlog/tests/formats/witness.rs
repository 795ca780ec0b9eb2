//! What goes to witnesses and mirrors, and what they answer.

use serde::Deserialize;

use matricula_tlog::{
    AddCheckpointError, AddCheckpointRequest, AddEntriesReader, MirrorInfo, SignedCheckpointError,
};

use crate::corpus::{bytes, refused, run};

#[derive(Deserialize)]
struct AddCheckpoint {
    text: Option<String>,
    base64: Option<String>,
    old: Option<u64>,
    hashes: Option<usize>,
    size: Option<u64>,
}

#[test]
fn add_checkpoint_requests() {
    run("add_checkpoint", 26, |case: AddCheckpoint| {
        let body = bytes(case.text, case.base64);
        let request = match AddCheckpointRequest::parse(&body) {
            Ok(request) => request,
            Err(AddCheckpointError::Checkpoint(SignedCheckpointError::Note(error))) => return refused(error),
            Err(AddCheckpointError::Checkpoint(SignedCheckpointError::Checkpoint(error))) => {
                return refused(error);
            }
            Err(error) => return refused(error),
        };
        assert_eq!(request.encode().as_bytes(), body);
        assert_eq!(Some(request.old().get()), case.old);
        assert_eq!(Some(request.proof().len()), case.hashes);
        assert_eq!(Some(request.checkpoint().unverified().size().get()), case.size);
        Ok(())
    });
}

#[derive(Deserialize)]
struct AddEntries {
    base64: String,
    origin: Option<String>,
    /// First leaf, leaf of the boundary before it, end and hashes of each package.
    packages: Option<Vec<(u64, u64, u64, usize)>>,
    complete: Option<bool>,
}

#[test]
fn add_entries_requests() {
    run("add_entries", 21, |case: AddEntries| {
        let body = bytes(None, Some(case.base64));
        // All at once, and byte by byte.
        let whole = read(&[&body]);
        assert_eq!(whole, read(&body.chunks(1).collect::<Vec<_>>()));
        let (origin, packages, complete) = match whole {
            Ok(read) => read,
            Err(error) => return Err(error),
        };
        assert_eq!(origin, case.origin);
        assert_eq!(Some(packages), case.packages);
        assert_eq!(Some(complete), case.complete);
        Ok(())
    });
}

type Read = (Option<String>, Vec<(u64, u64, u64, usize)>, bool);

fn read(pieces: &[&[u8]]) -> Result<Read, String> {
    let (mut reader, mut packages) = (AddEntriesReader::new(), Vec::new());
    for piece in pieces {
        reader.feed(piece);
        while let Some(package) = reader.package().or_else(refused)? {
            let (place, proof) = (package.place(), package.proof());
            assert_eq!(package.entries().len(), place.entries());
            let (start, boundary) = (place.start.get(), place.subtree.start().get());
            assert_eq!(place.entries_before() as u64, start - boundary);
            packages.push((start, boundary, place.subtree.end().get(), proof.len()));
        }
    }
    let origin = reader.header().or_else(refused)?.map(|header| header.origin().to_string());
    Ok((origin, packages, reader.is_complete()))
}

#[derive(Deserialize)]
struct Info {
    text: Option<String>,
    base64: Option<String>,
    size: Option<u64>,
    next: Option<u64>,
    ticket: Option<String>,
}

#[test]
fn mirror_infos() {
    run("mirror_info", 13, |case: Info| {
        let body = bytes(case.text, case.base64);
        let info = match MirrorInfo::parse(&body) {
            Ok(info) => info,
            Err(error) => return refused(error),
        };
        assert_eq!(info.encode().as_bytes(), body);
        assert_eq!(Some(info.size.get()), case.size);
        assert_eq!(Some(info.next.get()), case.next);
        assert_eq!(Some(info.ticket), case.ticket.map(String::into_bytes));
        Ok(())
    });
}
