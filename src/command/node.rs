//! `matricula node`: other authorities' nodes, the policy of cosignatures, and evidence.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use matricula_issuer::authority::{
    AcknowledgeWhen, AuthorityCard, AuthorityHome, Peer, PeerError, PeerName, PeerService,
};
use matricula_ledger::mirror::convicts_by_itself;
use matricula_tlog::{EVIDENCE_BYTES_MAX, Evidence, POLICY_BYTES_MAX};
use serde_json::json;

use crate::failure::Failure;
use crate::files::{read_bounded, read_text};
use crate::following;

/// A card has under a kilobyte.
const CARD_BYTES_MAX: u64 = 64 << 10;

/// What an operator says about other nodes.
#[derive(Debug, Subcommand)]
pub enum NodeCommand {
    /// Whom this node asks for cosignatures, and whose logs it follows
    #[command(subcommand)]
    Peer(PeerCommand),
    /// By which cosignatures this log's proofs are to be believed
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Proof that somebody signed what nobody honest signs
    #[command(subcommand)]
    Evidence(EvidenceCommand),
}

/// Other authorities' nodes.
#[derive(Debug, Subcommand)]
pub enum PeerCommand {
    /// Add another authority's node by its card
    Add(AddArgs),
    /// Show the peers
    List(ListArgs),
    /// Remove a peer
    Remove(RemoveArgs),
    /// Mirror a peer's log on, after an entry of it was objected to by mistake
    Resume(ResumeArgs),
}

/// The policy.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Show the policy in force, and one that counts every peer
    Show(HomeArgs),
    /// Set the policy from a file in the format of C2SP tlog-policy, and when the log acknowledges
    Set(SetArgs),
}

/// Evidence.
#[derive(Debug, Subcommand)]
pub enum EvidenceCommand {
    /// Verify an evidence file, offline: what does it prove, and against whom?
    Verify(EvidenceArgs),
}

/// The authority's folder.
#[derive(Args, Clone, Debug)]
pub struct HomeArgs {
    /// The authority's folder
    #[arg(long, value_name = "DIR", default_value = "authority")]
    pub home: PathBuf,
}

/// Arguments of `node peer add`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  matricula node peer add senegal.card.toml --name senegal\n  \
    matricula node peer add senegal.card.toml --follow mirror \\\n    --ask mirror,witness\n  \
    matricula node peer add senegal.new.toml --name senegal --replace\n\n\
    The card is the other authority's `authority/card.toml`. Check it with them by another way than it came.\n\
    A running node takes peers up when it is started again.")]
pub struct AddArgs {
    /// The other authority's card
    pub card: PathBuf,
    /// Its name on this node: small letters, digits, hyphens. Without it, the card's country
    #[arg(long, value_parser = peer_name)]
    pub name: Option<PeerName>,
    /// What this node does for the other's log
    #[arg(long, value_delimiter = ',', value_name = "SERVICE,…", default_value = "mirror,witness")]
    pub follow: Vec<Service>,
    /// What this node asks of the other for its own log
    #[arg(long, value_delimiter = ',', value_name = "SERVICE,…", default_value = "mirror,witness")]
    pub ask: Vec<Service>,
    /// Put card and services in the place of those of the peer with that name; its log and the log's key stay
    #[arg(long)]
    pub replace: bool,
    #[command(flatten)]
    pub home: HomeArgs,
}

/// What one node does for another's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Service {
    /// Keep a copy of every entry, check each, cosign
    Mirror,
    /// Check that the log only grows, cosign
    Witness,
    /// Nothing
    None,
}

/// Arguments of `node peer list`.
#[derive(Args, Debug)]
pub struct ListArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub home: HomeArgs,
}

/// Arguments of `node peer remove`.
#[derive(Args, Debug)]
pub struct RemoveArgs {
    /// The peer's name on this node
    #[arg(value_parser = peer_name)]
    pub name: PeerName,
    #[command(flatten)]
    pub home: HomeArgs,
}

/// Arguments of `node peer resume`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  matricula node peer resume senegal\n\n\
    Stop the server first. The evidence stays. If the entry is objected to again, the log is stopped again.")]
