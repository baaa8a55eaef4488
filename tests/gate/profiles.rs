//! Rows of every profile over real sockets; all of them are tested from heads alone.

use crate::{
    harness::{Over, Running, Setup},
    message::{Answer, OBS, OBS_QUERY, V2, V2_QUERY, V4, V4_QUERY, bare, trio},
    support::ScriptedOrigin,
};
use obsgate::config::Builtin;

/// A request's signature: a header, a query, or nothing.
#[derive(Clone, Copy, Debug)]
enum Signed {
    Header(&'static str),
    Query(&'static str),
    Not,
}

const V2S: [Signed; 4] = [
    Signed::Header(OBS),
    Signed::Header(V2),
    Signed::Query(OBS_QUERY),
    Signed::Query(V2_QUERY),
];
const V4S: [Signed; 2] = [Signed::Header(V4), Signed::Query(V4_QUERY)];
const NOT: [Signed; 1] = [Signed::Not];

/// One operation with one encryption.
struct Case {
    line: &'static str,
    headers: Vec<String>,
}

/// Where it is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Allowed {
    Anywhere,
    OverHttps,
    OverHttpsWithV4,
}

fn ask(gate: &Running, over: Over, signed: Signed, case: &Case) -> Answer {
    let (method, target) = case.line.split_once(' ').unwrap();
    let mut headers = case.headers.clone();
    let mut target = target.to_owned();
    match signed {
        Signed::Header(value) => headers.push(value.to_owned()),
        Signed::Query(query) => {
            target.push(if target.contains('?') { '&' } else { '?' });
            target.push_str(query);
        }
        Signed::Not => {}
    }
    gate.ask(over, bare(&format!("{method} {target}"), &headers))
}

fn assert_allowed(profile: Builtin, cases: &[(Case, Allowed)]) {
    let origin = ScriptedOrigin::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let gate = Setup::before(&origin).profile(profile).start();
    for (case, allowed) in cases {
        for over in [Over::Http, Over::Https] {
            for signed in V2S.into_iter().chain(V4S).chain(NOT) {
                let v4 = V4S.iter().any(|one| format!("{one:?}") == format!("{signed:?}"));
                let passes = match allowed {
                    Allowed::Anywhere => true,
                    Allowed::OverHttps => over == Over::Https,
                    Allowed::OverHttpsWithV4 => over == Over::Https && v4,
                };
                let answer = ask(&gate, over, signed, case);
                let what = format!("{} {:?} {over:?} {signed:?}", case.line, case.headers);
                assert_eq!(
                    answer.status(),
                    if passes { 200 } else { 400 },
                    "{what}: {answer:?}"
                );
                assert_eq!(answer.rule().is_empty(), passes, "{what}");
                if !passes {
                    answer.assert_echoes_nothing();
                }
            }
        }
    }
}

fn kms(line: &'static str, dialect: &str) -> Case {
    let value = if dialect == "amz" { "aws:kms" } else { "kms" };
    Case {
        line,
        headers: vec![format!("x-{dialect}-server-side-encryption: {value}")],
    }
}

fn customer(line: &'static str, dialect: &str) -> Case {
    Case {
        line,
        headers: trio(dialect),
    }
}

fn copy(mut case: Case) -> Case {
    case.headers.push("x-obs-copy-source: /other/k".to_owned());
    case
}

fn managed_by_obs(line: &'static str) -> Case {
    Case {
        line,
        headers: vec!["x-obs-server-side-encryption: AES256".to_owned()],
    }
}

fn plain(line: &'static str) -> Case {
    Case {
        line,
        headers: Vec::new(),
    }
}

#[test]
fn huawei_demands_https_for_sse_c_sse_kms_and_copies_to_sse_obs_and_no_signature() {
    use Allowed::{Anywhere, OverHttps};
    assert_allowed(
        Builtin::Huawei,
        &[
            (plain("PUT /mine/k"), Anywhere),
            (plain("DELETE /mine/k"), Anywhere),
            (kms("PUT /mine/k", "obs"), OverHttps),
            (kms("POST /mine/k?uploads", "amz"), OverHttps),
            (customer("PUT /mine/k", "amz"), OverHttps),
            (customer("PUT /mine/k?partNumber=1&uploadId=u", "obs"), OverHttps),
            (copy(kms("PUT /mine/k", "obs")), OverHttps),
            (copy(managed_by_obs("PUT /mine/k")), OverHttps),
            (managed_by_obs("PUT /mine/k"), Anywhere),
            (plain("POST /mine/k?uploadId=u"), Anywhere),
        ],
    );
}

#[test]
fn huawei_legacy_demands_https_and_knows_no_copy_to_sse_obs() {
    use Allowed::{Anywhere, OverHttps};
    assert_allowed(
        Builtin::HuaweiLegacy,
        &[
            (kms("PUT /mine/k", "amz"), OverHttps),
            (customer("POST /mine/k?uploads", "obs"), OverHttps),
            (copy(kms("PUT /mine/k", "obs")), OverHttps),
            (copy(managed_by_obs("PUT /mine/k")), Anywhere),
            (copy(plain("PUT /mine/k")), Anywhere),
        ],
    );
}

#[test]
fn otc_s3_demands_https_for_sse_c_and_v4_too_for_sse_kms() {
    use Allowed::{Anywhere, OverHttps, OverHttpsWithV4};
    assert_allowed(
        Builtin::OtcS3,
        &[
            (kms("PUT /mine/k", "amz"), OverHttpsWithV4),
            (kms("POST /mine/k?uploads", "obs"), OverHttpsWithV4),
            (copy(kms("PUT /mine/k", "amz")), OverHttpsWithV4),
            (customer("PUT /mine/k", "obs"), OverHttps),
            (copy(customer("PUT /mine/k", "amz")), OverHttps),
            (copy(plain("PUT /mine/k")), Anywhere),
            (managed_by_obs("PUT /mine/k"), Anywhere),
        ],
    );
}

#[test]
fn strict_demands_what_any_of_them_does_and_https_for_every_customer_key() {
    use Allowed::{Anywhere, OverHttps, OverHttpsWithV4};
    let source_key = |line| Case {
        line,
        headers: trio("obs-copy-source").into_iter().collect(),
    };
    assert_allowed(
        Builtin::Strict,
        &[
            (kms("PUT /mine/k", "amz"), OverHttpsWithV4),
            (kms("POST /mine/k?append&position=0", "obs"), OverHttpsWithV4),
            (customer("PUT /mine/k", "obs"), OverHttps),
            (copy(source_key("PUT /mine/k")), OverHttps),
            (customer("DELETE /mine/k", "obs"), OverHttps),
            (copy(managed_by_obs("PUT /mine/k")), OverHttps),
            (managed_by_obs("PUT /mine/k"), Anywhere),
            (plain("PUT /mine/k"), Anywhere),
        ],
    );
}

#[test]
fn evidence_and_signatures_of_presigned_urls_count_as_those_of_headers() {
    let origin = ScriptedOrigin::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let gate = Running::before(&origin);
    for name in [
        "x-obs-server-side-encryption=kms",
        "x-amz-server-side-encryption=aws%3Akms",
        "X-Amz-Server-Side-Encryption=aws:kms",
        "x%2Dobs%2Dserver%2Dside%2Dencryption=kms",
        "x_obs_server_side_encryption=kms",
        "x-obs-server-side-encryption-kms-key-id=id",
    ] {
        for (over, query, passes) in [
            (Over::Http, V2_QUERY, false),
            (Over::Http, V4_QUERY, false),
            (Over::Https, V2_QUERY, false),
            (Over::Https, OBS_QUERY, false),
            (Over::Https, V4_QUERY, true),
        ] {
            let line = format!("PUT /mine/k?{name}&{query}");
            let answer = gate.ask(over, bare(&line, &[] as &[&str]));
            assert_eq!(answer.status() == 200, passes, "{over:?} {line}: {answer:?}");
        }
    }
}
