//! No type that may hold bytes of a request or an answer prints them: a key, a signature or a token may be among them.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

#[path = "support/sources.rs"]
mod sources;

use clap::Parser as _;
use http::{Request, request::Parts};
use obsgate::{
    classify::{Arrival, classify},
    cli::{Cli, explain::Asked},
    config::{Lookup, SecretKey},
    obs::{
        exposed::FingerprintKey,
        form::{Boundary, Limits, Scanner},
        resource::Endpoints,
        scheme::Scheme,
        secret,
    },
    proxy::{body::Transcript, guard},
};
use sources::sources;
use std::{
    collections::BTreeSet,
    fmt::Debug,
    io::Write as _,
    process::{Command, Stdio},
};

const KEY: &str = "K7QkYpBkM5+hca27fsNkUnNVaobncnLht/rCB2o/9Cw=";
const SIGNATURE: &str = "c2lnbmF0dXJlLW9mLXYyLQ";

/// What bytes of a message are kept in.
const HOLDERS: [&str; 15] = [
    "[u8]",
    "Vec<u8>",
    "[u8;",
    "Bytes",
    "BytesMut",
    "HeaderMap",
    "HeaderValue",
    "Parts",
    "Uri",
    "Request<",
    "Response<",
    "Frame<",
    "&'h ",
    "&'f ",
    "Incoming",
];

/// Types that derive `Debug` over such a thing, and why that shows no secret.
const HARMLESS: [(&str, &str, &str); 15] = [
    ("obs/bytes.rs", "ByteSet", "a table of the program's"),
    ("obs/names.rs", "Names", "a table of the program's"),
    ("obs/fold.rs", "Folded", "a name"),
    ("obs/form/boundary.rs", "Boundary", "a boundary"),
    (
        "obs/resource.rs",
        "Resource",
        "a bucket, and a key that is an object's name",
    ),
    ("state/declared.rs", "Declared", "the settings' names of buckets"),
    ("state/mod.rs", "Stored", "names of buckets, objects and uploads"),
    (
        "proxy/knowledge.rs",
        "Names",
        "names of buckets, objects and uploads",
    ),
    ("proxy/answer.rs", "Source", "the gate's own refusals"),
    ("proxy/http2/frames.rs", "Frames", "the head of a frame"),
    ("proxy/http2/frames.rs", "Part", "the head of a frame"),
    ("proxy/respond.rs", "Dates", "a date"),
    ("proxy/mould.rs", "Mould", "names of headers"),
    (
        "telemetry/access_log.rs",
        "AccessLog",
        "lines that are to be printed",
    ),
    (
        "telemetry/access_log.rs",
        "Writer",
        "lines that are to be printed",
    ),
];

/// Types that print themselves whole, and why that shows no secret.
const WHOLE: [(&str, &str); 6] = [
    ("RequestId", "an id of the gate's"),
    ("EncryptionSet", "a set of words"),
    ("Answer", "a status"),
    ("Held", "a status"),
    ("Slot", "a waker"),
    ("Received", "the demo's, for tests of the demo"),
];

#[test]
fn no_type_derives_debug_over_bytes_of_a_message() {
    let mut unused: BTreeSet<_> = HARMLESS.iter().map(|(file, name, _)| (*file, *name)).collect();
    let mut found = Vec::new();
    for (file, text) in code() {
        for (name, body) in derived(&text) {
            let holder = HOLDERS.iter().find(|holder| body.contains(*holder));
            let known = HARMLESS.iter().find(|(of, one, _)| file == *of && name == *one);
            match (holder, known) {
                (Some(holder), None) => {
                    found.push(format!("{file}: `{name}` derives Debug and holds `{holder}`"));
                }
                (Some(_), Some((of, one, _))) => drop(unused.remove(&(*of, *one))),
                (None, _) => {}
            }
        }
    }
    assert_eq!(found, [""; 0]);
    assert!(unused.is_empty(), "no longer so: {unused:?}");
}

#[test]
fn what_prints_itself_by_hand_leaves_something_out() {
    for (file, text) in code() {
        for one in text.split("fmt::Debug for ").skip(1) {
            let name = one.split(['<', ' ']).next().unwrap();
            let body = one.split("\n}\n").next().unwrap();
            assert!(
                body.contains(".finish_non_exhaustive()") || WHOLE.iter().any(|(whole, _)| name == *whole),
                "{file}: `{name}`"
            );
        }
    }
}

