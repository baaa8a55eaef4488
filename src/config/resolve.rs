//! From the settings as written to the settings as used: what needs more than one setting, or another file.

use super::{
    Builtin, Config, Listener, Profile, ProfileName, Transport, UnknownProfile, Upstream, Warning, bucket,
    cores,
    error::{Doubt, Fault, Mistakes},
    file::{File, ListenerTable, PolicyTable, UpstreamTable},
    identity::{Identity, certificates, private_key},
    lookup::Environment,
    section::Source,
};
use crate::{
    obs::{resource::Endpoints, scheme::Scheme},
    policy::Settings,
};
use std::{
    fs,
    net::{IpAddr, SocketAddr},
    num::NonZeroUsize,
    path::Path,
    sync::Arc,
};
use toml::Spanned;

/// Resolves every part before it gives up on one, so that all mistakes are in the answer.
pub(super) fn resolve(
    file: File,
    source: Source<'_>,
    base: &Path,
    environment: Environment<'_>,
) -> Result<Config, Mistakes> {
    let mut resolver = Resolver {
        source: &source,
        base,
        warnings: Vec::new(),
    };
    let profile = resolver.profile(&file.policy);
    resolver.distinct_addresses(&file);
    let endpoints = endpoints(&file.upstream);
    let listeners: Vec<_> = file
        .listeners
        .into_iter()
        .filter_map(|table| resolver.listener(table))
        .collect();
    let upstream = resolver.upstream(file.upstream);
    let warnings = resolver.warnings;
    let state = file.state.resolve(&source, base);
    let buckets = bucket::resolve(file.buckets, &source);
    let lookup = file.lookup.and_then(|table| table.resolve(&source, environment));

    let mut mistakes = source.into_mistakes();
    let profile = profile
        .map_err(|more| mistakes.extend(more.into_vec()))
        .unwrap_or_default();
    match (Mistakes::among(mistakes), profile, upstream) {
        (None, Some(profile), Some(upstream)) => Ok(Config {
            policy: Arc::new(profile.policy),
            profile_name: profile.name,
            endpoints,
            listeners,
            upstream,
            state,
            buckets,
            lookup,
            form: file.form,
            timeouts: file.timeouts,
            limits: file.limits,
            http2: file.http2,
            admin: file.admin.map(Spanned::into_inner),
            access_log: file.access_log,
            workers: workers(file.workers),
            warnings,
        }),
        (mistakes, ..) => Err(mistakes.unwrap_or_default()),
    }
}

/// What every part needs while it is resolved.
struct Resolver<'s> {
    source: &'s Source<'s>,
    base: &'s Path,
    warnings: Vec<Warning>,
}

