//! `matricula demo`: the README's first command.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::command::serve::Service;
use crate::config::Config;
use crate::demo::{self, PASSPHRASE};
use crate::failure::Failure;
use crate::serve::{self, Services};

/// How many demo folders may lie side by side before a person should clean up.
const FOLDERS_MAX: usize = 100;

/// Arguments of `demo`.
#[derive(Args, Debug)]
#[command(
    after_help = "It makes two authorities (Honduras, Senegal) and three schools, issues 665 records, lets some \
    things go wrong, and verifies everything. A verdict that is not the expected one is exit code 1.\n\n\
    The people are invented, and so are the schools. Nothing leaves this machine."
)]
pub struct DemoArgs {
    /// The folder to make; without it, matricula-demo, matricula-demo-2, …
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Leave the services running afterwards, and print their addresses
    #[arg(long)]
    pub serve: bool,
    /// The port for --serve
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
}

/// Runs the command.
pub fn run(args: &DemoArgs) -> Result<u8, Failure> {
    let root = fresh_folder(args.dir.as_deref())?;
    let url = format!("http://127.0.0.1:{}", args.port);
    println!("Matricula demo in {}\n", root.display());
    let story = demo::run(&root, &url)?;
    write_config(&root, args.port, &url)?;
    println!("{}", where_things_are(&story.root));
    if !story.as_expected {
        return Err(Failure::new("demo_differs", "a verdict is not the expected one, see DIFFERS above"));
    }
    if args.serve {
        serve_it(&root, &url)?;
    }
    Ok(0)
}

fn fresh_folder(asked: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(root) = asked {
        fs::create_dir(root).map_err(|error| {
            Failure::io("make", root, &error)
                .remedy("--dir takes a folder that does not exist yet, in one that does")
        })?;
        return Ok(root.to_owned());
    }
    for number in 1..=FOLDERS_MAX {
        let name = if number == 1 { "matricula-demo".to_owned() } else { format!("matricula-demo-{number}") };
        match fs::create_dir(&name) {
            Ok(()) => return Ok(PathBuf::from(name)),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Failure::io("make", Path::new(&name), &error)),
        }
    }
    Err(Failure::new("demo_folders", "there are 100 demo folders here already").remedy("remove some of them"))
}

fn write_config(root: &Path, port: u16, url: &str) -> Result<(), Failure> {
    let write = |name: &str, text: &str| {
        let path = root.join(name);
        fs::write(&path, text).map_err(|error| Failure::io("write", &path, &error))
    };
    write("passphrase.txt", &format!("{PASSPHRASE}\n"))?;
    write("deposit.secret", "demo-deposit-secret\n")?;
    let config = format!(
        "[server]\nlisten = \"127.0.0.1:{port}\"\npublic_url = \"{url}\"\n\n\
         [authority]\nhome = \"honduras\"\npassphrase_file = \"passphrase.txt\"\nbinding_schools = [\"schools/lempira\"]\n\n\
         [wallet]\nstore = \"wallet\"\n\n\
         [[wallet.deposits]]\nissuer = \"did:web:educacion.hn.example:schools:lempira\"\nsecret_file = \"deposit.secret\"\n\n\
         [verifier]\ntrust = [\"trust/senegal.trust.json\"]\n"
    );
    write("matricula.toml", &config)
}

fn where_things_are(root: &Path) -> String {
    let root = root.display();
    format!(
        "\nWhere things are:\n  \
         {root}/schools/*/batches/*/records    the portable records, one a learner\n  \
         {root}/incidents                      the changed file, the presentation, …\n  \
         {root}/trust                          the trust files of both ministries\n  \
         {root}/honduras, {root}/senegal       the authorities, each with its log\n\n\
         Verify one yourself:\n  \
         matricula verify {root}/incidents --trust {root}/trust --as-of 2026-11-22\n\n\
         Keep the services running:\n  \
         matricula serve --config {root}/matricula.toml"
    )
}

fn serve_it(root: &Path, url: &str) -> Result<(), Failure> {
    let config = Config::read(&root.join("matricula.toml"))?;
    serve::start_tracing(&config.tracing)?;
    let services = Services::open(&config, &|_: Service| true)?;
    println!(
        "\n  verifier  {url}/\n  wallet    {url}/wallet/\n  log       {url}/log/node\n  trust     {url}/trust\n"
    );
    serve::run(services, &config.server, &config.metrics)
}