#[test]
fn a_type_that_derives_debug_over_bytes_is_found() {
    let text = "#[derive(Clone, Debug)]\n/// The bytes.\npub(crate) struct One<'a> {\n    bytes: &'a [u8],\n}\n\n\
                #[derive(Debug)]\nstruct Two([u8; 4]);\n#[derive(Clone)]\nstruct Three(Vec<u8>);\n\
                #[derive(\n    Clone,\n    Debug,\n)]\nenum Four {\n    A,\n    // Bytes\n    B { of: Bytes },\n}\n";
    let found: Vec<_> = derived(text)
        .into_iter()
        .filter(|(_, body)| HOLDERS.iter().any(|holder| body.contains(holder)))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(found, ["One", "Two", "Four"]);
}

/// The types of a source that derive `Debug`, with what is written of them.
fn derived(text: &str) -> Vec<(String, String)> {
    let text: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| [line, "\n"])
        .collect();
    let mut found = Vec::new();
    for part in text.split("#[derive(").skip(1) {
        let (traits, rest) = part.split_once(")]").unwrap();
        if !traits.split(',').any(|one| one.trim() == "Debug") {
            continue;
        }
        let Some(at) = ["struct ", "enum "]
            .iter()
            .filter_map(|word| Some(rest.find(word)? + word.len()))
            .min()
        else {
            continue;
        };
        let declared = rest.get(at..).unwrap();
        let name = declared
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .next()
            .unwrap();
        let close = match declared
            .find(['(', '{', ';'])
            .and_then(|at| declared.get(at..=at))
        {
            Some("(") => ")",
            Some("{") => "}",
            _ => ";",
        };
        let end = declared.find(&format!("\n{close}")).or(declared.find(close));
        let end = end.unwrap_or(declared.len());
        found.push((name.to_owned(), declared.get(..end).unwrap().to_owned()));
    }
    found
}

/// Every source but the demo's, whose store is for trying things out, without unit tests.
fn code() -> impl Iterator<Item = (String, String)> {
    let without_tests = |(name, text): (String, String)| {
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        (name, code.to_owned())
    };
    sources()
        .into_iter()
        .map(without_tests)
        .filter(|(name, _)| !name.starts_with("demo/"))
}

const TRIO: [(&str, &str); 3] = [
    ("x-obs-server-side-encryption-customer-algorithm", "AES256"),
    ("x-obs-server-side-encryption-customer-key", KEY),
    (
        "x-obs-server-side-encryption-customer-key-MD5",
        "HHZSrfZMtS69FCj/xN8ppg==",
    ),
];

/// A head with secrets in headers and query.
fn head() -> Parts {
    let target = format!("/b/k?x-amz-security-token={SIGNATURE}&Expires=1");
    let mut request = Request::put(target).header("host", "obs.example.com");
    for (name, value) in TRIO {
        request = request.header(name, value);
    }
    let authorization = format!("OBS AKIDSAMPLE:{SIGNATURE}==");
    let (mut head, ()) = request
        .header("authorization", authorization)
        .body(())
        .unwrap()
        .into_parts();
    secret::mark(&mut head.headers);
    head
}

