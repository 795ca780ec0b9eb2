//! Two ministries that mirror and witness each other's logs, as their operators type it.

use std::fs;
use std::time::Duration;

use crate::office::{Office, Server};

const HONDURAS: &str = "log.educacion.example/1";
const SENEGAL: &str = "log.sn.example/1";

#[test]
fn two_ministries_cosign_each_other() {
    let honduras = founded("HN", "did:web:educacion.example", HONDURAS);
    let senegal = founded("SN", "did:web:sn.example", SENEGAL);
    become_peers(&honduras, &senegal);
    peers_are_kept_apart(&honduras);
    a_policy_asks_for_the_neighbour(&honduras);
    a_policy_is_never_lost_unnoticed(&honduras);
    a_needed_peer_can_move(&honduras, &senegal);
    what_no_mirror_holds_is_not_acknowledged(&honduras, &senegal);

    let neighbour = Server::start_only(&senegal, "ledger");
    let server = Server::start_only(&honduras, "ledger");
    everything_is_cosigned_by_the_neighbour(&honduras, &server, &neighbour);
    neighbour.stop();
    nothing_is_called_witnessed_without_the_neighbour(&honduras, &server);
    let neighbour = Server::start_only(&senegal, "ledger");
    what_was_logged_is_witnessed_when_the_neighbour_is_back(&server);
    neighbour.stop();
}

fn founded(country: &str, did: &str, origin: &str) -> Office {
    let office = Office::new();
    let url = office.url();
    let ministry = ["authority", "init", "--name", "Ministry", "--country", country, "--did", did];
    office.ok(&[&ministry[..], &["--origin", origin, "--url", &url]].concat());
    let config =
        format!("[server]\nlisten = \"{}\"\npublic_url = \"{url}\"\n", url.strip_prefix("http://").unwrap());
    fs::write(office.path("matricula.toml"), config).unwrap();
    office
}

fn card(office: &Office) -> String {
    office.path("authority/authority.toml").to_str().unwrap().to_owned()
}

fn become_peers(honduras: &Office, senegal: &Office) {
    let added = honduras.ok(&["node", "peer", "add", &card(senegal), "--name", "senegal"]);
    assert!(added.contains(SENEGAL), "{added}");
    honduras.ok(&["node", "peer", "add", &card(senegal), "--name", "senegal"]);
    fs::copy(senegal.path("authority/card.toml"), honduras.path("senegal.toml")).unwrap();
    senegal.ok(&["node", "peer", "add", &card(honduras), "--ask", "none"]);
    let listed = senegal.ok(&["node", "peer", "list"]);
    assert!(listed.contains(HONDURAS) && listed.starts_with("hn "), "{listed}");
}

fn peers_are_kept_apart(honduras: &Office) {
    let own = card(honduras);
    honduras.fails(&["node", "peer", "add", &own, "--name", "me"], 1, "peer_is_self");
    honduras.fails(&["node", "peer", "remove", "nobody"], 1, "peer_unknown");
    fs::write(honduras.path("broken.toml"), "did = 7\n").unwrap();
    let broken = honduras.fails(&["node", "peer", "add", "broken.toml"], 1, "authority_card");
    assert!(broken.contains("broken.toml") && broken.contains("line 1"), "{broken}");
}

fn a_policy_asks_for_the_neighbour(honduras: &Office) {
    let shown = honduras.ok(&["node", "policy", "show"]);
    let proposed: Vec<&str> = shown.lines().filter_map(|line| line.strip_prefix("# ")).collect();
    let start = proposed.iter().position(|line| line.starts_with("log ")).unwrap();
    let policy = proposed[start..].join("\n") + "\n";
    assert!(policy.contains("witness senegal-mirror") && policy.ends_with("quorum anchor\n"), "{policy}");
    fs::write(honduras.path("policy.txt"), &policy).unwrap();
    let stranger = policy.replace(HONDURAS, "log.stranger.example/1");
    fs::write(honduras.path("stranger.txt"), stranger).unwrap();
    let refused = ["node", "policy", "set", "stranger.txt"];
    honduras.fails(&refused, 1, "policy_malformed");
    assert!(honduras.ok(&["node", "policy", "set", "policy.txt"]).contains("2 cosigners"));
    honduras.fails(&["node", "peer", "remove", "senegal"], 1, "peer_needed");
    assert!(honduras.ok(&["node", "policy", "show"]).starts_with(&policy));
    let nobody = policy.replace("quorum anchor", "quorum none");
    fs::write(honduras.path("nobody.txt"), nobody).unwrap();
    honduras.fails(&["node", "policy", "set", "nobody.txt"], 1, "policy_of_nobody");
    assert!(honduras.ok(&["node", "policy", "show"]).starts_with(&policy));
}

