//! Checkpoints: a log's signed statement of its size and root.
//!
//! SPEC: <https://c2sp.org/tlog-checkpoint>.

use core::fmt;

use crate::key::{KEY_NAME_BYTES_MAX, KeyName, NoteSigner, VerifierKey};
use crate::merkle::empty_root;
use crate::note::{NoteError, NoteSignature, SignatureCheck, SignatureError, SignedNote};
use crate::{DecimalError, Hash, HashError, TreeSize};

/// Most extension lines taken in. Honest logs write none.
pub const EXTENSION_LINES_MAX: usize = 16;

/// Longest extension line taken in, in bytes: a signature of any known kind fits. With the limit on lines it keeps every
/// checkpoint far below [`crate::NOTE_BYTES_MAX`].
pub const EXTENSION_LINE_BYTES_MAX: usize = 4096;

/// The unique name of a log: the first line of its checkpoints. Not empty, no control characters, at most
/// [`KEY_NAME_BYTES_MAX`] bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(String);

/// Why a text is not an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// There is no character.
    #[error("the origin is empty")]
    Empty,
    /// There are more bytes than a cosignature can commit to.
    #[error("the origin has {got} bytes, more than {KEY_NAME_BYTES_MAX}")]
    TooLong {
        /// Length in bytes.
        got: usize,
    },
    /// A control character occurs.
    #[error("the origin has a control character")]
    ControlCharacter,
}

impl Origin {
    /// Checks and wraps an origin.
    pub fn new(origin: &str) -> Result<Self, OriginError> {
        if origin.is_empty() {
            return Err(OriginError::Empty);
        }
        if origin.len() > KEY_NAME_BYTES_MAX {
            return Err(OriginError::TooLong { got: origin.len() });
        }
        if origin.chars().any(char::is_control) {
            return Err(OriginError::ControlCharacter);
        }
        Ok(Self(origin.to_owned()))
    }

    /// The origin.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&KeyName> for Origin {
    /// The origin of the log whose key has this name.
    fn from(name: &KeyName) -> Self {
        Self(name.as_str().to_owned())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a checkpoint says: which log, how many entries, which root. By itself it is nobody's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    origin: Origin,
    size: TreeSize,
    root: Hash,
    /// Only of other people's logs.
    extensions: Vec<String>,
}

/// Why a text is not a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The last line does not end in a newline.
    #[error("the last line does not end in a newline")]
    NoFinalNewline,
    /// There are fewer than three lines.
    #[error("a checkpoint has at least 3 lines, not {got}")]
    MissingLine {
        /// Lines there are.
        got: usize,
    },
    /// The first line is not an origin.
    #[error(transparent)]
    Origin(#[from] OriginError),
    /// The second line is not a tree size.
    #[error("tree size: {0}")]
    Size(#[source] DecimalError),
    /// The third line is not a hash.
    #[error("root hash: {0}")]
    Root(#[source] HashError),
    /// The tree is empty, and its root is not that of the empty tree.
    #[error("the root is not that of the empty tree")]
    NotTheEmptyRoot,
    /// An extension line is empty, longer than [`EXTENSION_LINE_BYTES_MAX`], or has a control character.
    #[error("line {line} is not an extension line")]
    ExtensionLine {
        /// One-based number of the line.
        line: usize,
    },
    /// There are more extension lines than [`EXTENSION_LINES_MAX`].
    #[error("there are {got} extension lines, more than {EXTENSION_LINES_MAX}")]
    TooManyExtensionLines {
        /// Extension lines there are.
        got: usize,
    },
}

/// Why a checkpoint was not signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointSignError {
    /// The key's name is not the log's origin.
    #[error("the key {name} does not sign for the log {origin}")]
    KeyOfAnotherLog {
        /// Name of the key.
        name: KeyName,
        /// The log.
        origin: Origin,
    },
}

impl Checkpoint {
    /// A checkpoint without extension lines, as our logs write it. For size 0 the root must be [`empty_root`].
    pub fn new(origin: Origin, size: TreeSize, root: Hash) -> Result<Self, CheckpointError> {
        if size.get() == 0 && root != empty_root() {
            return Err(CheckpointError::NotTheEmptyRoot);
        }
        Ok(Self { origin, size, root, extensions: Vec::new() })
    }

    /// Reads a checkpoint's text (the note without signatures).
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let lines = text.strip_suffix('\n').ok_or(CheckpointError::NoFinalNewline)?;
        let mut lines = lines.split('\n');
        let (origin, size, root) = match (lines.next(), lines.next(), lines.next()) {
            (Some(origin), Some(size), Some(root)) => (origin, size, root),
            (_, second, _) => {
                let got = 1 + usize::from(second.is_some());
                return Err(CheckpointError::MissingLine { got });
            }
        };
        let origin = Origin::new(origin)?;
        let size = TreeSize::parse(size).map_err(CheckpointError::Size)?;
        let root = Hash::parse(root).map_err(CheckpointError::Root)?;
        let mut checkpoint = Self::new(origin, size, root)?;
        checkpoint.extensions = parse_extensions(lines)?;
        Ok(checkpoint)
    }

    /// The text, with its final newline: what [`Checkpoint::parse`] takes and what is signed.
    pub fn encode(&self) -> String {
        let mut text = format!("{}\n{}\n{}\n", self.origin, self.size, self.root);
        for extension in &self.extensions {
            text.push_str(extension);
            text.push('\n');
        }
        text
    }

    /// The log that says so.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// How many entries the log has.
    pub fn size(&self) -> TreeSize {
        self.size
    }

    /// The root hash of its tree.
    pub fn root(&self) -> Hash {
        self.root
    }

    /// Lines after the third, opaque. No witness vouches for their meaning.
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }

    /// Signs as the log. The key's name must be the origin.
    ///
    /// Signing two roots for one size, or a smaller size after a larger one, ends a log: the caller sees to it.
    pub fn sign(self, signer: &NoteSigner) -> Result<SignedCheckpoint, CheckpointSignError> {
        let name = signer.verifier().name();
        if name.as_str() != self.origin.as_str() {
            return Err(CheckpointSignError::KeyOfAnotherLog { name: name.clone(), origin: self.origin });
        }
        let text = self.encode();
        let signature = signer.sign(&text);
        let note = SignedNote::new(text, signature).expect(
            "invariant: a checkpoint's text has no control characters, ends in a newline and is short",
        );
        Ok(SignedCheckpoint { note, checkpoint: self })
    }
}

/// A checkpoint with signature lines that nobody has verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    note: SignedNote,
    checkpoint: Checkpoint,
}

/// Why bytes are not a signed checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignedCheckpointError {
    /// The bytes are not a signed note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The note's text is not a checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// Why a checkpoint is not to be believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointVerifyError {
    /// The key is not that of the log that the checkpoint names.
    #[error("the checkpoint is of the log {origin}, not of {name}")]
    AnotherLog {
        /// The log that the checkpoint names.
        origin: Origin,
        /// Name of the key.
        name: KeyName,
    },
    /// The log's key did not sign, or a line that claims to be by it is bad.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

impl SignedCheckpoint {
    /// Reads a signed checkpoint.
    pub fn parse(bytes: &[u8]) -> Result<Self, SignedCheckpointError> {
        let note = SignedNote::parse(bytes)?;
        let checkpoint = Checkpoint::parse(note.text())?;
        Ok(Self { note, checkpoint })
    }

    /// Text and signature lines: what [`SignedCheckpoint::parse`] takes.
    pub fn encode(&self) -> String {
        self.note.encode()
    }

    /// The note: text and signature lines.
    pub fn note(&self) -> &SignedNote {
        &self.note
    }

    /// What it says, believed by nobody yet.
    pub fn unverified(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Appends a cosignature line; one that is there already is not repeated.
    pub fn add_signature(&mut self, signature: NoteSignature) -> Result<(), NoteError> {
        self.note.add_signature(signature)
    }

    /// Checks that the log signed it: `log_key` is an Ed25519 note key (type 01), its name is the origin, and at least
    /// one line is by it, and none badly.
    pub fn verify(&self, log_key: &VerifierKey) -> Result<VerifiedCheckpoint, CheckpointVerifyError> {
        if log_key.name().as_str() != self.checkpoint.origin.as_str() {
            return Err(CheckpointVerifyError::AnotherLog {
                origin: self.checkpoint.origin.clone(),
                name: log_key.name().clone(),
            });
        }
        let mut signed = false;
        for line in self.note.signatures() {
            signed |= log_key.check(self.note.text(), line)? == SignatureCheck::Signed;
        }
        if !signed {
            return Err(SignatureError::NoKnownSignature.into());
        }
        Ok(VerifiedCheckpoint { text: self.note.text().to_owned(), checkpoint: self.checkpoint.clone() })
    }
}

/// A checkpoint that the log itself signed. Only verification makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedCheckpoint {
    /// As received: what a cosigner signs.
    text: String,
    checkpoint: Checkpoint,
}

impl VerifiedCheckpoint {
    /// The log.
    pub fn origin(&self) -> &Origin {
        &self.checkpoint.origin
    }

    /// How many entries the log has.
    pub fn size(&self) -> TreeSize {
        self.checkpoint.size
    }

    /// The root hash of its tree.
    pub fn root(&self) -> Hash {
        self.checkpoint.root
    }

    /// The signed text as received.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The whole statement.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }
}

fn parse_extensions<'t>(lines: impl Iterator<Item = &'t str>) -> Result<Vec<String>, CheckpointError> {
    let extensions: Vec<String> = lines.map(str::to_owned).collect();
    if extensions.len() > EXTENSION_LINES_MAX {
        return Err(CheckpointError::TooManyExtensionLines { got: extensions.len() });
    }
    let bad = |line: &String| {
        line.is_empty() || line.len() > EXTENSION_LINE_BYTES_MAX || line.chars().any(char::is_control)
    };
    match extensions.iter().position(bad) {
        Some(position) => Err(CheckpointError::ExtensionLine { line: position + 4 }),
        None => Ok(extensions),
    }
}