pub struct ResumeArgs {
    /// The peer's name on this node
    #[arg(value_parser = peer_name)]
    pub name: PeerName,
    #[command(flatten)]
    pub home: HomeArgs,
}

/// Arguments of `node policy set`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  matricula node policy show\n  matricula node policy set policy.txt\n  \
    matricula node policy set --acknowledge mirrored\n\n\
    What is acknowledged when it is mirrored survives the loss of this machine; a log that reaches no mirror then\n\
    acknowledges nothing. It holds for the server and for commands with `--log DIR`. What is not given stays.\n\n\
    The policy goes into the next trust file: run `matricula trust export` afterwards, and start the node again.")]
pub struct SetArgs {
    /// The policy file
    #[arg(required_unless_present = "acknowledge")]
    pub file: Option<PathBuf>,
    /// When the log acknowledges an entry; at first `durable`
    #[arg(long, value_name = "WHEN")]
    pub acknowledge: Option<Acknowledge>,
    #[command(flatten)]
    pub home: HomeArgs,
}

/// When the log acknowledges an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Acknowledge {
    /// When it is on the disk here
    Durable,
    /// When as many mirrors as the policy asks for, and at least one, have it on theirs, too
    Mirrored,
}

/// Arguments of `node evidence verify`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  matricula node evidence verify 5f3a….evidence\n\n\
    Exit code 0: it proves what it says. 3: it does not, or it is only claimed: a log took an entry, and whether it may \
    have, only the entries before it tell. The file names the accused key; whose key that is, a trust file or a card says.")]
