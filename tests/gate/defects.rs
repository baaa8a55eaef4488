//! What is wrong with a customer key is said only once the transport allowed the key (rulings, 13).

use crate::{
    harness::{Over, Running},
    message::{KEY, KEY_MD5, OBS, bare},
    support::ScriptedOrigin,
};

/// Values of algorithm, key and MD5, and what they are refused with.
const DEFECTS: [([Option<&str>; 3], &str, &str); 8] = [
    (
        [None, Some(KEY), Some(KEY_MD5)],
        "InvalidArgument",
        "must provide a valid encryption algorithm.",
    ),
    (
        [Some("AES128"), Some(KEY), Some(KEY_MD5)],
        "InvalidEncryptionAlgorithmError",
        "Supported value: AES256.",
    ),
    (
        [Some("AES256"), None, Some(KEY_MD5)],
        "InvalidArgument",
        "must provide an appropriate secret key.",
    ),
    (
        [Some("AES256"), Some(KEY), None],
        "InvalidArgument",
        "the client calculated MD5 of the secret key.",
    ),
    (
        [Some("AES256"), Some("not base64"), Some(KEY_MD5)],
        "InvalidArgument",
        "The secret key was invalid",
    ),
    (
        [Some("AES256"), Some("c2hvcnQ="), Some("T5Ov5Y7ZHEPyK/0KpHaPXQ==")],
        "InvalidArgument",
        "",
    ),
    (
        [Some("AES256"), Some(KEY), Some("AAAAAAAAAAAAAAAAAAAAAA==")],
        "InvalidArgument",
        "The calculated MD5 hash",
    ),
    (
        [Some(""), Some(""), Some("")],
        "InvalidEncryptionAlgorithmError",
        "AES256",
    ),
];

fn headers(dialect: &str, of: &str, values: [Option<&str>; 3]) -> Vec<String> {
    let name = |tail: &str| format!("x-{dialect}-{of}server-side-encryption-customer-{tail}");
    let tails = ["algorithm", "key", "key-MD5"];
    let mut headers: Vec<String> = tails
        .into_iter()
        .zip(values)
        .filter_map(|(tail, value)| Some(format!("{}: {}", name(tail), value?)))
        .collect();
    if !of.is_empty() {
        headers.push(format!("x-{dialect}-copy-source: /other/k"));
    }
    headers.push(OBS.to_owned());
    headers
}

#[test]
fn a_defect_is_told_over_https_and_over_http_only_the_transport() {
    let origin = ScriptedOrigin::uncalled();
    let gate = Running::before(&origin);
    for dialect in ["obs", "amz"] {
        for of in ["", "copy-source-"] {
            for (values, code, message) in DEFECTS {
                let request = bare("PUT /mine/k", &headers(dialect, of, values));
                let told = gate.ask(Over::Https, &request);
                told.assert_refused(code);
                assert!(told.rule().starts_with("defect."), "{request}");
                assert!(told.element("Message").contains(message), "{told:?}");
                let in_clear = gate.ask(Over::Http, &request);
                in_clear.assert_refused("InvalidRequest");
                assert!(!in_clear.rule().starts_with("defect."), "{request}");
                assert!(in_clear.element("Message").contains("secure connection"));
            }
        }
    }
}

#[test]
fn a_whole_key_passes_over_https_byte_for_byte() {
    let origin = ScriptedOrigin::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let gate = Running::before(&origin);
    let whole = headers("obs", "", [Some("AES256"), Some(KEY), Some(KEY_MD5)]);
    assert_eq!(gate.ask(Over::Https, bare("PUT /mine/k", &whole)).status(), 200);
    let seen = origin.seen(0);
    for (name, value) in [("algorithm", "AES256"), ("key", KEY), ("key-md5", KEY_MD5)] {
        let line = format!("\r\nx-obs-server-side-encryption-customer-{name}: {value}\r\n");
        assert!(seen.contains(&line), "{seen}");
    }
}
