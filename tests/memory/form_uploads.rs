//! Forms whose fields name encryption and signature, before an origin that verifies their policies and before one that
//! tells: what is decided, and what the gate then knows.

use crate::{
    demo::Demo,
    form::{Form, Signed, form, sample},
    harness::{Over, Running, Setup},
    message::{ANONYMOUS, Answer, KMS, V2, V4, ask, trio},
    store::{Store, reply},
};

const KEY: [&str; 3] = [
    "AES256",
    "K7QkYpBkM5+hca27fsNkUnNVaobncnLht/rCB2o/9Cw=",
    "HHZSrfZMtS69FCj/xN8ppg==",
];

/// What a form asks for, in both dialects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum With {
    Nothing,
    Kms,
    Obs,
    Customer,
}

impl With {
    const ALL: [Self; 4] = [Self::Nothing, Self::Kms, Self::Obs, Self::Customer];

    fn fields(self, dialect: &str) -> Vec<(String, String)> {
        let field = |tail: &str, value: &str| {
            (
                format!("x-{dialect}-server-side-encryption{tail}"),
                value.to_owned(),
            )
        };
        match (self, dialect) {
            (Self::Nothing, _) => vec![],
            (Self::Kms, "amz") => vec![field("", "aws:kms")],
            (Self::Kms, _) => vec![field("", "kms")],
            (Self::Obs, _) => vec![field("", "AES256")],
            (Self::Customer, _) => ["algorithm", "key", "key-MD5"]
                .into_iter()
                .zip(KEY)
                .map(|(tail, value)| field(&format!("-customer-{tail}"), value))
                .collect(),
        }
    }

    fn is_allowed(self, over: Over, signed: Signed) -> bool {
        match self {
            Self::Nothing | Self::Obs => true,
            Self::Kms => over == Over::Https && signed == Signed::V4,
            Self::Customer => over == Over::Https,
        }
    }
}

fn with_fields(fields: &[(String, String)]) -> Form {
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    form(&fields)
}

fn post(gate: &Running, over: Over, fields: &[(&str, &str)]) -> Answer {
    gate.ask(over, form(fields).post().bytes())
}

#[test]
fn every_form_is_decided_as_the_documents_say_and_its_policy_still_holds() {
    let mut stored = 0;
    for with in With::ALL {
        for dialect in ["obs", "amz"] {
            let demo = Demo::start(Setup::strict());
            for signed in Signed::ALL {
                for over in Over::ALL {
                    let file = format!("{with:?} {dialect} {signed:?} {over:?}");
                    let form = with_fields(&with.fields(dialect))
                        .file(&file)
                        .signed(signed, &demo.credentials);
                    let calls = demo.origin.calls();
                    let answer = demo.gate.ask(over, form.post().bytes());
                    if with.is_allowed(over, signed) {
                        answer.assert_passed();
                        assert_eq!(demo.origin.stored("mine", "k").unwrap(), file);
                        stored += 1;
                    } else {
                        answer.assert_refused("");
                        assert!(!answer.rule().starts_with("unknown"), "{file}: {answer:?}");
                        let code = if over == Over::Http {
                            "InvalidRequest"
                        } else {
                            "InvalidArgument"
                        };
                        assert_eq!(answer.element("Code"), code, "{file}: {answer:?}");
                        assert_eq!(demo.origin.calls(), calls, "{file}");
                    }
                }
            }
        }
    }
    assert_eq!(stored, 52);
}

#[test]
fn the_log_says_that_the_form_told() {
    let store = Store::answering(|_| reply("204 No Content", &[], ""));
    let gate = Setup::strict().before(store.address());
    let kms = ("x-amz-server-side-encryption", "aws:kms");
    post(&gate, Over::Https, &[sample(Signed::V4), &[kms]].concat()).assert_passed();
    post(&gate, Over::Http, &[sample(Signed::V4), &[kms]].concat()).assert_refused("");
    post(&gate, Over::Http, &[]).assert_passed();
    let events = gate.events();
    let told: Vec<_> = events
        .iter()
        .map(|one| one["told_by"].as_str().unwrap())
        .collect();
    assert_eq!(told, ["form", "form", "nobody"]);
    assert_eq!(events[0]["signed_in"], "form");
    assert_eq!(events[0]["auth"], "v4");
    assert_eq!(events[0]["operation"], "PostObject");
    assert_eq!(events[1]["encryption_decided"], "sse-kms");
}