fn a_policy_is_never_lost_unnoticed(honduras: &Office) {
    for lost in ["authority/policy", "authority/replication.toml"] {
        let (from, to) = (honduras.path(lost), honduras.path("aside"));
        fs::rename(&from, &to).unwrap();
        let refused = honduras.fails(&["node", "policy", "show"], 1, "policy_lost");
        assert!(refused.contains(lost) && refused.contains("policy set"), "{refused}");
        honduras.fails(&["node", "peer", "remove", "senegal"], 1, "policy_lost");
        fs::rename(&to, &from).unwrap();
    }
    fs::remove_file(honduras.path("authority/replication.toml")).unwrap();
    honduras.fails(&["node", "policy", "set", "policy.txt"], 1, "policy_lost");
    let again = honduras.ok(&["node", "policy", "set", "policy.txt", "--acknowledge", "durable"]);
    assert!(again.contains("when it is durable"), "{again}");
}

/// The neighbour moves to another address: its card may be replaced, and what is needed of it may not.
fn a_needed_peer_can_move(honduras: &Office, senegal: &Office) {
    let before = fs::read_to_string(honduras.path("authority/peers/senegal.toml")).unwrap();
    let card = fs::read_to_string(senegal.path("authority/card.toml")).unwrap();
    let moved = card.replace(&senegal.url(), "https://elsewhere.sn.example");
    assert_ne!(moved, card);
    fs::write(honduras.path("moved.toml"), moved).unwrap();
    let replace = |card, rest: &[&str]| {
        let order = ["node", "peer", "add", card, "--replace", "--name"];
        [&order[..], rest].concat().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    honduras.fails(&["node", "peer", "add", "moved.toml", "--name", "senegal"], 1, "peer_exists");
    honduras.fails(&words(&replace("moved.toml", &["nobody"])), 1, "peer_unknown");
    honduras.fails(&words(&replace("moved.toml", &["senegal", "--ask", "witness"])), 1, "peer_needed");
    let own = self::card(honduras);
    honduras.fails(&words(&replace(&own, &["senegal"])), 1, "peer_other_log");
    assert_eq!(fs::read_to_string(honduras.path("authority/peers/senegal.toml")).unwrap(), before);
    honduras.ok(&words(&replace("moved.toml", &["senegal"])));
    assert!(honduras.ok(&["node", "peer", "list"]).contains("https://elsewhere.sn.example"));
    honduras.ok(&words(&replace("senegal.toml", &["senegal"])));
    assert_eq!(fs::read_to_string(honduras.path("authority/peers/senegal.toml")).unwrap(), before);

    let renamed = honduras.path("authority/peers/Senegal.toml");
    fs::rename(honduras.path("authority/peers/senegal.toml"), &renamed).unwrap();
    let refused = honduras.fails(&["node", "peer", "list"], 1, "peer_file_name");
    assert!(refused.contains("Senegal.toml"), "{refused}");
    fs::rename(&renamed, honduras.path("authority/peers/senegal.toml")).unwrap();
}

/// The setting is in the home: a command with the folder acknowledges no sooner than the server would.
fn what_no_mirror_holds_is_not_acknowledged(honduras: &Office, senegal: &Office) {
    let alone = ["node", "policy", "set", "--acknowledge", "mirrored"];
    senegal.fails(&alone, 1, "policy_not_set");
    let shown = senegal.ok(&["node", "policy", "show"]);
    fs::write(senegal.path("policy.txt"), shown).unwrap();
    senegal.fails(&[&alone[..], &["policy.txt"]].concat(), 1, "no_mirror_asked");
    assert!(!senegal.path("authority/policy").exists());

    let changed = honduras.ok(&alone);
    assert!(changed.contains("2 cosigners") && changed.contains("when it is mirrored"), "{changed}");
    let in_folder = order_to("authority", "senegal.toml", "1");
    let refused = honduras.fails(&words(&in_folder), 1, "log_not_acknowledged");
    assert!(refused.contains("is in the log") && refused.contains("again"), "{refused}");
    let changed = honduras.ok(&["node", "policy", "set", "--acknowledge", "durable"]);
    assert!(changed.contains("when it is durable"), "{changed}");
}

/// An entry for the log: the authority recognises its neighbour for some levels.
fn order(honduras: &Office, card: &str, levels: &str) -> Vec<String> {
    order_to(&format!("{}/log", honduras.url()), card, levels)
}

fn order_to(log: &str, card: &str, levels: &str) -> Vec<String> {
    let words =
        ["authority", "amend", "recognise", card, "--kinds", "diploma", "--levels", levels, "--log", log];
    words.map(str::to_owned).to_vec()
}

fn words(order: &[String]) -> Vec<&str> {
    order.iter().map(String::as_str).collect()
}

fn everything_is_cosigned_by_the_neighbour(honduras: &Office, server: &Server, neighbour: &Server) {
    let warned = honduras.warns(&words(&order(honduras, "senegal.toml", "3")));
    assert_eq!(warned, "");
    let (status, witnessed) = server.get("/log/checkpoint/witnessed");
    assert_eq!(status, 200, "{witnessed}");
    for name in [format!("{SENEGAL}/mirror"), format!("{SENEGAL}/witness")] {
        assert!(witnessed.contains(&format!("\n— {name} ")), "{name}: {witnessed}");
    }
    let hash = hash(HONDURAS);
    let (status, copied) = neighbour.get(&format!("/mirror/{hash}/checkpoint"));
    assert_eq!(status, 200, "{copied}");
    assert_eq!(copied.lines().nth(1), witnessed.lines().nth(1), "the copy has as many entries");
    let (status, page) = neighbour.get("/log/node");
    assert!(status == 200 && page.contains(HONDURAS), "{page}");
    let (_, figures) = server.get("/metrics");
    assert!(figures.contains("senegal"), "{figures}");
    assert_eq!(neighbour.ask("POST", "/log/evidence", "text/plain", b"nothing".to_vec()).status, 422);
}

fn nothing_is_called_witnessed_without_the_neighbour(honduras: &Office, server: &Server) {
    let before = server.get("/log/checkpoint/witnessed").1;
    let answer =
        server.ask("POST", "/log/entries?deadline=1", "application/octet-stream", first_entry(server));
    // What was witnessed before still is; it is what comes now that is not.
    assert_eq!(answer.status, 200, "{}", answer.text);
    let warned = honduras.warns(&words(&order(honduras, "senegal.toml", "3,6")));
    assert!(warned.contains("there is no proof of it until they do"), "{warned}");
    assert_eq!(server.get("/log/checkpoint/witnessed").1, before);
    let (_, published) = server.get("/log/checkpoint");
    assert_ne!(published.lines().nth(1), before.lines().nth(1), "it is in the log, and not witnessed");
}

fn what_was_logged_is_witnessed_when_the_neighbour_is_back(server: &Server) {
    let published = server.get("/log/checkpoint").1;
    for _ in 0..300 {
        let witnessed = server.get("/log/checkpoint/witnessed").1;
        if witnessed.lines().nth(1) == published.lines().nth(1) {
            return;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    panic!("it is not witnessed");
}

/// The log's genesis, framed as a submission.
fn first_entry(server: &Server) -> Vec<u8> {
    let bundle = server.get_bytes("/log/tile/entries/000.p/1");
    let length = usize::from(u16::from_be_bytes([bundle[0], bundle[1]]));
    bundle[..2 + length].to_vec()
}

fn hash(origin: &str) -> String {
    let origin = matricula_tlog::Origin::new(origin).unwrap();
    matricula_tlog::origin_hash(&origin)
}
