//! The settings file as written: every setting read, none of them checked against another.

use super::{
    AccessLog,
    section::Section,
    upstream::{URL, parse_domain, parse_url},
};
use crate::{
    obs::{resource::CustomDomains, scheme::Scheme},
    policy::{Mode, UnknownBucketDefault, UnknownUpload},
};
use std::{net::SocketAddr, time::Duration};
use toml::Spanned;

/// The whole file.
pub(super) struct File {
    pub(super) policy: PolicyTable,
    pub(super) listeners: Vec<ListenerTable>,
    pub(super) upstream: UpstreamTable,
    pub(super) admin: Option<Spanned<SocketAddr>>,
    pub(super) access_log: AccessLog,
    pub(super) workers: Option<u32>,
}

/// `[policy]`.
pub(super) struct PolicyTable {
    pub(super) profile: Option<Spanned<String>>,
    pub(super) mode: Mode,
    pub(super) unknown_upload: UnknownUpload,
    pub(super) unknown_bucket_default: UnknownBucketDefault,
}

/// One `[[listener]]`.
pub(super) struct ListenerTable {
    pub(super) address: Option<Spanned<SocketAddr>>,
    pub(super) scheme: Option<Scheme>,
    pub(super) certificate: Option<Spanned<String>>,
    pub(super) private_key: Option<Spanned<String>>,
}

/// `[upstream]`.
pub(super) struct UpstreamTable {
    pub(super) url: Option<Spanned<(Scheme, String, u16)>>,
    pub(super) domains: Option<Vec<Spanned<String>>>,
    pub(super) custom_domains: CustomDomains,
    pub(super) danger_plaintext: Option<Spanned<bool>>,
    pub(super) ca: Option<Spanned<String>>,
    pub(super) connect_timeout: Option<Duration>,
    pub(super) response_head_timeout: Option<Duration>,
    pub(super) slow_response_head_timeout: Option<Duration>,
}

impl File {
    pub(super) fn read(root: Section<'_>) -> Self {
        root.require_elements("listener", "an array of tables, each a socket to listen on");
        root.require("upstream", "the table of the store behind the gate");
        let file = Self {
            policy: PolicyTable::read(root.section("policy")),
            listeners: root
                .sections("listener")
                .into_iter()
                .map(ListenerTable::read)
                .collect(),
            upstream: UpstreamTable::read(&root),
            admin: read_admin(&root),
            access_log: read_access_log(&root),
            workers: read_workers(&root),
        };
        root.finish();
        file
    }
}

impl PolicyTable {
    fn read(table: Section<'_>) -> Self {
        let read = Self {
            profile: table.string("profile"),
            mode: table
                .choice("mode", &[("enforce", Mode::Enforce), ("shadow", Mode::Shadow)])
                .unwrap_or_default(),
            unknown_upload: table
                .choice(
                    "unknown_upload",
                    &[("deny", UnknownUpload::Deny), ("allow", UnknownUpload::Allow)],
                )
                .unwrap_or_default(),
            unknown_bucket_default: table
                .choice(
                    "unknown_bucket_default",
                    &[
                        ("none", UnknownBucketDefault::None),
                        ("any", UnknownBucketDefault::Any),
                    ],
                )
                .unwrap_or_default(),
        };
        table.finish();
        read
    }
}

impl ListenerTable {
    fn read(table: Section<'_>) -> Self {
        table.require("address", ADDRESS);
        table.require("scheme", "`http` or `https`");
        let read = Self {
            address: table.parsed("address", ADDRESS, |text| text.parse().ok()),
            scheme: table.choice("scheme", &[("http", Scheme::Http), ("https", Scheme::Https)]),
            certificate: table.string("certificate"),
            private_key: table.string("private_key"),
        };
        match read.scheme {
            Some(Scheme::Https) => {
                table.require("certificate", "the PEM file with the certificate and its issuers");
                table.require("private_key", "the PEM file with the certificate's key");
            }
            Some(Scheme::Http) => {
                let because = "on a listener of scheme `http`";
                table.no_effect("certificate", because);
                table.no_effect("private_key", because);
            }
            None => {}
        }
        table.finish();
        read
    }
}

