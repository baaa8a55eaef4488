//! Where a request goes: `Host`, the target and its own authority, if it has one, read together.

use crate::obs::{
    malformed::Malformed,
    resource::{Endpoints, Resource},
    route::Verb,
    scheme::Scheme,
};
use http::{HeaderValue, Version, request::Parts};

/// Finds bucket and key; the target's own authority and scheme have to agree with the request's (rulings, 7).
pub(super) fn locate<'h>(
    head: &'h Parts,
    verb: Verb,
    host: Option<&'h HeaderValue>,
    scheme: Scheme,
    endpoints: &Endpoints,
) -> Result<Resource<'h>, Malformed> {
    let authority = head.uri.authority().map(http::uri::Authority::as_str);
    let host = match (host, authority) {
        (Some(host), _) => host.as_bytes(),
        (None, Some(authority)) if head.version == Version::HTTP_2 => authority.as_bytes(),
        (None, _) => return Err(Malformed::Host),
    };
    let target = head
        .uri
        .path_and_query()
        .map_or("", http::uri::PathAndQuery::as_str);
    if target == "*" && verb == Verb::Options {
        return Resource::locate(host, "/", endpoints);
    }
    if !target.starts_with('/') {
        return Err(Malformed::Target);
    }
    if authority.is_some_and(|authority| !authority.as_bytes().eq_ignore_ascii_case(host))
        || head
            .uri
            .scheme_str()
            .is_some_and(|own| !own.eq_ignore_ascii_case(scheme.name()))
    {
        return Err(Malformed::Authority);
    }
    Resource::locate(host, head.uri.path(), endpoints)
}
