//! RFC 6962 trees and the C2SP transparency-log formats, pure: bytes in, values out.
//!
//! | Module | Specification |
//! |---|---|
//! | [`merkle`] | RFC 6962 §2.1: hashes, proofs, growing trees |
//! | `tile`, `bundle` | <https://c2sp.org/tlog-tiles> |
//! | `note`, `key` | <https://c2sp.org/signed-note> |
//! | `checkpoint` | <https://c2sp.org/tlog-checkpoint> |
//! | `cosignature`, `subtree_message` | <https://c2sp.org/tlog-cosignature> |
//! | `policy` | <https://c2sp.org/tlog-policy> |
//! | `log_proof` | <https://c2sp.org/tlog-proof> |
//! | `witness_request` | <https://c2sp.org/tlog-witness> |
//! | `evidence` | our own: what proves, offline, that a signer broke its word |
//! | `mirror_request` | <https://c2sp.org/tlog-mirror> |
//!
//! Out of scope: sockets, files, clocks, key storage, what entries mean. Times and seeds come in as arguments.
//!
//! `X` and `VerifiedX` are different types throughout: the second has no public constructor but verification.

mod base64;
mod bundle;
mod checkpoint;
mod cosignature;
mod evidence;
mod hash;
mod key;
mod log_proof;
pub mod merkle;
mod mirror_request;
mod note;
mod policy;
mod position;
mod subtree_message;
mod tile;
mod witness_request;

pub use base64::decode as decode_base64;
pub use bundle::{
    BUNDLE_BYTES_MAX, BundleError, BundlePath, ENTRY_BYTES_MAX, append_entry, parse_bundle, parse_entries,
};
pub use checkpoint::{
    Checkpoint, CheckpointError, CheckpointSignError, CheckpointVerifyError, EXTENSION_LINE_BYTES_MAX,
    EXTENSION_LINES_MAX, Origin, OriginError, SignedCheckpoint, SignedCheckpointError, VerifiedCheckpoint,
};
pub use cosignature::{COSIGNATURE_TIME_MAX, CosignError, Cosigner};
pub use evidence::{
    Charge, EVIDENCE_BYTES_MAX, Evidence, EvidenceError, EvidenceParseError, Finding, REASON_BYTES_MAX,
    ReasonCode, SignedRoot,
};
pub use hash::{Hash, HashError};
pub use key::{
    KEY_NAME_BYTES_MAX, KeyId, KeyName, KeyNameError, NoteSigner, PublicKey, VERIFIER_KEY_BYTES_MAX,
    VerifierKey, VerifierKeyError,
};
pub use log_proof::{
    EXTRA_BYTES_MAX, LOG_PROOF_BYTES_MAX, LogProof, LogProofError, LogProofParseError, VerifiedLogProof,
};
pub use merkle::{
    ConsistencyError, Frontier, FrontierError, FrontierLoadError, InclusionError, NodeId, NodeIdError,
    NodeSource, PROOF_HASHES_MAX, ProveError, Subtree, SubtreeConsistencyError, SubtreeError, empty_root,
    leaf_hash, node_hash, prove_consistency, prove_inclusion, prove_subtree, subtree_hash,
    verify_consistency, verify_inclusion, verify_subtree,
};
pub use mirror_request::{
    ADD_ENTRIES_PACKAGES_MAX, AddEntriesError, AddEntriesHeader, AddEntriesReader, EntryPackage,
    MIRROR_INFO_BYTES_MAX, MIRROR_INFO_MEDIA_TYPE, MirrorInfo, MirrorInfoError, PACKAGE_ENTRIES_MAX,
    PackagePlace, TICKET_BYTES_MAX, append_package,
};
pub use note::{
    NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX, NoteError, NoteSignature, SignatureCheck, SignatureError,
    SignatureLineError, SignedNote,
};
pub use policy::{
    Cosigned, POLICY_BYTES_MAX, POLICY_ITEMS_MAX, POLICY_WORD_BYTES_MAX, Policy, PolicyBuilder, PolicyError,
    PolicyLog, PolicyRuleError, PolicyVerifyError, PolicyWitness, Threshold, WitnessedCheckpoint,
};
pub use position::{DecimalError, LeafIndex, TreeSize, UnixSeconds};
pub use subtree_message::{
    ML_DSA_44_SIGNATURE_BYTES, SubtreeStatement, SubtreeStatementError, split_ml_dsa_44,
};
pub use tile::{
    TILE_BYTES_MAX, TILE_HEIGHT, TILE_LEVEL_MAX, TILE_WIDTH, Tile, TileError, TileNodes, TileNodesError,
    TilePath, TilePathError, TileSlot,
};
pub use witness_request::{
    ADD_CHECKPOINT_BYTES_MAX, AddCheckpointError, AddCheckpointRequest, SIZE_BYTES_MAX, SIZE_MEDIA_TYPE,
    SizeError, encode_size, origin_hash, parse_signature_lines, parse_size,
};
