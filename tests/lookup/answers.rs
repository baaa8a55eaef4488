//! What the store answers, and what becomes of the upload.

use crate::harness::{
    Bench, Store, answer, configured, error, is_allowed, none, put, request, rule, terms, until,
};
use obsgate::{
    obs::{
        bucket_pattern::BucketPattern,
        encryption::{Encryption, EncryptionSet},
    },
    policy::{Mode, Settings},
};
use std::time::Duration;

#[test]
fn an_upload_is_decided_by_what_the_store_says_of_its_bucket() {
    for (method, rule_id) in [
        ("kms", Some("strict.sse-kms.put-object")),
        ("aws:kms", Some("strict.sse-kms.put-object")),
        ("AES256", None),
    ] {
        let store = Store::always(answer("200 OK", &configured(method)));
        let bench = Bench::new(store.address(), terms());
        let got = bench.put("/logs/k");
        match rule_id {
            Some(id) => assert_eq!(rule(&got), id),
            None => assert!(is_allowed(&got), "{method}: {got}"),
        }
        assert_eq!(
            (store.lookups(), store.others()),
            (1, usize::from(rule_id.is_none()))
        );
        let log = bench.log();
        assert!(log.contains("bucket default, looked up"), "{log}");
    }
}

#[test]
fn a_bucket_without_a_default_is_one_in_the_words_of_obs_and_of_s3() {
    for code in [
        "NoSuchEncryptionConfiguration",
        "ServerSideEncryptionConfigurationNotFoundError",
    ] {
        let store = Store::always(answer("404 Not Found", &error(code)));
        let bench = Bench::new(store.address(), terms());
        assert!(is_allowed(&bench.put("/logs/k")), "{code}");
    }
}

#[test]
fn a_look_up_that_fails_is_no_allowance_and_is_made_again() {
    let oversize = configured("AES256").replace("<Rule>", &format!("<Rule>{}", " ".repeat(30 << 10)));
    for failing in [
        answer("403 Forbidden", &error("AccessDenied")),
        answer("403 Forbidden", &configured("AES256")),
        answer("404 Not Found", &error("NoSuchBucket")),
        answer("404 Not Found", ""),
        answer("404 Not Found", &configured("AES256")),
        answer("500 Internal Server Error", &error("InternalError")),
        answer("503 Service Unavailable", ""),
        answer("302 Found", &configured("AES256")),
        answer("200 OK", ""),
        answer("200 OK", "garbage"),
        answer("200 OK", &error("NoSuchEncryptionConfiguration")),
        answer("200 OK", &configured("rot13")),
        answer("200 OK", &configured("")),
        answer("200 OK", "<ServerSideEncryptionConfiguration/>"),
        answer("200 OK", &oversize),
        answer("200 OK", &configured("AES256")).replace("Length: ", "Length: 1"),
        // An object that says so, or a part, or what is coded.
        answer("200 OK", &configured("AES256")).replace("Content-Length", "ETag: \"e\"\r\nContent-Length"),
        answer("200 OK", &configured("AES256"))
            .replace("Content-Length", "Content-Type: text/html\r\nContent-Length"),
        answer("404 Not Found", &error("NoSuchEncryptionConfiguration"))
            .replace("Content-Length", "Last-Modified: x\r\nContent-Length"),
        answer("200 OK", &configured("AES256"))
            .replace("Content-Length", "Content-Range: bytes 0-9/99\r\nContent-Length"),
        answer("200 OK", &configured("AES256"))
            .replace("Content-Length", "Content-Encoding: gzip\r\nContent-Length"),
        "no HTTP at all\r\n\r\n".to_owned(),
        String::new(),
    ] {
        let store = Store::always(failing.clone());
        let bench = Bench::new(store.address(), terms());
        for lookups in 1..3 {
            assert_eq!(rule(&bench.put("/logs/k")), "unknown.lookup", "{failing}");
            assert!(store.lookups() >= lookups, "{failing}");
        }
        assert_eq!(store.others(), 0, "{failing}");
    }
}