#[track_caller]
fn assert_silent(printed: &impl Debug) {
    for text in [format!("{printed:?}"), format!("{printed:#?}")] {
        // A list of numbers is as good as the text.
        let numbers = KEY.as_bytes().get(..6).map(|bytes| format!("{bytes:?}")).unwrap();
        let numbers = numbers.trim_matches(['[', ']']);
        for secret in ["K7QkYpBkM5", "HHZSrfZM", SIGNATURE, "AKIDSAMPLE", numbers] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
}

/// Runs the program, and gives all that it printed.
fn printed(arguments: &[&str], input: &str) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_obsgate"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that was told all it needs on its command line does not read.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

#[test]
fn explain_shows_how_long_a_key_is_and_no_more_wherever_it_stands() {
    let authorization = format!("Authorization: OBS AKIDSAMPLE:{SIGNATURE}==");
    let trio = TRIO.map(|(name, value)| format!("{name}: {value}"));
    let url = format!("https://b.obs.example.com/k?Expires=1&Signature={SIGNATURE}&AccessKeyId=AKIDSAMPLE");
    let head = format!(
        "PUT /b/k HTTP/1.1\r\nHost: obs.example.com\r\n{authorization}\r\n{}\r\n\r\n",
        trio.join("\r\n")
    );
    let field = format!("{}={KEY}", TRIO[1].0);
    let policy = format!("policy={SIGNATURE}");
    for format in ["text", "json"] {
        let explain = ["explain", "--format", format];
        let headers = [
            "PUT",
            "https://b.obs.example.com/k",
            "-H",
            &trio[0],
            "-H",
            &trio[1],
            "-H",
            &trio[2],
        ];
        let form = [
            "POST",
            "https://b.obs.example.com/",
            "--form",
            &field,
            "--form",
            &policy,
        ];
        for (more, input) in [(&[][..], &*head), (&headers, ""), (&form, "")] {
            let said = printed(&[&explain, more].concat(), input);
            assert!(said.contains("<redacted, 32 bytes>"), "{said}");
            assert_silent(&said);
        }
        let twice = ["PUT", &url, "-H", &authorization];
        // Ambiguous, and mistaken: a header without its `-H`, one in the place of the method or the URL.
        for more in [
            &twice[..],
            &["PUT", &url, &authorization],
            &[&authorization, &url],
            &["PUT", &authorization],
            &["PUT", &url, "-H", SIGNATURE],
            &["POST", &url, "--form", SIGNATURE],
        ] {
            assert_silent(&printed(&[&explain, more].concat(), ""));
        }
        assert_silent(&printed(&explain, &format!("what {KEY}")));
    }
    assert_silent(&printed(&[&authorization], ""));
    assert_silent(&printed(&["rules", &authorization], ""));
}

#[test]
fn a_request_on_its_way_through_the_gate_is_printed_nowhere() {
    let head = head();
    let endpoints = Endpoints {
        domains: vec!["obs.example.com".to_owned()],
        ..Endpoints::default()
    };
    let arrival = Arrival {
        scheme: Scheme::Https,
        peer: ([127, 0, 0, 1], 1).into(),
    };
    assert_silent(&head.headers);
    let classified = classify(&head, arrival, &endpoints).unwrap();
    assert_silent(&classified);
    assert_silent(&(
        classified.facts,
        classified.resource,
        classified.evidence,
        classified.defect(),
    ));
    let fingerprints = FingerprintKey::new(b"secret");
    let found: Vec<_> = fingerprints.in_head(&head).collect();
    assert_eq!(found.len(), 1);
    assert_silent(&found);
    // A trailer, too, may be anything.
    let text = format!(
        "PUT /b/{KEY} HTTP/1.1\r\nHost: a\r\nAuthorization: OBS a:{SIGNATURE}\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    let mut requests = guard::Requests::new(guard::Limits::default());
    let whole = text + &format!("0\r\nX-Sum: {KEY}\r\nX-Other: {SIGNATURE}");
    let released = requests.inspect(whole.as_bytes()).released;
    assert_silent(&requests);
    let _ = requests.inspect(&whole.as_bytes()[released..]);
    assert_silent(&requests);
    assert_eq!(requests.inspect(b"\r\n\r\n").progress, guard::Progress::Ended);
    assert_silent(&requests);
    assert_eq!(requests.take_trailers().unwrap()["x-sum"], KEY);
}

#[test]
fn nor_is_a_form_a_document_a_command_or_a_setting() {
    let mut scanner = Scanner::new(
        Boundary::from_content_type(b"multipart/form-data; boundary=b").unwrap(),
        Limits::default(),
    );
    let field = |name: &str, value: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let form = field("signature", SIGNATURE) + &field(TRIO[1].0, KEY) + &field("file", "");
    let _ = scanner.feed(form.as_bytes()).unwrap();
    assert_silent(&scanner);
    assert_silent(&scanner.into_form().unwrap());
    assert_silent(&Transcript::new(16));
    let mut document = obsgate::obs::xml::DocumentPrefix::new(1024);
    document.push(KEY.as_bytes());
    assert_silent(&document);
    let mut reader = obsgate::obs::xml::VerdictReader::default();
    let _ = reader.feed(format!("<{KEY}").as_bytes());
    assert_silent(&reader);
    let headers = [
        format!("{}: {KEY}", TRIO[1].0),
        format!("Authorization: OBS AKIDSAMPLE:{SIGNATURE}"),
    ];
    let fields = [format!("signature={SIGNATURE}")];
    let url = format!("http://b.obs.example.com/k?Signature={SIGNATURE}");
    assert_silent(&Asked::from_url("POST", &url, &headers, &fields).unwrap());
    let line = [
        "obsgate",
        "explain",
        "POST",
        &url,
        "-H",
        &headers[0],
        "-H",
        &headers[1],
        "--form",
        &fields[0],
    ];
    assert_silent(&Cli::try_parse_from(line).unwrap());
    assert_silent(&Lookup::new("demo-key", SecretKey::new(KEY.to_owned())));
}