pub struct EvidenceArgs {
    /// The evidence file
    pub file: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Runs the command.
pub fn run(command: &NodeCommand) -> Result<u8, Failure> {
    match command {
        NodeCommand::Peer(PeerCommand::Add(args)) => add(args),
        NodeCommand::Peer(PeerCommand::List(args)) => list(args),
        NodeCommand::Peer(PeerCommand::Remove(args)) => {
            AuthorityHome::open(&args.home.home)?.remove_peer(&args.name)?;
            println!("{} is no peer any more; start the node again.", args.name);
            Ok(0)
        }
        NodeCommand::Peer(PeerCommand::Resume(args)) => resume(args),
        NodeCommand::Policy(PolicyCommand::Show(args)) => show_policy(args),
        NodeCommand::Policy(PolicyCommand::Set(args)) => set_policy(args),
        NodeCommand::Evidence(EvidenceCommand::Verify(args)) => verify_evidence(args),
    }
}

fn add(args: &AddArgs) -> Result<u8, Failure> {
    let home = AuthorityHome::open(&args.home.home)?;
    let card = AuthorityCard::parse(&read_text(&args.card, CARD_BYTES_MAX)?)
        .map_err(|error| Failure::from(error).about(&args.card))?;
    let country = card.profile.country.as_str().to_ascii_lowercase();
    let name = match &args.name {
        Some(name) => name.clone(),
        None => peer_name(&country).map_err(Failure::usage)?,
    };
    let peer = Peer { name, follow: services(&args.follow)?, ask: services(&args.ask)?, card };
    if args.replace {
        home.replace_peer(&peer)?
    } else {
        home.add_peer(&peer)?
    }
    println!("{} ({})", peer.name, peer.card.profile.name);
    println!("  its log     {}", peer.card.log_vkey);
    println!("  reached at  {}", peer.card.profile.base_url.as_str());
    println!("  this node {} for it, and asks it to {}.", deeds(&peer.follow), deeds(&peer.ask));
    println!("Compare the key with them by another way; then start the node again.");
    Ok(0)
}

fn resume(args: &ResumeArgs) -> Result<u8, Failure> {
    let home = AuthorityHome::open(&args.home.home)?;
    let peers = home.peers()?;
    let peer = peers.iter().find(|peer| peer.name == args.name);
    let peer = peer.ok_or_else(|| PeerError::Unknown { name: args.name.clone() })?;
    match following::resume(&home, peer)? {
        true => println!("The log {} is mirrored on when the server runs again.", peer.card.profile.origin),
        false => println!("The log {} was not stopped.", peer.card.profile.origin),
    }
    Ok(0)
}

fn list(args: &ListArgs) -> Result<u8, Failure> {
    let peers = AuthorityHome::open(&args.home.home)?.peers()?;
    if args.json {
        let listed: Vec<_> = peers.iter().map(described).collect();
        println!("{:#}", json!(listed));
        return Ok(0);
    }
    if peers.is_empty() {
        println!("No peers. `matricula node peer add CARD` adds another authority's node.");
    }
    for peer in &peers {
        println!("{:<16} {}  {}", peer.name, peer.card.profile.origin, peer.card.profile.base_url.as_str());
        println!("{:16} this node {} for it, and asks it to {}", "", deeds(&peer.follow), deeds(&peer.ask));
    }
    Ok(0)
}

fn described(peer: &Peer) -> serde_json::Value {
    json!({
        "name": peer.name.as_str(),
        "origin": peer.card.profile.origin.as_str(),
        "url": peer.card.profile.base_url.as_str(),
        "log_vkey": peer.card.log_vkey,
        "witness_vkey": peer.card.witness_vkey,
        "mirror_vkey": peer.card.mirror_vkey,
        "follow": peer.follow,
        "ask": peer.ask,
    })
}

/// The policy in force, as a file that can be set again, with a proposal behind it where peers are asked.
fn show_policy(args: &HomeArgs) -> Result<u8, Failure> {
    let home = AuthorityHome::open(&args.home)?;
    let proposal = proposal(&home)?;
    match home.policy_text()? {
        Some(text) => print!("{text}"),
        None => {
            let card = home.card();
            println!("# The default: this node's own witness.");
            println!("log {}\nwitness own {}\nquorum own", card.log_vkey, card.witness_vkey);
        }
    }
    // Beside the policy: it is no part of the file.
    eprintln!("The log acknowledges an entry when it is {}.", home.acknowledge()?.as_str());
    if let Some(proposal) = proposal {
        println!("\n# With the peers that are asked, it could be:");
        proposal.lines().for_each(|line| println!("# {line}"));
    }
    Ok(0)
}

/// Mirrors first, a majority of them, then a majority of the witnesses.
fn proposal(home: &AuthorityHome) -> Result<Option<String>, Failure> {
    let peers = home.peers()?;
    let asked = |service| peers.iter().filter(move |peer| peer.ask.contains(&service));
    let mut text = format!("log {}\n", home.card().log_vkey);
    let mut groups = Vec::new();
    for (service, group) in [(PeerService::Mirror, "mirrors"), (PeerService::Witness, "witnesses")] {
        let mut names = Vec::new();
        for peer in asked(service) {
            let name = format!("{}-{}", peer.name, service.as_str());
            let key =
                if service == PeerService::Mirror { &peer.card.mirror_vkey } else { &peer.card.witness_vkey };
            text.push_str(&format!("witness {name} {key}\n"));
            names.push(name);
        }
        if !names.is_empty() {
            text.push_str(&format!("group {group} {} {}\n", names.len() / 2 + 1, names.join(" ")));
            groups.push(group);
        }
    }
    if groups.is_empty() {
        return Ok(None);
    }
    text.push_str(&format!("group anchor all {}\nquorum anchor", groups.join(" ")));
    Ok(Some(text))
}

fn set_policy(args: &SetArgs) -> Result<u8, Failure> {
    let home = AuthorityHome::open(&args.home.home)?;
    let text = args.file.as_ref().map(|file| read_text(file, POLICY_BYTES_MAX as u64)).transpose()?;
    let acknowledge = args.acknowledge.map(|when| match when {
        Acknowledge::Durable => AcknowledgeWhen::Durable,
        Acknowledge::Mirrored => AcknowledgeWhen::Mirrored,
    });
    let policy = home.set_policy(text.as_deref(), acknowledge).map_err(|error| match &args.file {
        Some(file) => Failure::from(error).about(file),
        None => error.into(),
    })?;
    println!("The policy names {} cosigners.", policy.witnesses().len());
    println!("The log acknowledges an entry when it is {}.", home.acknowledge()?.as_str());
    println!("Start the node again, then `matricula trust export`, so that verifiers ask for the same.");
    Ok(0)
}

fn verify_evidence(args: &EvidenceArgs) -> Result<u8, Failure> {
    let bytes = read_bounded(&args.file, EVIDENCE_BYTES_MAX as u64)?;
    let evidence = Evidence::parse(&bytes)
        .map_err(|error| Failure::new("evidence_malformed", error).about(&args.file))?;
    let signer = evidence.signer().encode();
    let (verdict, text) = judged(&evidence);
    if args.json {
        let (proves, claimed) = (verdict == Verdict::Proven, verdict == Verdict::Claimed);
        println!("{:#}", json!({"proves": proves, "claimed": claimed, "signer": signer, "text": text}));
        return Ok(verdict.exit_code());
    }
    match verdict {
        Verdict::Proven => println!("PROVEN against {signer}\n{text}"),
        Verdict::Claimed => println!(
            "CLAIMED against {signer}\n{text}\nThat the log has the entry is proven. That it may not have it is the word of \
             whoever made the file: a mirror of the log can tell."
        ),
        Verdict::NotProven => println!("NOT PROVEN: {text}"),
    }
    Ok(verdict.exit_code())
}

/// What a file of evidence is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Proven,
    Claimed,
    NotProven,
}

