//! Laws over arbitrary heads: classifying never panics, and spelling a request differently never relaxes it.
mod heads;

use heads::{KEY, KEY_MD5, V4, V4_QUERY, arrival, endpoints, parse, strict};
use obsgate::{classify::classify, obs::scheme::Scheme, policy::Decision};
use proptest::{collection::vec, prelude::*, sample::select};

/// A request before it is spelled.
#[derive(Clone, Debug)]
struct Spelled {
    method: String,
    path: String,
    query: Vec<String>,
    headers: Vec<(String, String)>,
}

impl Spelled {
    fn bytes(&self) -> Vec<u8> {
        let joint = if self.query.is_empty() { "" } else { "?" };
        let mut text = format!(
            "{} {}{joint}{} HTTP/1.1\r\n",
            self.method,
            self.path,
            self.query.join("&")
        );
        for (name, value) in &self.headers {
            text.extend([name, ": ", value, "\r\n"]);
        }
        text.push_str("\r\n");
        text.into_bytes()
    }

    /// 0: allowed; 1: it depends on what is stored; 2: refused.
    fn strictness(&self, scheme: Scheme) -> u8 {
        let Some(parts) = parse(&self.bytes()) else {
            return 2;
        };
        match classify(&parts, arrival(scheme), &endpoints()) {
            Err(_) => 2,
            Ok(classified) => match strict().decide(classified.facts) {
                Decision::Allow => 0,
                Decision::NeedsState(_) => 1,
                Decision::Deny(_) => 2,
            },
        }
    }
}

const SSE: [&str; 8] = [
    "server-side-encryption",
    "server-side-data-encryption",
    "server-side-encryption-kms-key-id",
    "sse-kms-key-project-id",
    "server-side-encryption-customer-algorithm",
    "server-side-encryption-customer-key",
    "server-side-encryption-customer-key-md5",
    "copy-source-server-side-encryption-customer-key",
];
const VALUES: [&str; 8] = ["kms", "aws:kms", "AES256", "obs", "SM4", KEY, KEY_MD5, "x"];
const QUERIES: [&str; 17] = [
    "acl",
    "tagging",
    "uploads",
    "uploadId=U",
    "partNumber=1",
    "append",
    "position=0",
    "position=3",
    "metadata",
    "encryption",
    "delete",
    "restore",
    "versionId=1",
    "AccessKeyId=AK",
    "AWSAccessKeyId=AK",
    "Signature=c2ln",
    V4_QUERY,
];

fn sse() -> impl Strategy<Value = (String, String)> {
    (
        select(vec!["obs", "amz"]),
        select(SSE.to_vec()),
        select(VALUES.to_vec()),
    )
        .prop_map(|(dialect, tail, value)| (format!("x-{dialect}-{tail}"), value.to_owned()))
}

fn header() -> impl Strategy<Value = (String, String)> {
    let plain = vec![
        ("Authorization", "OBS AK:c2ln"),
        ("Authorization", V4),
        ("x-obs-copy-source", "/b/k"),
        ("x-amz-copy-source", "/b/k"),
        ("Content-Length", "0"),
        ("Content-Length", "7"),
        ("Content-Type", "multipart/form-data; boundary=x"),
        ("Content-Type", "text/plain"),
        ("Connection", "close"),
        ("X-Auth-Token", "t"),
    ];
    prop_oneof![
        sse(),
        select(plain).prop_map(|(name, value)| (name.to_owned(), value.to_owned()))
    ]
}

fn query() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => select(QUERIES.to_vec()).prop_map(str::to_owned),
        1 => sse().prop_map(|(name, value)| format!("{name}={}", value.replace('+', "%2B").replace('=', "%3D"))),
    ]
}

fn request() -> impl Strategy<Value = Spelled> {
    (
        select(vec!["GET", "HEAD", "PUT", "POST", "DELETE"]),
        select(vec!["/b/k", "/b", "/", "/b/a/b"]),
        vec(query(), 0..4),
        vec(header(), 0..5),
    )
        .prop_map(|(method, path, query, mut headers)| {
            headers.push(("Host".into(), "obs.example.com".into()));
            Spelled {
                method: method.into(),
                path: path.into(),
                query,
                headers,
            }
        })
}

/// A parameter with letters of its name in another case.
fn in_another_case(pair: &str, case: u64) -> String {
    let (name, rest) = pair
        .split_once('=')
        .map_or((pair, None), |(name, rest)| (name, Some(rest)));
    let flip = |(n, letter): (usize, char)| match letter {
        _ if case >> (n % 64) & 1 == 0 => letter,
        _ if letter.is_ascii_lowercase() => letter.to_ascii_uppercase(),
        _ => letter.to_ascii_lowercase(),
    };
    let name: String = name.chars().enumerate().map(flip).collect();
    rest.map_or(name.clone(), |rest| format!("{name}={rest}"))
}

