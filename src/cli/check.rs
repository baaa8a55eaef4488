//! `obsgate check`: every mistake of a settings or policy file at once.

use super::{CheckArgs, Failure};
use crate::{
    config::{Checked, check as check_file},
    proxy::Gate,
};
use std::io::Write;

/// Checks a file and says in a line what it is.
///
/// # Errors
/// Every mistake in it.
pub fn check(args: &CheckArgs, output: &mut impl Write) -> Result<(), Failure> {
    let file = args.file.display();
    match check_file(&args.file).map_err(Failure::Settings)? {
        Checked::Settings(config) => {
            // What only TLS can tell: whether keys fit their certificates.
            Gate::verify(&config).map_err(Failure::Unfit)?;
            for warning in config.warnings() {
                writeln!(output, "warning: {warning}")?;
            }
            writeln!(
                output,
                "{file}: ok, a settings file: profile `{}` with {}, {}",
                config.profile_name(),
                counted(config.policy().rules().len(), "rule"),
                counted(config.listeners().len(), "listener"),
            )?;
        }
        Checked::Policy(profile) => {
            let rules = counted(profile.policy.rules().len(), "rule");
            writeln!(
                output,
                "{file}: ok, a policy file: `{}` with {rules}",
                profile.name
            )?;
        }
    }
    Ok(())
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