impl UpstreamTable {
    fn read(root: &Section<'_>) -> Self {
        let table = root.section("upstream");
        if root.has("upstream") {
            table.require("url", URL);
        }
        let timeout = |key| {
            Some(
                table
                    .parsed(key, "a time above zero as `500ms`, `5s` or `15m`", parse_duration)?
                    .into_inner(),
            )
        };
        let read = Self {
            url: table.parsed("url", URL, parse_url),
            domains: read_domains(&table, "domains"),
            custom_domains: read_custom_domains(&table),
            danger_plaintext: table.boolean("danger_plaintext_upstream"),
            ca: table.string("ca"),
            connect_timeout: timeout("connect_timeout"),
            response_head_timeout: timeout("response_head_timeout"),
            slow_response_head_timeout: timeout("slow_response_head_timeout"),
        };
        table.finish();
        read
    }
}

fn read_admin(root: &Section<'_>) -> Option<Spanned<SocketAddr>> {
    let table = root.section("admin");
    if root.has("admin") {
        table.require("address", ADDRESS);
    }
    let address = table.parsed("address", ADDRESS, |text| text.parse().ok());
    table.finish();
    address
}

fn read_access_log(root: &Section<'_>) -> AccessLog {
    let table = root.section("access_log");
    let words = [
        ("json", AccessLog::Json),
        ("text", AccessLog::Text),
        ("off", AccessLog::Off),
    ];
    let format = table.choice("format", &words).unwrap_or_default();
    table.finish();
    format
}

fn read_workers(root: &Section<'_>) -> Option<u32> {
    let table = root.section("runtime");
    let workers = table.count("workers").map(Spanned::into_inner);
    table.finish();
    workers
}

fn read_domains(table: &Section<'_>, key: &'static str) -> Option<Vec<Spanned<String>>> {
    let read = table.strings(key)?.into_iter().filter_map(|written| {
        // An address is always path style and needs no mention; as a domain it would never match.
        let domain = parse_domain(written.get_ref())
            .filter(|_| written.get_ref().parse::<std::net::IpAddr>().is_err());
        if domain.is_none() {
            let allowed = "a domain name, without port, wildcard or a dot at either end";
            table.wrong_value(key, written.span().start, written.get_ref(), allowed);
        }
        Some(Spanned::new(written.span(), domain?))
    });
    Some(read.collect())
}

fn read_custom_domains(table: &Section<'_>) -> CustomDomains {
    const KEY: &str = "custom_domains";
    if table.is_string(KEY) {
        return table
            .parsed(KEY, "`any`, or an array of domain names", |text| {
                (text == "any").then_some(CustomDomains::Any)
            })
            .map_or_else(CustomDomains::default, Spanned::into_inner);
    }
    let listed = read_domains(table, KEY).unwrap_or_default();
    CustomDomains::Listed(listed.into_iter().map(Spanned::into_inner).collect())
}

/// Reads a number and its unit: `ms`, `s` or `m`.
fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let number: u32 = number.parse().ok().filter(|number| *number > 0)?;
    match unit {
        "ms" => Some(Duration::from_millis(number.into())),
        "s" => Some(Duration::from_secs(number.into())),
        "m" => Some(Duration::from_mins(number.into())),
        _ => None,
    }
}

const ADDRESS: &str = "an IP address and a port, as `0.0.0.0:8443` or `[::]:8443`";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_number_above_zero_and_a_unit() {
        assert_eq!(parse_duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(parse_duration("5s"), Some(Duration::from_secs(5)));
        assert_eq!(parse_duration("15m"), Some(Duration::from_mins(15)));
        for text in [
            "",
            "5",
            "s",
            "0s",
            "-1s",
            "1.5s",
            "5 s",
            "5S",
            "5h",
            "99999999999s",
            "٥s",
        ] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}
