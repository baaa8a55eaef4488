//! The guard's own table through the whole gate: what the guard refuses is refused with its id, and what it lets pass
//! ends where the rest of the gate says.

use crate::{
    cases::{self, Case},
    drive,
    row::{Expected, Table, as_it_came, position},
};

pub(crate) fn rows(table: &mut Table) {
    for case in cases::cases() {
        let bytes = by_put(&case);
        let (reason, expected) = match case.expected {
            cases::Expected::Refused(violation) => {
                let refused = (violation.code().status().as_u16(), violation.id());
                (violation.message(), answered(&bytes, Some(refused)))
            }
            cases::Expected::Cut(_) => ("RFC 9112 §8: a message without its end is none", Expected::Cut),
            cases::Expected::Passes(_) => passed(&case, &bytes),
        };
        table.add(case.line, reason, &bytes, expected);
    }
}

/// The same with PUT for the POST of an object, which would have to be a form.
fn by_put(case: &Case) -> Vec<u8> {
    let mut bytes = case.bytes.clone();
    while let Some(at) = position(&bytes, b"POST /b/k ") {
        bytes.splice(at..at + 4, *b"PUT");
    }
    bytes
}

/// What the rest of the gate makes of what the guard lets pass: the exception, or all of it as it came.
fn passed(case: &Case, bytes: &[u8]) -> (&'static str, Expected) {
    let refused = REFUSED.iter().find(|(id, ..)| *id == case.id);
    if let Some((_, status, rule, reason)) = refused {
        return (reason, Expected::refused(*status, rule));
    }
    let seen = SEEN.iter().find(|(id, ..)| *id == case.id);
    if let Some((_, seen, reason)) = seen {
        return (reason, Expected::seen(vec![seen.as_bytes().to_vec()]));
    }
    ("nothing in it is ambiguous", answered(bytes, None))
}

/// Every whole request of these bytes as it came, and what becomes of the one behind.
fn answered(bytes: &[u8], refused: Option<(u16, &'static str)>) -> Expected {
    let mut start = 0;
    let seen = drive::whole(bytes).ends.into_iter().map(|end| {
        let request = as_it_came(&bytes[start..end]);
        start = end;
        request
    });
    Expected::Answered {
        seen: seen.collect(),
        refused,
    }
}

/// What classification refuses, by the id of the guard's case.
const REFUSED: &[(&str, u16, &str, &str)] = &[
    ("hosts/1", 400, "malformed.host", "two Hosts; rulings, 7"),
    ("hosts/2", 400, "malformed.host", "no Host; rulings, 7"),
    ("hosts/3", 400, "malformed.host", "an empty Host; rulings, 7"),
    ("hosts/4", 400, "malformed.host", "a list of hosts; rulings, 7"),
    (
        "hosts/5",
        400,
        "malformed.host",
        "a Host with userinfo; rulings, 7",
    ),
    (
        "absolute-host/1",
        400,
        "malformed.authority",
        "another host than Host; rulings, 7",
    ),
    (
        "absolute-https/1",
        400,
        "malformed.authority",
        "another scheme than the socket's; rulings, 7",
    ),
    (
        "no-slash/1",
        400,
        "malformed.target",
        "a target that is no path; RFC 9112 §3.2",
    ),
    (
        "methods/1",
        405,
        "malformed.method",
        "methods are case-sensitive; RFC 9110 §9.1",
    ),
    ("methods/2", 405, "malformed.method", "no method of the API"),
    ("methods/3", 405, "malformed.method", "TRACE would echo a key"),
    ("methods/4", 405, "malformed.method", "the gate is no tunnel"),
    (
        "connection-nominates/1",
        400,
        "malformed.connection",
        "whoever obeys it drops what the policy rests on; rulings, 28",
    ),
    (
        "underscores/1",
        400,
        "malformed.header-name",
        "some take an underscore for a dash; rulings, 11",
    ),
    (
        "sse-twice/1",
        400,
        "malformed.encryption-repeated",
        "some stores read the first, some the last; rulings, 12",
    ),
    (
        "body-less/1",
        400,
        "malformed.body",
        "a body that the store may take for the next request; rulings, 6",
    ),
    (
        "body-less/2",
        400,
        "malformed.body",
        "a body that the store may take for the next request; rulings, 6",
    ),
    ("body-less/3", 400, "malformed.host", "no Host; rulings, 7"),
    (
        "hop-by-hop/1",
        400,
        "malformed.connection",
        "not about the connection; rulings, 28",
    ),
    (
        "method-override/1",
        400,
        "malformed.method-override",
        "some read another method from a header; rulings, 1",
    ),
    (
        "host-forms/1",
        400,
        "malformed.host",
        "a Host with a path; rulings, 7",
    ),
    (
        "host-forms/2",
        400,
        "malformed.host",
        "a Host with a space; rulings, 7",
    ),
    (
        "host-forms/3",
        400,
        "malformed.host",
        "a Host with two ports; rulings, 7",
    ),
    (
        "host-forms/4",
        400,
        "malformed.host",
        "a Host with userinfo; rulings, 7",
    ),
    (
        "target-encoded/1",
        400,
        "malformed.bucket",
        "NUL in a bucket; rulings, 8",
    ),
    (
        "target-encoded/4",
        400,
        "malformed.bucket",
        "no byte of a bucket's name; rulings, 8",
    ),
    (
        "target-encoded/5",
        400,
        "malformed.bucket",
        "a slash for some; rulings, 8",
    ),
    (
        "target-star/1",
        400,
        "malformed.target",
        "`*` is for OPTIONS; RFC 9112 §3.2.4",
    ),
    (
        "target-star/2",
        400,
        "malformed.target",
        "an authority is for CONNECT; RFC 9112 §3.2.3",
    ),
    ("target-star/4", 405, "malformed.method", "no method of the API"),
    ("target-star/5", 405, "malformed.method", "no method of the API"),
];

/// What reaches the store otherwise than it came, by the id of the guard's case.
const SEEN: &[(&str, &str, &str)] = &[(
    "upgrade/1",
    "GET / HTTP/1.1\r\nhost: h\r\n\r\n",
    "an offer that is never taken; rulings, 28",
)];