#[test]
fn encryption_in_the_head_of_a_form_counts_too() {
    let store = Store::answering(|_| reply("204 No Content", &[], ""));
    let gate = Setup::strict().before(store.address());
    let unsigned = form(&[]).post();
    let signed = form(sample(Signed::V4)).post();
    for headers in [vec![KMS.to_owned()], trio("obs").into(), trio("amz").into()] {
        for request in [&unsigned, &signed] {
            let request = request.clone().with_all(headers.iter().cloned());
            gate.ask(Over::Http, request.bytes()).assert_refused("");
        }
    }
    gate.ask(Over::Https, unsigned.clone().with(KMS).bytes())
        .assert_refused("");
    assert_eq!(store.calls(), 0);
    gate.ask(Over::Https, signed.clone().with(KMS).bytes())
        .assert_passed();
    // A query is as good as a header.
    let query = ask("POST /mine?x-obs-server-side-encryption=kms")
        .with(crate::form::TYPE)
        .body(form(&[]).body());
    gate.ask(Over::Http, query.bytes()).assert_refused("");
    assert_eq!(store.calls(), 1);
}

#[test]
fn a_signature_in_the_head_settles_no_form() {
    let store = Store::answering(|_| reply("204 No Content", &[], ""));
    let gate = Setup::strict().before(store.address());
    let kms = ("x-obs-server-side-encryption", "kms");
    // Beside the form's own: two.
    for signed in [Signed::Obs, Signed::Aws, Signed::Token, Signed::V4] {
        for header in [V2, V4] {
            let request = form(sample(signed)).post().with(header);
            gate.ask(Over::Https, request.bytes()).assert_refused("malformed");
        }
    }
    // Alone: unknown, and KMS asks for V4.
    for header in [V2, V4] {
        let request = form(&[kms]).post().with(header);
        let answer = gate.ask(Over::Https, request.bytes());
        assert_eq!(answer.assert_refused("").element("Code"), "InvalidArgument");
    }
    assert_eq!(store.calls(), 0);
}

#[test]
fn a_form_without_a_word_of_encryption_is_what_the_bucket_is() {
    let store = Store::answering(|asked| {
        if asked.is("PUT") {
            reply("200 OK", &[], "")
        } else {
            reply("204 No Content", &[], "")
        }
    });
    let gate = Setup::strict().before(store.address());
    let create = ask("PUT /mine").with(V4).with(KMS);
    gate.ask(Over::Https, create.bytes()).assert_passed();
    for signed in Signed::ALL {
        let answer = post(&gate, Over::Http, sample(signed));
        assert_eq!(answer.assert_refused("").element("Code"), "InvalidRequest");
        let answer = post(&gate, Over::Https, sample(signed));
        if signed == Signed::V4 {
            answer.assert_passed();
        } else {
            assert_eq!(answer.assert_refused("").element("Code"), "InvalidArgument");
        }
    }
    assert_eq!(store.calls(), 2);
    let named = [("x-amz-server-side-encryption", "AES256")];
    for signed in Signed::ALL {
        let fields = [sample(signed), &named].concat();
        let answer = post(&gate, Over::Http, &fields);
        if matches!(signed, Signed::Aws | Signed::V4) {
            answer.assert_passed();
        } else {
            answer.assert_refused("strict.sse-kms.post-object");
        }
    }
    let named = [("x-obs-server-side-encryption", "AES256")];
    for signed in Signed::ALL {
        let fields = [sample(signed), &named].concat();
        let answer = post(&gate, Over::Http, &fields);
        if matches!(signed, Signed::Obs | Signed::Token) {
            answer.assert_passed();
        } else {
            answer.assert_refused("strict.sse-kms.post-object");
        }
    }
    let events = gate.events();
    assert_eq!(events[1]["told_by"], "bucket default, learned");
    assert_eq!(events[1]["encryption_decided"], "sse-kms");
}

#[test]
fn the_answer_to_a_form_teaches_the_buckets_default_redirection_or_not() {
    for (status, teaches) in [
        ("200 OK", true),
        ("201 Created", true),
        ("204 No Content", true),
        ("303 See Other", true),
        ("307 Temporary Redirect", false),
        ("403 Forbidden", false),
    ] {
        let store = Store::answering(move |_| reply(status, &[KMS, "Location: http://elsewhere/"], ""));
        let gate = Setup::strict().before(store.address());
        post(&gate, Over::Http, sample(Signed::V4));
        let put = ask("PUT /mine/k").with(V4).body("x");
        let answer = gate.ask(Over::Http, put.bytes());
        assert_eq!(!answer.rule().is_empty(), teaches, "{status}");
        let events = gate.events();
        let outcome = if teaches { "violated" } else { "allowed" };
        assert_eq!(events[0]["outcome"], outcome, "{status}");
    }
}

#[test]
fn what_a_form_named_itself_is_not_the_buckets_default() {
    let store = Store::answering(|_| reply("204 No Content", &[KMS], ""));
    let gate = Setup::strict().before(store.address());
    let fields = [sample(Signed::V4), &[("x-amz-server-side-encryption", "aws:kms")]].concat();
    post(&gate, Over::Https, &fields).assert_passed();
    let put = ask("PUT /mine/k").with(ANONYMOUS).body("x");
    let answer = gate.ask(Over::Http, put.bytes());
    assert_eq!(answer.rule(), "");
}
