//! The settings file as written: every setting read, none of them checked against another.

use super::{
    AccessLog, FormSettings, Limits, Timeouts,
    bucket::BucketTable,
    duration::read_duration,
    kept::{StateTable, read_form},
    limits::{read_limits, read_timeouts},
    lookup::LookupTable,
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
    pub(super) state: StateTable,
    pub(super) buckets: Vec<BucketTable>,
    pub(super) lookup: Option<LookupTable>,
    pub(super) form: FormSettings,
    pub(super) timeouts: Timeouts,
    pub(super) limits: Limits,
    pub(super) http2: bool,
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
            state: StateTable::read(root.section("state")),
            buckets: root
                .sections("bucket")
                .into_iter()
                .map(BucketTable::read)
                .collect(),
            lookup: LookupTable::read(root.section("lookup")),
            form: read_form(root.section("form")),
            timeouts: read_timeouts(root.section("timeouts")),
            limits: read_limits(root.section("limits")),
            http2: read_http2(root.section("http2")),
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
        let read = Self {
            url: table.parsed("url", URL, parse_url),
            domains: read_domains(&table, "domains"),
            custom_domains: read_custom_domains(&table),
            danger_plaintext: table.boolean("danger_plaintext_upstream"),
            ca: table.string("ca"),
            connect_timeout: read_duration(&table, "connect_timeout"),
            response_head_timeout: read_duration(&table, "response_head_timeout"),
            slow_response_head_timeout: read_duration(&table, "slow_response_head_timeout"),
        };
        table.finish();
        read
    }
}

fn read_http2(table: Section<'_>) -> bool {
    let enabled = table.boolean("enabled");
    table.finish();
    enabled.is_none_or(|enabled| *enabled.get_ref())
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

const ADDRESS: &str = "an IP address and a port, as `0.0.0.0:8443` or `[::]:8443`";
