//! Customer keys that come in clear: whatever becomes of the request, the client is told to discard the key, and the
//! operator which one it is, without a word of the key itself.

use crate::{
    harness::{Over, Running, Setup},
    message::{Ask, OBS, V2, V4, ask, trio},
    program::Directory,
    store::{Store, reply},
    watch,
};
use obsgate::config::{Builtin, StateSettings};
use serde_json::Value;
use std::fs;

const KEY: &str = "K7QkYpBkM5+hca27fsNkUnNVaobncnLht/rCB2o/9Cw=";
const NAME: &str = "x-obs-server-side-encryption-customer-key";
const TOLD: &str = " Discard the customer key of this request: it was sent in clear.";

fn store() -> Store {
    Store::answering(|_| reply("200 OK", &[], ""))
}

fn keyed(line: &str) -> Ask {
    ask(line).with(OBS).with_all(trio("obs"))
}

fn exposed(event: &Value) -> Vec<&str> {
    let told = event.get("customer_key_exposed");
    told.map_or_else(Vec::new, |told| {
        told.as_array()
            .unwrap()
            .iter()
            .map(|one| one.as_str().unwrap())
            .collect()
    })
}

/// A form with the key in a field, and what is wrong with it.
fn forms() -> Vec<Vec<u8>> {
    let field = |name: &str, value: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let file = "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nfile\r\n--b--\r\n";
    let keyed = field("key", "k") + &field(NAME, KEY);
    let post = |body: &str| {
        ask("POST /mine")
            .with("Content-Type: multipart/form-data; boundary=b")
            .body(body)
            .bytes()
    };
    vec![
        post(&format!("{keyed}{file}")),
        // Signed twice; with a field under a vendor's prefix; without a file; not a form behind the key.
        post(&format!(
            "{keyed}{}{}{file}",
            field("signature", "s"),
            field("x-amz-signature", "s")
        )),
        post(&format!(
            "{keyed}{}{file}",
            field("x-goog-server-side-encryption-customer-key", KEY)
        )),
        post(&format!("{keyed}{}", field("acl", "private"))),
        post(&format!("{keyed}--b\r\nwhat is this\r\n\r\n")),
    ]
}

/// Requests that carry the one key in clear and are all refused: by the policy, for a defect, as malformed, by the
/// guard for the body behind the head.
fn refused() -> Vec<Vec<u8>> {
    let encoded = KEY.replace('+', "%2B").replace('/', "%2f").replace('=', "%3D");
    let loose = |name: &str| ask("PUT /mine/k").with(OBS).with(format!("{name}: {KEY}"));
    let heads = [
        keyed("GET /mine/k"),
        keyed("PUT /mine/k"),
        keyed("POST /mine/k?uploads"),
        ask("PUT /mine/k").with(V4).with_all(trio("amz")),
        ask("PUT /mine/k")
            .with("x-obs-copy-source: /mine/j")
            .with_all(trio("obs").map(|line| line.replacen("x-obs-", "x-obs-copy-source-", 1))),
        ask(format!(
            "GET /mine/k?AccessKeyId=a&Expires=1&Signature=s&{NAME}={encoded}"
        )),
        loose(NAME),
        keyed("PUT /mine/k").with("x-obs-server-side-encryption: kms"),
        keyed("PUT /mine/k").with(V2),
        keyed("PUT /mine/k?Acl"),
        keyed("PATCH /mine/k"),
        loose("x_obs_server_side_encryption_customer_key"),
        loose("x-goog-server-side-encryption-customer-key"),
    ];
    let mut requests: Vec<_> = heads.iter().map(Ask::bytes).collect();
    let chunked = keyed("PUT /mine/k").head().replacen(
        "Content-Length: 0",
        "Transfer-Encoding: chunked\r\nConnection: close",
        1,
    );
    requests.push((chunked + "what is this\r\n").into_bytes());
    requests.extend(forms());
    requests
}