impl Resolver<'_> {
    /// The profile; nothing where the mistake is noted already, an error for the mistakes of its own file.
    fn profile(&self, table: &PolicyTable) -> Result<Option<Profile>, Mistakes> {
        let settings = Settings {
            mode: table.mode,
            unknown_upload: table.unknown_upload,
            unknown_bucket_default: table.unknown_bucket_default,
            ..Settings::default()
        };
        let Some(written) = &table.profile else {
            return Profile::builtin(Builtin::Strict, settings).map(Some);
        };
        let at = written.span().start;
        match written.get_ref().parse() {
            Ok(ProfileName::Builtin(builtin)) => Profile::builtin(builtin, settings).map(Some),
            Ok(ProfileName::File(path)) => {
                let path = self.base.join(path);
                let text = fs::read_to_string(&path).map_err(|error| Fault::File {
                    setting: "profile",
                    path: path.clone(),
                    problem: error.to_string(),
                });
                let Some(text) = self.noted(at, text) else {
                    return Ok(None);
                };
                Profile::read(&text, &path, settings).map(Some)
            }
            Err(UnknownProfile { allowed, .. }) => {
                let found = written.get_ref().clone();
                let setting = "profile";
                self.source.report(
                    at,
                    Fault::WrongValue {
                        setting,
                        found,
                        allowed,
                    },
                );
                Ok(None)
            }
        }
    }

    fn listener(&mut self, table: ListenerTable) -> Option<Listener> {
        let transport = match table.scheme? {
            Scheme::Http => Some(Transport::Http),
            Scheme::Https => self
                .identity(table.certificate, table.private_key)
                .map(Transport::Https),
        };
        Some(Listener {
            address: table.address?.into_inner(),
            transport: transport?,
        })
    }

    fn identity(&mut self, chain: Option<Spanned<String>>, key: Option<Spanned<String>>) -> Option<Identity> {
        let chain = chain.and_then(|name| {
            let read = certificates("certificate", &self.base.join(name.get_ref()));
            self.noted(name.span().start, read)
        });
        let key = key.and_then(|name| {
            let at = name.span().start;
            let read = private_key(&self.base.join(name.get_ref()));
            let (key, doubt) = self.noted(at, read)?;
            self.warn(at, doubt);
            Some(key)
        });
        Some(Identity {
            certificate_chain: chain?,
            private_key: key?,
        })
    }

    fn upstream(&mut self, table: UpstreamTable) -> Option<Upstream> {
        let ca = table.ca.as_ref().and_then(|name| {
            let read = certificates("ca", &self.base.join(name.get_ref()));
            self.noted(name.span().start, read)
        });
        let at = table.url.as_ref()?.span().start;
        let (scheme, host, port) = table.url?.into_inner();
        let danger = table.danger_plaintext.filter(|danger| *danger.get_ref());
        match (scheme, danger) {
            (Scheme::Http, None) => {
                let url = format!("http://{host}:{port}");
                self.source.report(at, Fault::PlaintextUpstream { url });
            }
            (Scheme::Https, Some(danger)) => self.warn(danger.span().start, Some(Doubt::UnneededDanger)),
            _ => {}
        }
        if let (Scheme::Http, Some(ca)) = (scheme, &table.ca) {
            let because = "on an upstream in clear";
            let fault = Fault::NoEffect {
                setting: "ca",
                because,
            };
            self.source.report(ca.span().start, fault);
        }
        let default = Upstream::new(scheme, host, port);
        Some(Upstream {
            ca,
            connect_timeout: table.connect_timeout.unwrap_or(default.connect_timeout),
            response_head_timeout: table
                .response_head_timeout
                .unwrap_or(default.response_head_timeout),
            slow_response_head_timeout: table
                .slow_response_head_timeout
                .unwrap_or(default.slow_response_head_timeout),
            ..default
        })
    }

    /// No two sockets may have one address; port 0 is another port each time.
    fn distinct_addresses(&self, file: &File) {
        let mut seen: Vec<&Spanned<SocketAddr>> = Vec::new();
        let listeners = file
            .listeners
            .iter()
            .filter_map(|listener| listener.address.as_ref());
        for address in listeners.chain(&file.admin) {
            let first = seen.iter().find(|earlier| earlier.get_ref() == address.get_ref());
            if let (Some(first), true) = (first, address.get_ref().port() != 0) {
                self.source.report(
                    address.span().start,
                    Fault::Repeated {
                        setting: "address",
                        found: address.get_ref().to_string(),
                        first: self.source.place(first.span().start),
                    },
                );
            }
            seen.push(address);
        }
    }

    fn noted<T>(&self, at: usize, read: Result<T, Fault>) -> Option<T> {
        read.map_err(|fault| self.source.report(at, fault)).ok()
    }

    fn warn(&mut self, at: usize, doubt: Option<Doubt>) {
        let place = self.source.place(at);
        self.warnings.extend(doubt.map(|doubt| Warning { place, doubt }));
    }
}

fn endpoints(table: &UpstreamTable) -> Endpoints {
    let host_of_url = || {
        let host = table.url.as_ref().map(|url| &url.get_ref().1);
        host.filter(|host| host.parse::<IpAddr>().is_err())
            .cloned()
            .into_iter()
            .collect()
    };
    let written = |domains: &Vec<Spanned<String>>| domains.iter().map(|one| one.get_ref().clone()).collect();
    Endpoints {
        domains: table.domains.as_ref().map_or_else(host_of_url, written),
        custom_domains: table.custom_domains.clone(),
    }
}

fn workers(written: Option<u32>) -> NonZeroUsize {
    written
        .and_then(|count| usize::try_from(count).ok())
        .and_then(NonZeroUsize::new)
        .unwrap_or_else(cores)
}
