//! Where a request goes: `Host`, the target and its own authority, if it has one, read together.

use crate::obs::{
    malformed::Malformed,
    resource::{Endpoints, Resource},
    route::Verb,
    scheme::Scheme,
};
use http::{HeaderValue, request::Parts};

/// Finds bucket and key; the target's own authority and scheme have to agree with the request's (rulings, 7).
pub(super) fn locate<'h>(
    head: &'h Parts,
    verb: Verb,
    host: Option<&'h HeaderValue>,
    scheme: Scheme,
    endpoints: &Endpoints,
) -> Result<Resource<'h>, Malformed> {
    // In whatever version: the target goes on as it is, and it is `Host` that the store looks for.
    let host = host.ok_or(Malformed::Host)?.as_bytes();
    let authority = head.uri.authority().map(http::uri::Authority::as_str);
    let target = head
        .uri
        .path_and_query()
        .map_or("", http::uri::PathAndQuery::as_str);
    let is_whole_server = target == "*" && verb == Verb::Options;
    if !is_whole_server && !target.starts_with('/') {
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
    let path = if is_whole_server { "/" } else { head.uri.path() };
    Resource::locate(host, path, endpoints)
}
