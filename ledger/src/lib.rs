//! A log node: sequences entries durably, signs checkpoints, serves tiles.
//!
//! ```text
//! submit ─ signatures (all cores) ─▶ queue ─ door ─ one synced commit ─▶ acknowledged with index
//!                                            (sequencer)      │
//!                               sign ─ tiles ─ publish ◀──────┘
//!                                     (publisher)
//! ```
//!
//! [`Node`] is the log that runs; [`router`] serves it over HTTP; [`fsck`] verifies one that does not run. Below them
//! are the seams [`SequenceStore`] and [`TileStore`], each with a file adapter, a model in memory, and a suite in
//! [`conformance`] that every adapter passes; the file adapters stand on a [`Disk`].
//!
//! Out of scope: what statements mean (`matricula-registry`), the formats of the log (`matricula-tlog`), key files.

mod archive;
mod careful;
mod clock;
pub mod conformance;
mod dedup;
mod disk;
mod distributor;
mod edge;
mod following;
mod fsck;
mod http;
mod metrics;
pub mod mirror;
mod node;
mod page;
mod sequence;
mod signer;
mod submission;
mod tiles;
pub mod witness;

pub use archive::{
    ArchiveReadError, ArchivedLog, BelieveError, Copies, ExportError, Exported, FolderSource, HttpSource,
    LogSource, NodeFiles, PREDECESSOR_LABEL, RestoreError, RestoreOrder, Restored, SourceError,
    SourceFinding, SourceFlaw, SourceReport, audit, export, export_on, predecessor_root, restore, restore_on,
};
pub use clock::Clock;
pub use disk::{Disk, DiskError, DiskFile, DiskLock, RealDisk};
pub use distributor::{
    Anchors, Call, Distributor, Endpoint, Event, HttpAnchors, LogView, Outcome, Peer, PeerReport,
    Publications, Replicated, Replicator, Role,
};
pub use following::{FollowError, Followed, Following, FollowingKeys, LeftOut, Memory, evidence_name};
pub use fsck::{Finding, FsckError, Report, fsck, fsck_on};
pub use http::{
    ApiError, evidence_openapi, evidence_router, mirror_openapi, mirror_router, openapi, router,
    router_showing, witness_openapi, witness_router,
};
pub use metrics::NodeMetrics;
pub use node::{
    Acknowledge, Health, Node, NodeConfig, NodeFailure, NodeStores, OpenError, Promise, ReadError,
    Replication, Witness,
};
pub use page::{EvidenceView, FollowedLog, PeerView, Replicas, ReplicationView};
pub use sequence::{
    Commit, CommitError, ENTRIES_BYTES_MAX, Epoch, FileSequence, GROUP_BYTES_MAX, GROUP_ENTRIES_MAX, Head,
    Lease, MemorySequence, SegmentDefect, SequenceError, SequenceStore, SequencedEntry,
};
pub use signer::{NodeKeys, SignerError};
pub use submission::{
    REFUSALS_MAX, Receipt, Refusal, SUBMISSION_BYTES_MAX, SUBMISSION_ENTRIES_MAX, SubmitError,
};
pub use tiles::{FileTiles, MemoryTiles, ObjectPath, TileError, TileStore};
