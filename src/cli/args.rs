//! What the commands with more to say take on the command line.

use crate::{
    config::ProfileName,
    obs::{encryption::Encryption, scheme::Scheme},
};
use clap::{Args, ValueEnum};
use std::fmt;

/// `obsgate demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// The port for HTTP, on 127.0.0.1; 0 for a free one
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    pub http: u16,
    /// The port for HTTPS, on 127.0.0.1; 0 for a free one
    #[arg(long, value_name = "PORT", default_value_t = 8443)]
    pub https: u16,
}

/// `obsgate explain`.
#[derive(Args)]
pub struct ExplainArgs {
    /// The method; without method and URL, a request head is read from standard input
    #[arg(requires = "url")]
    pub method: Option<String>,
    /// The URL, with the scheme that the request arrives over
    pub url: Option<String>,
    /// A header, spelled as for curl: `name: value`
    #[arg(short = 'H', long = "header", value_name = "HEADER", requires = "url")]
    pub headers: Vec<String>,
    /// A field of a form: `name=value`; the file may be left out
    #[arg(long = "form", value_name = "FIELD", requires = "url")]
    pub fields: Vec<String>,
    /// What the gate saw the upload begin with: none, sse-c, sse-kms, sse-obs
    #[arg(long, value_name = "ENCRYPTION", value_parser = encryption)]
    pub upload: Option<Encryption>,
    /// What the gate knows that the bucket encrypts with by default: none, sse-kms, sse-obs
    #[arg(long, value_name = "ENCRYPTION", value_parser = bucket_default)]
    pub bucket_default: Option<Encryption>,
    /// strict, huawei, huawei-legacy, otc-s3, or the path of a policy file
    #[arg(long, value_name = "PROFILE", default_value = "strict")]
    pub profile: ProfileName,
    /// A domain of the endpoint: `bucket.<domain>` is virtual-hosted, `<domain>` itself is path style
    #[arg(long = "domain", value_name = "DOMAIN")]
    pub domains: Vec<String>,
    /// What a head from standard input arrives over
    #[arg(long, value_name = "SCHEME", value_parser = scheme, default_value = "http", conflicts_with = "url")]
    pub scheme: Scheme,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub format: ExplainFormat,
}

/// Without the request: it may hold secrets.
impl fmt::Debug for ExplainArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExplainArgs")
            .field("headers", &self.headers.len())
            .field("fields", &self.fields.len())
            .finish_non_exhaustive()
    }
}

/// How `obsgate explain` prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ExplainFormat {
    /// Lines, for a reader
    #[default]
    Text,
    /// An object, for a program
    Json,
}

fn scheme(text: &str) -> Result<Scheme, String> {
    let found = Scheme::ALL.into_iter().find(|one| one.name() == text);
    found.ok_or_else(|| format!("unknown scheme `{text}`; allowed: `http`, `https`"))
}

fn encryption(text: &str) -> Result<Encryption, String> {
    one_of(&Encryption::ALL, text)
}

/// No bucket encrypts with keys that only its clients have.
fn bucket_default(text: &str) -> Result<Encryption, String> {
    one_of(&[Encryption::Plain, Encryption::SseKms, Encryption::SseObs], text)
}

fn one_of(allowed: &[Encryption], text: &str) -> Result<Encryption, String> {
    let found = allowed.iter().find(|one| one.name() == text);
    found.copied().ok_or_else(|| {
        let allowed: Vec<_> = allowed.iter().map(|one| format!("`{}`", one.name())).collect();
        format!("unknown encryption `{text}`; allowed: {}", allowed.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory, Parser};

    #[derive(Debug, Parser)]
    struct Demo {
        #[command(flatten)]
        args: DemoArgs,
    }

    #[derive(Debug, Parser)]
    struct Explain {
        #[command(flatten)]
        args: ExplainArgs,
    }

    #[test]
    fn the_demo_listens_on_8080_and_8443_unless_told_otherwise() {
        Demo::command().debug_assert();
        let ports = |arguments: &[&str]| {
            let args = Demo::try_parse_from(arguments).unwrap().args;
            (args.http, args.https)
        };
        assert_eq!(ports(&["demo"]), (8080, 8443));
        assert_eq!(ports(&["demo", "--http", "1", "--https", "0"]), (1, 0));
    }

    #[test]
    fn explain_takes_a_method_with_its_url_or_neither() {
        Explain::command().debug_assert();
        let parse = |arguments: &[&str]| Explain::try_parse_from(arguments).map(|parsed| parsed.args);
        assert_eq!(parse(&["explain"]).unwrap().scheme, Scheme::Http);
        assert_eq!(
            parse(&["explain", "--scheme", "https"]).unwrap().scheme,
            Scheme::Https
        );
        let put = parse(&[
            "explain",
            "PUT",
            "http://a/b",
            "-H",
            "a: b",
            "-H",
            "c: d",
            "--form",
            "e=f",
        ])
        .unwrap();
        assert_eq!(
            (put.method.as_deref(), put.url.as_deref()),
            (Some("PUT"), Some("http://a/b"))
        );
        assert_eq!(
            (put.headers, put.fields),
            (vec!["a: b".to_owned(), "c: d".to_owned()], vec!["e=f".to_owned()])
        );
        for wrong in [
            &["explain", "PUT"][..],
            &["explain", "-H", "a: b"],
            &["explain", "PUT", "http://a/b", "--scheme", "https"],
            &["explain", "--scheme", "ftp"],
            &["explain", "--form", "a=b"],
            &["explain", "--upload", "kms"],
            &["explain", "--bucket-default", "sse-c"],
        ] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