impl Verdict {
    const fn exit_code(self) -> u8 {
        match self {
            Self::Proven => 0,
            Self::Claimed | Self::NotProven => 3,
        }
    }
}

fn judged(evidence: &Evidence) -> (Verdict, String) {
    match evidence.verify() {
        Ok(finding) if convicts_by_itself(&finding) => (Verdict::Proven, finding.to_string()),
        Ok(finding) => (Verdict::Claimed, finding.to_string()),
        Err(error) => (Verdict::NotProven, error.to_string()),
    }
}

fn services(words: &[Service]) -> Result<BTreeSet<PeerService>, Failure> {
    if words.contains(&Service::None) && words.len() > 1 {
        return Err(Failure::usage("`none` stands alone"));
    }
    let service = |word: &Service| match word {
        Service::Mirror => Some(PeerService::Mirror),
        Service::Witness => Some(PeerService::Witness),
        Service::None => None,
    };
    Ok(words.iter().filter_map(service).collect())
}

fn deeds(services: &BTreeSet<PeerService>) -> &'static str {
    match (services.contains(&PeerService::Mirror), services.contains(&PeerService::Witness)) {
        (true, true) => "mirror and witness",
        (true, false) => "mirror",
        (false, true) => "witness",
        (false, false) => "do nothing",
    }
}

fn peer_name(text: &str) -> Result<PeerName, String> {
    PeerName::parse(text)
        .ok_or_else(|| format!("'{text}' is no name: 1 to 32 small letters, digits and hyphens"))
}

#[cfg(test)]
mod tests {
    use matricula_tlog::{
        Charge, Checkpoint, KeyName, LeafIndex, NoteSigner, Origin, ReasonCode, TreeSize, leaf_hash,
    };

    use super::*;

    /// Somebody objects to the one entry of a log.
    fn objection(logged: &[u8], entry: &[u8], reason: &str) -> Evidence {
        let log = NoteSigner::new(KeyName::new("log.sn.example/1").unwrap(), &[9; 32]);
        let origin = Origin::from(log.verifier().name());
        let tree = Checkpoint::new(origin, TreeSize::new(1), leaf_hash(logged)).unwrap();
        let charge = Charge::LoggedEntry {
            checkpoint: tree.sign(&log).unwrap(),
            index: LeafIndex::new(0),
            entry: entry.to_vec(),
            path: Vec::new(),
            reason: ReasonCode::new(reason).unwrap(),
        };
        Evidence::new(log.verifier().clone(), charge)
    }

    #[test]
    fn an_objection_is_a_claim_unless_the_entry_convicts_by_itself() {
        let entry = b"no statement";
        let origin = matricula_registry::LogOrigin::parse("log.sn.example/1").unwrap();
        let error = matricula_ledger::mirror::forbidden_by_itself(&origin, entry).unwrap();
        for (logged, reason, verdict, exit_code) in [
            (&entry[..], error.code(), Verdict::Proven, 0),
            (&entry[..], "entry_forbidden", Verdict::Claimed, 3),
            (&b"another"[..], error.code(), Verdict::NotProven, 3),
        ] {
            let (found, text) = judged(&objection(logged, entry, reason));
            assert_eq!((found, found.exit_code()), (verdict, exit_code), "{reason}: {text}");
        }
    }
}
