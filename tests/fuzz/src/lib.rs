//! Bodies of the fuzz targets: plain functions over foreign bytes that panic when a promise is broken.
//!
//! A new target is a function in a module here, a line in [`TARGETS`], seeds in `seeds/<name>/`, a file in `fuzz_targets/`
//! and a `[[bin]]` in `Cargo.toml`.

pub mod credential;
pub mod issuer;
pub mod registry;
pub mod replication;
pub mod services;
pub mod tlog;
pub mod verifier;

/// A fuzz target: its name, and what it does with foreign bytes.
pub struct Target {
    /// The name of its file in `fuzz_targets/`, of its binary and of its folder of seeds.
    pub name: &'static str,
    /// Panics when the bytes make the code break a promise; returns on all others, refused or not.
    pub body: fn(&[u8]),
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target { name: "note", body: tlog::note },
    Target { name: "checkpoint", body: tlog::checkpoint },
    Target { name: "verifier_key", body: tlog::verifier_key },
    Target { name: "policy", body: tlog::policy },
    Target { name: "log_proof", body: tlog::log_proof },
    Target { name: "tile_path", body: tlog::tile_path },
    Target { name: "bundle", body: tlog::bundle },
    Target { name: "merkle_proof", body: tlog::merkle_proof },
    Target { name: "strict_json", body: credential::strict_json },
    Target { name: "portable_record", body: credential::portable_record },
    Target { name: "presentation_file", body: credential::presentation_file },
    Target { name: "status_list", body: credential::status_list },
    Target { name: "signed_credential", body: credential::signed_credential },
    Target { name: "statement", body: registry::statement },
    Target { name: "trust_file", body: verifier::trust_file },
    Target { name: "verdict", body: verifier::verdict },
    Target { name: "foreign_token", body: verifier::foreign_token },
    Target { name: "roster", body: issuer::roster },
    Target { name: "school_file", body: issuer::school_file },
    Target { name: "authority_card", body: issuer::authority_card },
    Target { name: "status_list_credential", body: credential::status_list_credential },
    Target { name: "holder_binding", body: credential::holder_binding },
    Target { name: "identifiers", body: credential::identifiers },
    Target { name: "wallet_request", body: services::wallet_request },
    Target { name: "verifier_request", body: services::verifier_request },
    Target { name: "add_checkpoint", body: replication::add_checkpoint },
    Target { name: "add_entries", body: replication::add_entries },
    Target { name: "witness_answer", body: replication::witness_answer },
    Target { name: "evidence", body: replication::evidence },
];