/// The same request, spelled differently.
fn respelled(
    request: &Spelled,
    order: &[usize],
    case: u64,
    escape: &[usize],
    twice: Option<usize>,
) -> Spelled {
    let mut spelled = request.clone();
    for (n, (name, _)) in spelled.headers.iter_mut().enumerate() {
        *name = name
            .chars()
            .enumerate()
            .map(|(m, letter)| {
                if case >> ((n * 7 + m) % 64) & 1 == 1 {
                    letter.to_ascii_uppercase()
                } else {
                    letter
                }
            })
            .collect();
    }
    if let Some(n) = twice {
        let again = spelled.headers.get(n % spelled.headers.len()).cloned();
        spelled.headers.extend(again);
    }
    for (from, to) in order.iter().enumerate() {
        let (headers, queries) = (spelled.headers.len(), spelled.query.len().max(1));
        spelled.headers.swap(from % headers, to % headers);
        if !spelled.query.is_empty() {
            spelled.query.swap(from % queries, to % queries);
        }
    }
    for (n, at) in escape.iter().enumerate() {
        let count = spelled.query.len().max(1);
        if let Some(pair) = spelled.query.get_mut(n % count) {
            let (name, rest) = pair
                .split_once('=')
                .map_or((pair.as_str(), None), |(name, rest)| (name, Some(rest)));
            let name: String = name
                .chars()
                .enumerate()
                .map(|(m, letter)| {
                    if m == at % (name.len() + 1) && letter != '%' {
                        format!("%{:02x}", letter as u32)
                    } else {
                        letter.into()
                    }
                })
                .collect();
            // Some decode before they look for the `=`.
            let equals = if at % 3 == 0 { "%3D" } else { "=" };
            *pair = rest.map_or(name.clone(), |rest| format!("{name}{equals}{rest}"));
        }
    }
    spelled
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn classifying_never_panics(
        method in "[A-Z]{1,8}",
        target in "/[a-z./%0-9A-F;?&=_+-]{0,60}",
        headers in vec(("[a-zA-Z_-]{1,12}", "[ -~]{0,40}"), 0..4),
        known in vec(header(), 0..6),
        host in "[a-z.:0-9\\[\\]@%]{0,20}",
    ) {
        let mut headers: Vec<_> = headers.into_iter().chain(known).collect();
        headers.push(("Host".into(), host));
        let request = Spelled { method, path: target, query: Vec::new(), headers };
        if let Some(parts) = parse(&request.bytes())
            && let Ok(classified) = classify(&parts, arrival(Scheme::Http), &endpoints())
        {
            let _ = (strict().decide(classified.facts), classified.defect(), classified.counted().count());
        }
    }

    #[test]
    fn known_words_in_any_combination_never_panic(request in request()) {
        let parts = parse(&request.bytes()).unwrap();
        if let Ok(classified) = classify(&parts, arrival(Scheme::Http), &endpoints()) {
            let _ = (classified.defect(), classified.counted().count());
        }
    }

    #[test]
    fn query_names_in_another_case_never_relax_a_request(request in request(), signed in any::<bool>(), case in any::<u64>()) {
        let mut request = request;
        if signed {
            request.query.push(V4_QUERY.to_owned());
        }
        let mut other = request.clone();
        other.query = request.query.iter()
            .flat_map(|group| group.split('&'))
            .map(|pair| in_another_case(pair, case))
            .collect();
        for scheme in Scheme::ALL {
            prop_assert!(
                other.strictness(scheme) >= request.strictness(scheme),
                "{scheme}: {}\nbecame {}",
                String::from_utf8_lossy(&request.bytes()),
                String::from_utf8_lossy(&other.bytes())
            );
        }
    }

    #[test]
    fn spelling_a_request_differently_never_relaxes_it(
        request in request(),
        order in vec(0_usize..8, 0..4),
        case in any::<u64>(),
        escape in vec(0_usize..40, 0..3),
        twice in proptest::option::of(0_usize..8),
    ) {
        let other = respelled(&request, &order, case, &escape, twice);
        for scheme in Scheme::ALL {
            prop_assert!(
                other.strictness(scheme) >= request.strictness(scheme),
                "{scheme}: {}\nbecame {}",
                String::from_utf8_lossy(&request.bytes()),
                String::from_utf8_lossy(&other.bytes())
            );
        }
    }
}
