//! The logs of other authorities that an authority's node cosigns.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use matricula_issuer::authority::{AuthorityHome, Peer, PeerService, mirror_name, witness_name};
use matricula_issuer::keyring::Passphrase;
use matricula_ledger::mirror::{MirroredLog, Quota};
use matricula_ledger::{Followed, Following, FollowingKeys, Role, evidence_name};
use matricula_tlog::{
    Cosigner, KeyName, NOTE_BYTES_MAX, Origin, SignedCheckpoint, TreeSize, VerifierKey, origin_hash,
};

use crate::failure::Failure;

/// The folder of what is kept of other logs, inside the authority's home.
const FOLDER: &str = "following";

/// How long a peer may take to show what it has.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(5);

/// How often evidence is handed to peers that do not have it yet.
pub const HAND_OUT_EVERY: Duration = Duration::from_secs(30);

/// Opens what the node keeps of the logs of its peers, and takes up again what it cosigned and may have forgotten.
/// `None` when it follows no log.
pub fn open(home: &AuthorityHome, passphrase: &Passphrase) -> Result<Option<Arc<Following>>, Failure> {
    let peers = home.peers()?;
    if peers.iter().all(|peer| peer.follow.is_empty()) {
        return Ok(None);
    }
    let origin = &home.profile().origin;
    let keys = FollowingKeys {
        witness: cosigner(&witness_name(origin), &home.unlock_witness(passphrase)?.seed())?,
        mirror: cosigner(&mirror_name(origin), &home.unlock_mirror(passphrase)?.seed())?,
    };
    let logs = peers.iter().filter(|peer| !peer.follow.is_empty()).map(followed);
    let logs = logs.collect::<Result<Vec<_>, _>>()?;
    let mut accusable = vec![vkey(&home.card().log_vkey)?];
    for peer in &peers {
        accusable.extend([vkey(&peer.card.witness_vkey)?, vkey(&peer.card.mirror_vkey)?]);
    }
    let folder = home.root().join(FOLDER);
    let following = Following::open(&folder, keys, logs, accusable)
        .map_err(|error| unusable(&folder.display().to_string(), &error))?;
    for note in shown_by(&peers) {
        following.recall(&note).map_err(|error| unusable("what a peer shows", &error))?;
    }
    Ok(Some(Arc::new(following)))
}

/// Hands the evidence that this node holds to peers, once to each for as long as this lives.
pub struct HandOut {
    following: Arc<Following>,
    /// A peer's address, and the files that it has.
    peers: Vec<(String, Vec<String>)>,
    agent: ureq::Agent,
}

impl HandOut {
    /// To the peers of an authority.
    pub fn new(home: &AuthorityHome, following: Arc<Following>) -> Result<Self, Failure> {
        let url = |peer: &Peer| format!("{}/log/evidence", peer.card.profile.base_url.as_str());
        let peers = home.peers()?.iter().map(|peer| (url(peer), Vec::new())).collect();
        Ok(Self { following, peers, agent: agent() })
    }

    /// Hands out what is new. Blocks; a peer that does not take it is asked again the next time.
    pub fn hand_out(&mut self) {
        let Ok(all) = self.following.evidence() else { return };
        for (name, evidence) in &all {
            debug_assert_eq!(*name, evidence_name(evidence));
            for (url, has) in &mut self.peers {
                if has.contains(name) {
                    continue;
                }
                let answer = self.agent.post(url.as_str()).send(evidence.encode());
                // A peer to whom it proves nothing knows the key not, and will not later.
                if answer.is_ok_and(|answer| matches!(answer.status().as_u16(), 200 | 422)) {
                    has.push(name.clone());
                }
            }
        }
    }
}

fn followed(peer: &Peer) -> Result<Followed, Failure> {
    let role = |service: &PeerService| match service {
        PeerService::Mirror => Role::Mirror,
        PeerService::Witness => Role::Witness,
    };
    Ok(Followed {
        log: MirroredLog {
            log_key: vkey(&peer.card.log_vkey)?,
            time_key: Some(vkey(&peer.card.witness_vkey)?),
            root_keys: vec![peer.card.key],
            quota: Quota::default(),
            backlog: TreeSize::new(0),
        },
        roles: peer.follow.iter().map(role).collect(),
    })
}

/// The cosigned checkpoints of all followed logs that the logs themselves, and the peers that mirror them, show now. Who
/// cannot be reached shows nothing.
fn shown_by(peers: &[Peer]) -> Vec<SignedCheckpoint> {
    let agent = agent();
    let mut urls = Vec::new();
    for followed in peers.iter().filter(|peer| !peer.follow.is_empty()) {
        urls.push(format!("{}/log/checkpoint/witnessed", followed.card.profile.base_url.as_str()));
        let Ok(origin) = Origin::new(followed.card.profile.origin.as_str()) else { continue };
        let hash = origin_hash(&origin);
        let mirrors = peers.iter().map(|peer| peer.card.profile.base_url.as_str());
        urls.extend(mirrors.map(|base| format!("{base}/mirror/{hash}/checkpoint")));
    }
    let asked = std::thread::scope(|scope| {
        let asked: Vec<_> = urls.iter().map(|url| scope.spawn(|| get(&agent, url))).collect();
        asked.into_iter().filter_map(|answer| answer.join().ok().flatten()).collect::<Vec<_>>()
    });
    asked.iter().filter_map(|bytes| SignedCheckpoint::parse(bytes).ok()).collect()
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .timeout_global(Some(ANSWER_TIME_MAX))
        .max_redirects(0)
        .http_status_as_error(false)
        .build()
        .into()
}

fn get(agent: &ureq::Agent, url: &str) -> Option<Vec<u8>> {
    let answer = agent.get(url).call().ok()?;
    let mut bytes = Vec::new();
    let is_there = answer.status().as_u16() == 200;
    answer.into_body().into_reader().take(NOTE_BYTES_MAX as u64).read_to_end(&mut bytes).ok()?;
    is_there.then_some(bytes)
}

fn cosigner(name: &str, seed: &[u8; 32]) -> Result<Cosigner, Failure> {
    let name = KeyName::new(name).map_err(|error| Failure::new("origin_unusable", error))?;
    Ok(Cosigner::new(name, seed))
}

fn vkey(text: &str) -> Result<VerifierKey, Failure> {
    VerifierKey::parse(text).map_err(|error| Failure::new("peer_unusable", error))
}

fn unusable(what: &str, error: &dyn std::fmt::Display) -> Failure {
    let failure = Failure::new("following_unusable", format_args!("{what}: {error}"));
    failure.remedy(
        "nothing is cosigned until this is looked into; if the folder is lost for good, make new witness and mirror keys: \
         whoever forgets what it cosigned can say two things",
    )
}
