//! Shadow mode: what the policy denies is waived and told, nothing else (rulings, 25).

use crate::{
    harness::{Over, Setup},
    message::{OBS, V2, V4, bare, trio},
    support::ScriptedOrigin,
};

const KMS: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nx-obs-server-side-encryption: kms\r\n\r\nok";

#[test]
fn what_the_policy_denies_is_sent_and_logged_as_waived_with_its_rule() {
    let origin = ScriptedOrigin::answering(KMS);
    let kms = "x-amz-server-side-encryption: aws:kms";
    let keyed = [trio("obs"), vec![OBS.to_owned()]].concat();
    let requests = [
        (Over::Http, bare("PUT /mine/k", &[V4, kms])),
        (Over::Https, bare("PUT /mine/k", &[V2, kms])),
        (Over::Http, bare("PUT /mine/k", &keyed)),
        (Over::Http, bare("GET /mine/k", &[V2])),
    ];
    let enforcing = Setup::before(&origin).start();
    let rules: Vec<String> = requests
        .iter()
        .map(|(over, request)| {
            let refused = enforcing.ask(*over, request);
            refused.assert_refused(refused.element("Code"));
            refused.rule().to_owned()
        })
        .collect();
    drop(enforcing);
    let gate = Setup::before(&origin).shadow().start();
    for (over, request) in &requests {
        let answer = gate.ask(*over, request);
        assert_eq!((answer.status(), &*answer.body), (200, "ok"), "{request}");
        assert_eq!(answer.rule(), "");
    }
    let events = gate.events();
    assert_eq!(events.len(), requests.len());
    for (event, rule) in events.iter().zip(rules) {
        assert_eq!(
            (&event["outcome"], &event["rule"]),
            (&"waived".into(), &rule.into())
        );
        assert_eq!(event["status"], 200);
    }
}

#[test]
fn a_part_of_an_upload_that_nobody_saw_begin_is_waived_too() {
    let origin = ScriptedOrigin::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let part = bare("PUT /mine/k?partNumber=1&uploadId=u", &[V2]);
    let refused = Setup::before(&origin).start().ask(Over::Http, &part);
    assert_eq!((refused.status(), refused.rule()), (400, "unknown.upload"));
    let gate = Setup::before(&origin).shadow().start();
    assert_eq!(gate.ask(Over::Http, &part).body, "ok");
    let events = gate.events();
    assert_eq!(
        (&events[0]["outcome"], &events[0]["rule"]),
        (&"waived".into(), &"unknown.upload".into())
    );
}

#[test]
fn what_the_policy_allows_is_not_called_waived() {
    let origin = ScriptedOrigin::answering(KMS);
    let gate = Setup::before(&origin).shadow().start();
    assert_eq!(gate.ask(Over::Https, bare("GET /mine/k", &[V4])).body, "ok");
    let events = gate.events();
    assert_eq!(
        (&events[0]["outcome"], events[0]["rule"].is_null()),
        (&"allowed".into(), true)
    );
}

#[test]
fn a_key_that_no_store_would_take_is_refused_all_the_same() {
    let origin = ScriptedOrigin::uncalled();
    let gate = Setup::before(&origin).shadow().start();
    let mut headers = trio("obs");
    headers.remove(2);
    for over in [Over::Http, Over::Https] {
        gate.ask(over, bare("PUT /mine/k", &headers))
            .assert_refused("InvalidArgument");
    }
}
