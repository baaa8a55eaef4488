//! One look-up for many, not too many at once, and no longer than they count.

use crate::harness::{Bench, Store, answer, configured, is_allowed, none, put, rule, terms, until};
use std::{
    num::NonZeroUsize,
    sync::{
        Mutex,
        mpsc::{Sender, channel},
    },
    thread,
    time::Duration,
};

/// A store whose answers wait to be released.
fn reluctant(said: String) -> (Store, Sender<()>) {
    let (release, released) = channel();
    let released = Mutex::new(released);
    let store = Store::new(move |_, _| {
        released.lock().unwrap().recv().unwrap();
        said.clone()
    });
    (store, release)
}

#[test]
fn twenty_uploads_into_one_bucket_make_one_look_up() {
    for (said, rule_id) in [
        (
            answer("200 OK", &configured("kms")),
            Some("strict.sse-kms.put-object"),
        ),
        (none(), None),
    ] {
        let (store, release) = reluctant(said);
        let bench = Bench::new(store.address(), terms());
        let clients: Vec<_> = (0..20)
            .map(|n| bench.send(&put(&format!("/logs/k{n}"))))
            .collect();
        until(|| store.lookups() > 0);
        // Whoever is only read after this finds the answer in the state.
        thread::sleep(Duration::from_millis(50));
        release.send(()).unwrap();
        for mut client in clients {
            let got = client.read_to_end();
            match rule_id {
                Some(id) => assert_eq!(rule(&got), id),
                None => assert!(is_allowed(&got), "{got}"),
            }
        }
        assert_eq!(store.lookups(), 1);
    }
}

#[test]
fn one_bucket_is_one_in_whatever_style_and_case_it_is_named() {
    let store = Store::always(none());
    let bench = Bench::new(store.address(), terms());
    assert!(is_allowed(&bench.put("/logs/k")));
    let host = "logs.obs.localhost";
    let virtual_hosted = crate::harness::request("PUT", "/k", host, "", "hi");
    assert!(is_allowed(&bench.send(&virtual_hosted).read_to_end()));
    assert_eq!((store.lookups(), store.others()), (1, 2));
    assert!(is_allowed(&bench.put("/other/k")));
    assert_eq!(store.lookups(), 2);
}

#[test]
fn more_look_ups_than_there_may_be_at_once_are_refused_and_not_queued() {
    let (store, release) = reluctant(none());
    let mut terms = terms();
    terms.at_once = NonZeroUsize::MIN;
    let bench = Bench::new(store.address(), terms);
    let mut first = bench.send(&put("/one/k"));
    until(|| store.lookups() == 1);
    assert_eq!(rule(&bench.put("/two/k")), "unknown.lookup");
    release.send(()).unwrap();
    assert!(is_allowed(&first.read_to_end()));
    release.send(()).unwrap();
    assert!(is_allowed(&bench.put("/two/k")));
    assert_eq!(store.lookups(), 2);
}

#[test]
fn a_look_up_outlives_the_client_that_needed_it() {
    let (store, release) = reluctant(none());
    let bench = Bench::new(store.address(), terms());
    let first = bench.send(&put("/logs/k"));
    until(|| store.lookups() == 1);
    first.reset();
    let mut second = bench.send(&put("/logs/k"));
    release.send(()).unwrap();
    assert!(is_allowed(&second.read_to_end()));
    assert_eq!((store.lookups(), store.others()), (1, 1));
}

#[test]
fn an_answer_counts_for_its_time_and_no_longer() {
    let store = Store::new(|number, _| match number {
        0 => none(),
        _ => answer("200 OK", &configured("kms")),
    });
    let bench = Bench::new(store.address(), terms());
    for _ in 0..3 {
        assert!(is_allowed(&bench.put("/logs/k")));
    }
    assert_eq!(store.lookups(), 1);

    let store = Store::new(|number, _| match number {
        0 => none(),
        _ => answer("200 OK", &configured("kms")),
    });
    let mut terms = terms();
    terms.time_to_live = Duration::from_millis(1);
    let bench = Bench::new(store.address(), terms);
    assert!(is_allowed(&bench.put("/logs/k")));
    thread::sleep(Duration::from_millis(5));
    assert_eq!(rule(&bench.put("/logs/k")), "strict.sse-kms.put-object");
    assert_eq!(store.lookups(), 2);
}
