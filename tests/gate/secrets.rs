//! The watch over what is logged: that it listens, and that it knows what a secret is.

use crate::{
    harness::Running,
    message::{KEY, KEY_MD5, TOKEN, V2, V2_QUERY, V4, bare, trio},
    support::{ScriptedOrigin, Wire, watch},
};

#[test]
fn what_goes_over_a_wire_as_a_secret_is_known_for_one() {
    let words = ["c2lnbmF0dXJlLW9mLXYyLQ==", "c2lnbmF0dXJlLW9mLXYyLQ%3D%3D"];
    for (own, request, secrets) in [
        ("a", bare("PUT /mine/k", &trio("obs")), vec![KEY, KEY_MD5]),
        ("b", bare("GET /mine/k", &[V2]), vec![words[0]]),
        ("c", bare("GET /mine/k", &[V4]), vec![V4_SIGNATURE]),
        (
            "d",
            bare(&format!("GET /mine/k?{V2_QUERY}"), &[V2]),
            words.to_vec(),
        ),
        (
            "e",
            bare("GET /", &[format!("X-Auth-Token: {TOKEN}")]),
            vec![TOKEN],
        ),
        (
            "h",
            bare("GET /", &[format!("X-Storage-Token: {TOKEN}")]),
            vec![TOKEN],
        ),
        (
            "f",
            bare("GET /", &[format!("x_amz_security_token: {TOKEN}")]),
            vec![TOKEN],
        ),
        (
            "g",
            format!("--b\r\nContent-Disposition: form-data; name=\"policy\"\r\n\r\n{TOKEN}\r\n--b"),
            vec![TOKEN],
        ),
    ] {
        // Of its own, so that no other test has told of it.
        let text = |text: &str| format!("{text}{own}");
        let request = secrets
            .iter()
            .fold(request, |all, one| all.replace(one, &text(one)));
        watch::note(request.as_bytes());
        for secret in secrets {
            let printed = format!("a line with {} in it", text(secret));
            assert!(watch::find(&printed).is_some(), "{own}: {secret}");
        }
    }
    assert_eq!(watch::find("a line with nothing in it"), None);
}

#[test]
fn what_the_gate_logs_below_info_is_heard() {
    let gate = Running::before(&ScriptedOrigin::uncalled());
    let mut wire = Wire::connect(gate.addresses[1]);
    wire.send("GET /mine/k HTTP/1.1\r\n\r\n");
    wire.read_to_end();
    drop(gate);
    let logged = watch::logged();
    assert!(logged.contains("the TLS handshake failed"), "{logged}");
}

const V4_SIGNATURE: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