#[test]
fn a_key_in_clear_is_burned_whatever_its_request_is_refused_for() {
    let store = store();
    let gate = Setup::strict().before(store.address());
    let requests = refused();
    for request in &requests {
        let answer = gate.ask(Over::Http, request);
        assert!((400..500).contains(&answer.status()), "{answer:?}");
        let message = answer.element("Message");
        assert!(
            message.ends_with(TOLD) && message.len() > TOLD.len(),
            "{}: {message}",
            String::from_utf8_lossy(request)
        );
    }
    assert_eq!(store.calls(), 0);
    assert_eq!(
        gate.counted("obsgate_customer_keys_exposed_total "),
        requests.len() as u64
    );
    let events = gate.events();
    let first = exposed(&events[0])[0].to_owned();
    assert_eq!(first.len(), 32);
    for (event, request) in events.iter().zip(&requests) {
        assert_eq!(exposed(event), [&first], "{}", String::from_utf8_lossy(request));
    }
    let logged = watch::logged();
    let told = logged.lines().filter(|line| {
        line.contains(" WARN ") && line.contains("customer_key_exposed") && line.contains(&first)
    });
    // A worker's warnings are few; the log of requests and the counter have all of them.
    assert_eq!(told.count(), requests.len().min(10), "{logged}");
}

#[test]
fn without_the_key_itself_or_over_https_none_is() {
    let store = store();
    let gate = Setup::strict().before(store.address());
    let [algorithm, _, md5] = trio("obs");
    let mut answers = vec![
        gate.ask(
            Over::Http,
            ask("PUT /mine/k").with(OBS).with(algorithm).with(md5).bytes(),
        ),
        gate.ask(
            Over::Http,
            ask("PUT /mine/k").with(OBS).with(format!("{NAME};")).bytes(),
        ),
        gate.ask(
            Over::Http,
            ask("PUT /mine/k").with(OBS).with(format!("{NAME}:")).bytes(),
        ),
    ];
    answers.extend(
        refused()
            .into_iter()
            .map(|request| gate.ask(Over::Https, request)),
    );
    for answer in answers {
        assert!(!answer.text().contains("Discard"), "{answer:?}");
    }
    assert_eq!(gate.counted("obsgate_customer_keys_exposed_total "), 0);
    for event in gate.events() {
        assert_eq!(exposed(&event), [""; 0], "{event}");
    }
}

#[test]
fn a_request_that_is_sent_on_with_its_key_in_clear_is_told_of_too() {
    let store = store();
    for (setup, line, outcome) in [
        (Setup::strict().shadow(), "PUT /mine/k", "waived"),
        (Setup::of(Builtin::HuaweiLegacy), "DELETE /mine/k", "allowed"),
    ] {
        let gate = setup.before(store.address());
        gate.ask(Over::Http, keyed(line).bytes()).assert_passed();
        assert_eq!(gate.counted("obsgate_customer_keys_exposed_total "), 1);
        let events = gate.events();
        assert_eq!(
            (&events[0]["outcome"], exposed(&events[0]).len()),
            (&outcome.into(), 1)
        );
    }
}

#[test]
fn two_keys_have_two_fingerprints_and_one_key_in_two_places_has_one() {
    let gate = Setup::strict().before(store().address());
    let source = format!("x-obs-copy-source-server-side-encryption-customer-key: {KEY}");
    let other =
        "x-obs-copy-source-server-side-encryption-customer-key: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let copy = || keyed("PUT /mine/k").with("x-obs-copy-source: /mine/j");
    for request in [copy().with(source), copy().with(other)] {
        gate.ask(Over::Http, request.bytes()).assert_refused("");
    }
    let events = gate.events();
    assert_eq!((exposed(&events[0]).len(), exposed(&events[1]).len()), (1, 2));
    assert_eq!(exposed(&events[0])[0], exposed(&events[1])[0]);
}

#[test]
fn a_fingerprint_lasts_as_long_as_the_state_file_and_the_file_holds_no_key() {
    let directory = Directory::new();
    let fingerprint = |gate: Running| {
        gate.ask(Over::Http, keyed("PUT /mine/k").bytes())
            .assert_refused("");
        exposed(&gate.events()[0])[0].to_owned()
    };
    let with_file = || {
        let state = StateSettings::default().with_file(directory.state());
        let gate = Setup::strict().start(store().address(), |config| config.with_state(state));
        fingerprint(gate.unwrap())
    };
    let first = with_file();
    assert_eq!(first, with_file());
    let without = || fingerprint(Setup::strict().before(store().address()));
    assert_ne!(without(), first);
    assert_ne!(without(), without());
    let bytes = fs::read(directory.state()).unwrap();
    let md5 = "HHZSrfZMtS69";
    let raw = [0x2b, 0xb4, 0x24, 0x62, 0x90, 0x64];
    for secret in [KEY.as_bytes(), md5.as_bytes(), first.as_bytes(), &raw] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret));
    }
}
