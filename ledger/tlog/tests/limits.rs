//! Foreign bytes beyond every limit are refused before they are looked at.

use matricula_tlog::{
    BundleError, Checkpoint, CheckpointError, EXTENSION_LINE_BYTES_MAX, KeyName, LOG_PROOF_BYTES_MAX,
    LogProof, LogProofParseError, NOTE_BYTES_MAX, NoteError, NoteSigner, POLICY_BYTES_MAX, POLICY_ITEMS_MAX,
    Policy, PolicyError, PolicyRuleError, SignedNote, parse_entries,
};

#[test]
fn rejects_files_that_are_too_long() {
    let got = NOTE_BYTES_MAX + 1;
    assert_eq!(SignedNote::parse(&vec![b'a'; got]), Err(NoteError::TooLong { got }));
    let got = LOG_PROOF_BYTES_MAX + 1;
    assert_eq!(LogProof::parse(&vec![b'a'; got]), Err(LogProofParseError::TooLong { got }));
    let got = POLICY_BYTES_MAX + 1;
    assert_eq!(Policy::parse(&vec![b'#'; got]), Err(PolicyError::TooLong { got }));
}

#[test]
fn makes_no_note_that_is_too_long_to_be_read() {
    let signer = NoteSigner::new(KeyName::new("a.example").expect("a key name"), &[9; 32]);
    let text = |bytes: usize| "a".repeat(bytes - 1) + "\n";
    let sign = |text: String| SignedNote::new(text.clone(), signer.sign(&text));
    let line_bytes = signer.sign("a\n").encode().len();
    let longest = sign(text(NOTE_BYTES_MAX - 1 - line_bytes)).expect("just short enough");
    assert!(SignedNote::parse(longest.encode().as_bytes()).is_ok());
    let too_long = Err(NoteError::TooLong { got: NOTE_BYTES_MAX + 1 });
    assert_eq!(sign(text(NOTE_BYTES_MAX - line_bytes)), too_long);
    let mut full = longest;
    let other = signer.sign("something else\n");
    assert_eq!(full.add_signature(other), Err(NoteError::TooLong { got: NOTE_BYTES_MAX + line_bytes }));
}

#[test]
fn rejects_an_extension_line_that_is_too_long() {
    let root = "XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=";
    let text = |bytes: usize| format!("a.example\n8\n{root}\n{}\n", "x".repeat(bytes));
    assert!(Checkpoint::parse(&text(EXTENSION_LINE_BYTES_MAX)).is_ok());
    assert_eq!(
        Checkpoint::parse(&text(EXTENSION_LINE_BYTES_MAX + 1)),
        Err(CheckpointError::ExtensionLine { line: 4 })
    );
}

#[test]
fn rejects_more_logs_than_there_are_countries() {
    let mut builder = Policy::builder();
    let mut log = |number: usize| {
        let mut seed = [7; 32];
        seed[..8].copy_from_slice(&number.to_be_bytes());
        let name = KeyName::new(&format!("log{number}.example")).expect("a key name");
        builder.log(NoteSigner::new(name, &seed).verifier().clone(), None)
    };
    for number in 0..POLICY_ITEMS_MAX {
        assert_eq!(log(number), Ok(()));
    }
    assert_eq!(log(POLICY_ITEMS_MAX), Err(PolicyRuleError::TooMany));
}

#[test]
fn rejects_more_entries_than_asked_for() {
    let empty_entries = [0; 200];
    assert_eq!(parse_entries(&empty_entries, 100).map(|entries| entries.len()), Ok(100));
    assert_eq!(parse_entries(&empty_entries, 99), Err(BundleError::TooManyEntries { max: 99 }));
    assert_eq!(parse_entries(&[], 99), Ok(Vec::new()));
}