#[test]
fn a_store_that_does_not_answer_is_waited_for_no_longer_than_the_settings_say() {
    let store = Store::new(|_, _| {
        std::thread::sleep(Duration::from_millis(400));
        none()
    });
    let mut terms = terms();
    terms.timeout = Duration::from_millis(50);
    let bench = Bench::new(store.address(), terms);
    assert_eq!(rule(&bench.put("/logs/k")), "unknown.lookup");
    assert_eq!(store.others(), 0);
}

#[test]
fn a_store_that_cannot_be_reached_allows_nothing() {
    let address = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let bench = Bench::new(address, terms());
    assert_eq!(rule(&bench.put("/logs/k")), "unknown.lookup");
}

#[test]
fn shadow_mode_waives_a_failed_look_up_and_says_so() {
    let store = Store::always(answer("403 Forbidden", ""));
    let settings = Settings {
        mode: Mode::Shadow,
        ..Settings::default()
    };
    let bench = Bench::with(store.address(), terms(), settings, |config| config);
    assert!(is_allowed(&bench.put("/logs/k")));
    let log = bench.log();
    assert!(log.contains("waived") && log.contains("unknown.lookup"), "{log}");
}

#[test]
fn an_answer_that_the_policy_would_keep_from_a_client_tells_the_gate_nothing() {
    // Judged as GetObject, for its header (rulings, 3): the store is spoken to in clear here.
    let said = answer("200 OK", &configured("AES256"));
    let said = said.replace("Connection", "x-obs-server-side-encryption: kms\r\nConnection");
    let store = Store::always(said);
    let bench = Bench::new(store.address(), terms());
    assert_eq!(rule(&bench.put("/logs/k")), "unknown.lookup");
}

#[test]
fn the_store_is_asked_only_where_the_answer_decides() {
    let store = Store::always(none());
    let declare = vec![(
        BucketPattern::parse("declared-*").unwrap(),
        EncryptionSet::only(Encryption::SseKms),
    )];
    let bench = Bench::with(store.address(), terms(), Settings::default(), |config| {
        config.with_buckets(declare)
    });
    let kms = "x-obs-server-side-encryption: kms\r\n";
    let host = crate::harness::HOST;
    for (sent, allowed) in [
        (request("PUT", "/logs/k", host, kms, "hi"), false),
        (put("/declared-1/k"), false),
        (request("GET", "/logs/k", host, "", ""), true),
        (request("DELETE", "/logs/k", host, "", ""), true),
        (request("PUT", "/logs?acl", host, "", "hi"), true),
        (put("/logs/k?partNumber=1&uploadId=U"), false),
    ] {
        let got = bench.send(&sent).read_to_end();
        assert_eq!(is_allowed(&got), allowed, "{sent}\n{got}");
    }
    assert_eq!(store.lookups(), 0);
}

#[test]
fn a_form_that_names_no_encryption_is_decided_by_its_bucket_too() {
    let store = Store::always(answer("200 OK", &configured("kms")));
    let bench = Bench::new(store.address(), terms());
    let body = "--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk\r\n\
                --b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx\r\n--b--\r\n";
    let form = "Content-Type: multipart/form-data; boundary=b\r\n";
    let post = request("POST", "/", "logs.obs.localhost", form, body);
    assert_eq!(
        rule(&bench.send(&post).read_to_end()),
        "strict.sse-kms.post-object"
    );
    assert_eq!((store.lookups(), store.others()), (1, 0));
}

#[test]
fn what_is_learned_while_a_look_up_is_under_way_is_not_overwritten_by_its_answer() {
    let (release, released) = std::sync::mpsc::channel();
    let released = std::sync::Mutex::new(released);
    let store = Store::new(move |_, _| {
        released.lock().unwrap().recv().unwrap();
        none()
    });
    let bench = Bench::new(store.address(), terms());
    let mut upload = bench.send(&put("/logs/k"));
    until(|| store.lookups() == 1);
    let configure = request(
        "PUT",
        "/logs?encryption",
        crate::harness::HOST,
        "",
        &configured("kms"),
    );
    assert!(is_allowed(&bench.send(&configure).read_to_end()));
    release.send(()).unwrap();
    assert_eq!(rule(&upload.read_to_end()), "strict.sse-kms.put-object");
    assert_eq!(rule(&bench.put("/logs/k")), "strict.sse-kms.put-object");
    assert_eq!(store.lookups(), 1);
}
