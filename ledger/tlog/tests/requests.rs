//! Requests to witnesses and mirrors: what a client makes is what a server reads.

use proptest::prelude::*;

use matricula_tlog::{
    ADD_CHECKPOINT_BYTES_MAX, AddCheckpointError, AddCheckpointRequest, AddEntriesError, AddEntriesHeader,
    AddEntriesReader, Checkpoint, Hash, KeyName, LeafIndex, MIRROR_INFO_BYTES_MAX, MirrorInfo,
    MirrorInfoError, NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX, NoteError, NoteSigner, Origin, SizeError,
    TICKET_BYTES_MAX, TreeSize, append_package, encode_size, origin_hash, parse_signature_lines, parse_size,
};

const ORIGIN: &str = "ledger.example/shard0";

fn origin() -> Origin {
    Origin::new(ORIGIN).expect("an origin")
}

fn signer() -> NoteSigner {
    NoteSigner::new(KeyName::new(ORIGIN).expect("a key name"), &[1; 32])
}

#[test]
fn reads_sizes_and_refuses_what_is_no_size() {
    for size in [0, 1, 20_852_163, u64::MAX] {
        assert_eq!(parse_size(encode_size(TreeSize::new(size)).as_bytes()), Ok(TreeSize::new(size)));
    }
    for no_line in [&b""[..], b"7", b"\xff\n", b"184467440737095516150000\n"] {
        assert_eq!(parse_size(no_line), Err(SizeError::NotALine), "{no_line:?}");
    }
    for no_number in [&b"\n"[..], b"07\n", b"-7\n", b"7\n7\n", b"18446744073709551616\n"] {
        assert!(matches!(parse_size(no_number), Err(SizeError::Decimal(_))), "{no_number:?}");
    }
}

#[test]
fn reads_signature_lines_and_refuses_what_is_none() {
    let line = signer().sign("a text\n");
    let two = format!("{}{}", line.encode(), line.encode());
    assert_eq!(parse_signature_lines(two.as_bytes()), Ok(vec![line.clone(), line.clone()]));
    assert_eq!(parse_signature_lines(b""), Err(NoteError::NoSignature));
    assert_eq!(parse_signature_lines(b"\xff\n"), Err(NoteError::NotUtf8));
    assert_eq!(parse_signature_lines(line.to_string().as_bytes()), Err(NoteError::NoFinalNewline));
    assert!(matches!(parse_signature_lines(b"nothing\n"), Err(NoteError::SignatureLine { line: 1, .. })));
    let many = line.encode().repeat(NOTE_SIGNATURES_MAX + 1);
    assert_eq!(parse_signature_lines(many.as_bytes()), Err(NoteError::TooManySignatures));
    let got = NOTE_BYTES_MAX + 1;
    assert_eq!(parse_signature_lines(&vec![b'a'; got]), Err(NoteError::TooLong { got }));
}

#[test]
fn names_a_log_by_the_hash_of_its_origin() {
    let hash = "af4b3e2aeed55b3ce03910c43cdccd16af7bc435eef195599580c3a77517391b";
    assert_eq!(origin_hash(&origin()), hash);
}

#[test]
fn rejects_requests_that_are_too_long() {
    let got = ADD_CHECKPOINT_BYTES_MAX + 1;
    let too_long = AddCheckpointRequest::parse(&vec![b'a'; got]);
    assert_eq!(too_long, Err(AddCheckpointError::TooLong { got }));
    let got = MIRROR_INFO_BYTES_MAX + 1;
    assert_eq!(MirrorInfo::parse(&vec![b'1'; got]), Err(MirrorInfoError::TooLong { got }));
    let longest =
        MirrorInfo { size: TreeSize::new(u64::MAX), next: LeafIndex::new(u64::MAX), ticket: vec![7; 65_535] };
    assert_eq!(MirrorInfo::parse(longest.encode().as_bytes()), Ok(longest));
}

#[test]
fn makes_no_request_that_would_be_refused() {
    let checkpoint = Checkpoint::new(origin(), TreeSize::new(1), Hash::from_bytes([7; 32]))
        .expect("a checkpoint")
        .sign(&signer())
        .expect("of the log");
    let hashes = vec![Hash::from_bytes([7; 32]); 64];
    let request = AddCheckpointRequest::new(TreeSize::new(1), hashes.clone(), checkpoint);
    assert_eq!(request, Err(AddCheckpointError::TooManyHashes));
    let header = |start, end, ticket: usize| {
        AddEntriesHeader::new(origin(), LeafIndex::new(start), TreeSize::new(end), vec![0; ticket])
    };
    let (start, end) = (LeafIndex::new(6), TreeSize::new(5));
    assert_eq!(header(6, 5, 0), Err(AddEntriesError::Backwards { start, end }));
    let got = TICKET_BYTES_MAX + 1;
    assert_eq!(header(5, 5, got), Err(AddEntriesError::TicketTooLong { got }));
    let place = header(0, 2, 0).expect("a header").packages().next().expect("a package");
    let append = |entries: &[Vec<u8>], proof: &[Hash]| append_package(&mut Vec::new(), place, entries, proof);
    assert_eq!(append(&[vec![]], &[]), Err(AddEntriesError::WrongEntryCount { got: 1, want: 2 }));
    assert_eq!(append(&[vec![], vec![]], &hashes), Err(AddEntriesError::TooManyHashes { got: 64 }));
    let long = vec![0; 65_536];
    assert_eq!(append(&[vec![], long], &[]), Err(AddEntriesError::EntryTooLong { got: 65_536 }));
    assert_eq!(append(&[vec![], vec![]], &hashes[..63]), Ok(()));
}

proptest! {
    /// Packages cover the upload without gap, cut at multiples of 256, and are read back however the body arrives.
    #[test]
    fn an_upload_is_read_back_however_it_arrives(
        start in 0u64..1500, length in 0u64..900, ticket in proptest::collection::vec(any::<u8>(), 0..20),
        hashes in 0usize..=63, piece in 1usize..4000, entry_bytes in 0usize..40,
    ) {
        let end = TreeSize::new(start + length);
        let header = AddEntriesHeader::new(origin(), LeafIndex::new(start), end, ticket).expect("a header");
        let proof = vec![Hash::from_bytes([9; 32]); hashes];
        let mut body = header.encode();
        let mut next = start;
        for place in header.packages() {
            prop_assert_eq!(place.start.get(), next);
            prop_assert!(place.subtree.start().get().is_multiple_of(256) && place.entries() <= 256);
            next = place.subtree.end().get();
            prop_assert!(next.is_multiple_of(256) || next == end.get());
            let entries: Vec<Vec<u8>> = (place.start.get()..next).map(|i| vec![i as u8; entry_bytes]).collect();
            append_package(&mut body, place, &entries, &proof).expect("a package");
        }
        prop_assert_eq!(next, end.get());
        let (mut reader, mut read) = (AddEntriesReader::new(), start);
        for bytes in body.chunks(piece) {
            reader.feed(bytes);
            while let Some(package) = reader.package().expect("well-formed") {
                prop_assert_eq!(package.proof(), proof.as_slice());
                for (index, entry) in package.indexed() {
                    prop_assert_eq!(index.get(), read);
                    prop_assert_eq!(entry, vec![read as u8; entry_bytes]);
                    read += 1;
                }
            }
        }
        prop_assert_eq!(read, end.get());
        prop_assert!(reader.is_complete());
        prop_assert_eq!(reader.header().expect("well-formed"), Some(&header));
    }
}
