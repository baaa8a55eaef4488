//! The load and the origin of the comparison with other proxies: what `wrk` does not do. `benches/peers/run` is its
//! user; each command but `origin` and `certificate` ends with one line of JSON on standard output.

mod client;
mod drive;
mod hold;
mod origin;
mod rate;

use std::error::Error;
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};

use crate::client::Target;

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// A store that costs next to nothing; see `origin`
    Origin {
        #[arg(long)]
        port: u16,
    },
    /// `DIR/cert.pem`, `DIR/key.pem` and both in `DIR/both.pem`
    Certificate { directory: PathBuf },
    /// GET after GET, on connections that are used in turn
    Get(Work),
    /// PUT after PUT, of `--size` bytes
    Put(Work),
    /// A new connection, with a full handshake over TLS, for each GET
    Connect(Work),
    /// Begins uploads 0 to `--requests`
    Begin(Work),
    /// Sends parts of uploads chosen among the first `--size`
    Parts(Work),
    /// GETs at a constant rate, timed from when they were due
    Rate {
        #[command(flatten)]
        to: To,
        #[arg(long, default_value_t = 16)]
        connections: usize,
        #[arg(long)]
        per_second: u32,
        #[arg(long)]
        seconds: f64,
    },
    /// Opens connections, does one GET on each, and holds them until standard input ends
    Hold {
        #[command(flatten)]
        to: To,
        #[arg(long)]
        connections: usize,
    },
}

#[derive(Args)]
struct To {
    #[arg(long)]
    port: u16,
    /// The certificate to trust: with it, TLS is spoken
    #[arg(long)]
    tls: Option<PathBuf>,
    #[arg(long, default_value = "/4k")]
    path: String,
}

#[derive(Args)]
struct Work {
    #[command(flatten)]
    to: To,
    #[arg(long)]
    requests: usize,
    #[arg(long, default_value_t = 1)]
    connections: usize,
    /// Requests at a time; each thread has its share of the connections
    #[arg(long, default_value_t = 1)]
    threads: usize,
    #[arg(long, default_value_t = 0)]
    size: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    match Cli::parse().command {
        Command::Origin { port } => origin::serve(port)?,
        Command::Certificate { directory } => certificate(&directory)?,
        Command::Get(work) => drive::run(drive::Kind::Get, &target(&work.to)?, &plan(&work)),
        Command::Put(work) => drive::run(drive::Kind::Put, &target(&work.to)?, &plan(&work)),
        Command::Connect(work) => drive::run(drive::Kind::Connect, &target(&work.to)?, &plan(&work)),
        Command::Begin(work) => drive::run(drive::Kind::Begin, &target(&work.to)?, &plan(&work)),
        Command::Parts(work) => drive::run(drive::Kind::Part, &target(&work.to)?, &plan(&work)),
        Command::Rate {
            to,
            connections,
            per_second,
            seconds,
        } => {
            rate::run(&target(&to)?, connections, per_second, seconds);
        }
        Command::Hold { to, connections } => hold::run(&target(&to)?, connections)?,
    }
    Ok(())
}

fn target(to: &To) -> Result<Target, Box<dyn Error>> {
    Target::new(to.port, to.tls.as_deref(), &to.path)
}

fn plan(work: &Work) -> drive::Plan {
    drive::Plan {
        requests: work.requests,
        connections: work.connections.max(1),
        threads: work.threads.clamp(1, work.connections.max(1)),
        size: work.size,
    }
}

fn certificate(directory: &Path) -> Result<(), Box<dyn Error>> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "*.obs.example.com".to_owned()])?;
    let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    std::fs::write(directory.join("cert.pem"), &certificate)?;
    std::fs::write(directory.join("key.pem"), &key)?;
    std::fs::write(directory.join("both.pem"), certificate + &key)?;
    Ok(())
}
