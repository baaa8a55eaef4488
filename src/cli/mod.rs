//! The command line: what it may say, what answers it, and how a failure ends the program.

pub mod args;
pub mod check;
pub mod demo;
mod descriptors;
pub mod explain;
pub mod rules;
pub mod run;

use crate::{
    config::{Mistakes, ProfileName},
    proxy::StartError,
};
use args::DemoArgs;
use clap::{Args, Parser, Subcommand, ValueEnum};
use demo::DemoError;
use std::{
    fmt, io,
    path::PathBuf,
    process::{ExitCode, Termination},
};

/// A gate in front of an OBS endpoint that enforces the published rules for server-side encryption.
#[derive(Debug, Parser)]
#[command(name = "obsgate", version, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the gate until SIGTERM or SIGINT, then finishes what is in flight
    #[command(after_help = "Example:\n  obsgate run --config /etc/obsgate/obsgate.toml")]
    Run(RunArgs),
    /// Runs the gate before an OBS in memory, with requests to try
    #[command(after_help = "Example:\n  obsgate demo --http 8080 --https 8443")]
    Demo(DemoArgs),
    /// Names every mistake of a settings or policy file, each with its place and what is allowed there
    #[command(after_help = "Example:\n  obsgate check /etc/obsgate/obsgate.toml")]
    Check(CheckArgs),
    /// Says what the gate makes of one request, why, and what would change it
    #[command(
        after_help = "Exit code: 0 allowed, 1 refused, 2 not decidable from the request alone, 64 bad usage.\n\n\
                            Examples:\n  obsgate explain GET http://b.obs.example.com/k -H 'Authorization: OBS AK:signature'\n  \
                            obsgate explain PUT 'http://b.obs.example.com/k?partNumber=1&uploadId=U' --upload sse-kms\n  \
                            obsgate explain PUT http://b.obs.example.com/k --bucket-default sse-kms\n  \
                            obsgate explain POST http://b.obs.example.com/ --form key=k --form acl=private"
    )]
    Explain(args::ExplainArgs),
    /// Shows the rows in force, each with its document, table and row
    #[command(after_help = "Example:\n  obsgate rules --profile otc-s3 --format markdown")]
    Rules(RulesArgs),
}

/// `obsgate run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The settings file
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

/// `obsgate check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The settings or policy file
    pub file: PathBuf,
}

/// `obsgate rules`.
#[derive(Debug, Args)]
pub struct RulesArgs {
    /// strict, huawei, huawei-legacy, otc-s3, or the path of a policy file
    #[arg(long, value_name = "PROFILE", default_value = "strict")]
    pub profile: ProfileName,
    /// How to print them
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// How `obsgate rules` prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Columns, for a terminal
    #[default]
    Table,
    /// A table for a document
    Markdown,
    /// An object for a program
    Json,
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub enum Failure {
    /// The command line is mistaken.
    Usage(clap::Error),
    /// A settings or policy file is mistaken.
    Settings(Mistakes),
    /// The settings are well-formed, and yet no gate can be made of them.
    Unfit(StartError),
    /// The gate cannot start.
    Start(StartError),
    /// The demo cannot start.
    Demo(DemoError),
    /// Signals cannot be waited for.
    Signal(io::Error),
    /// The answer could not be written.
    Output(io::Error),
}

impl Cli {
    /// Reads the command line.
    ///
    /// # Errors
    /// What is wrong with it; also the help and the version that were asked for.
    pub fn read() -> Result<Self, Failure> {
        Self::try_parse().map_err(Failure::Usage)
    }

    /// Does what the command line says.
    ///
    /// # Errors
    /// Why it could not be done.
    pub fn run(self) -> Result<ExitCode, Failure> {
        // Locked by none of them for longer than a write: the access log writes there too.
        let mut output = io::stdout();
        match self.command {
            Command::Run(args) => run::run(&args)?,
            Command::Demo(args) => demo::demo(&args, &mut output)?,
            Command::Check(args) => check::check(&args, &mut output)?,
            Command::Explain(args) => return explain::run(&args, &mut io::stdin().lock(), &mut output),
            Command::Rules(args) => rules::rules(&args, &mut output)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Termination for Failure {
    /// Says what happened, and ends with the code that `sysexits.h` has for it.
    fn report(self) -> ExitCode {
        match self {
            Self::Usage(error) => {
                let asked_for = !error.use_stderr();
                // When not even the complaint can be written, the exit code alone has to say it.
                let _ = error.print();
                if asked_for {
                    ExitCode::SUCCESS
                } else {
                    ExitCode::from(USAGE)
                }
            }
            // Whoever reads the output has read enough, as `obsgate rules | head`.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            Self::Output(_) => self.complain(IO_ERROR),
            Self::Settings(_) | Self::Unfit(_) => self.complain(CONFIG),
            Self::Start(_) => self.complain(UNAVAILABLE),
            Self::Demo(_) | Self::Signal(_) => self.complain(OS_ERROR),
        }
    }
}

impl Failure {
    fn complain(&self, code: u8) -> ExitCode {
        eprintln!("{self}");
        ExitCode::from(code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(error) => error.fmt(f),
            Self::Settings(mistakes) => mistakes.fmt(f),
            Self::Unfit(error) | Self::Start(error) => error.fmt(f),
            Self::Demo(error) => error.fmt(f),
            Self::Signal(error) => write!(f, "cannot wait for signals: {error}"),
            Self::Output(error) => write!(f, "cannot write the answer: {error}"),
        }
    }
}

impl std::error::Error for Failure {}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// `EX_USAGE`.
const USAGE: u8 = 64;
/// `EX_UNAVAILABLE`.
const UNAVAILABLE: u8 = 69;
/// `EX_OSERR`.
const OS_ERROR: u8 = 71;
/// `EX_IOERR`.
const IO_ERROR: u8 = 74;
/// `EX_CONFIG`.
const CONFIG: u8 = 78;

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent_and_each_command_has_an_example() {
        let mut command = Cli::command();
        command.clone().debug_assert();
        for command in command.get_subcommands_mut() {
            let help = command.render_long_help().to_string();
            let example = format!("obsgate {} ", command.get_name());
            let (_, after) = help.split_once("Example").expect("an example");
            assert!(after.contains(&example), "{help}");
        }
    }
}
