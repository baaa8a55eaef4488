//! What the origin keeps and gives back.

use crate::client::{Bench, OBS, SIGNED, Sign};

#[tokio::test]
async fn objects_come_back_as_they_were_put_under_every_signature() {
    let bench = Bench::new().await;
    for sign in SIGNED {
        let put = bench
            .ask(
                sign,
                "PUT",
                "/mine/a%20b/c",
                &[("content-type", "text/x")],
                b"hello",
            )
            .await;
        assert_eq!(put.status, 200, "{sign:?} {}", put.code());
        let get = bench.ask(sign, "GET", "/mine/a%20b/c", &[], b"").await;
        assert_eq!((get.status, get.body.as_slice()), (200, b"hello".as_slice()));
        assert_eq!(get.header("content-type"), Some("text/x"));
        let head = bench.ask(sign, "HEAD", "/mine/a%20b/c", &[], b"").await;
        assert_eq!((head.header("content-length"), head.body.len()), (Some("5"), 0));
        assert_eq!(
            bench.ask(sign, "DELETE", "/mine/a%20b/c", &[], b"").await.status,
            204
        );
        assert_eq!(
            bench.ask(sign, "GET", "/mine/a%20b/c", &[], b"").await.code(),
            "NoSuchKey"
        );
    }
}

#[tokio::test]
async fn appends_go_to_the_end_and_nowhere_else() {
    let bench = Bench::new().await;
    let first = bench
        .ask(OBS, "POST", "/mine/k?append&position=0", &[], b"one")
        .await;
    assert_eq!(first.header("x-obs-next-append-position"), Some("3"));
    let again = bench
        .ask(OBS, "POST", "/mine/k?append&position=0", &[], b"one")
        .await;
    assert_eq!(
        (again.status, again.code().as_str()),
        (409, "PositionNotEqualToLength")
    );
    assert_eq!(
        bench
            .ask(OBS, "POST", "/mine/k?append&position=3", &[], b"two")
            .await
            .status,
        200
    );
    assert_eq!(bench.origin.stored("mine", "k").unwrap(), "onetwo");
}

#[tokio::test]
async fn ranges_are_cut_and_an_impossible_one_is_416() {
    let bench = Bench::new().await;
    bench.ask(OBS, "PUT", "/mine/k", &[], b"0123456789").await;
    for (range, body) in [("bytes=2-4", "234"), ("bytes=-3", "789"), ("bytes=8-", "89")] {
        let get = bench.ask(OBS, "GET", "/mine/k", &[("range", range)], b"").await;
        assert_eq!(
            (get.status, String::from_utf8(get.body).unwrap().as_str()),
            (206, body)
        );
    }
    let get = bench
        .ask(OBS, "GET", "/mine/k", &[("range", "bytes=10-")], b"")
        .await;
    assert_eq!((get.status, get.code().as_str()), (416, "InvalidRange"));
}

#[tokio::test]
async fn more_than_fits_in_memory_is_refused_before_it_is_read() {
    let bench = Bench::new().await;
    let headers = [("content-length", "268435457"), ("expect", "100-continue")];
    let answer = bench.ask(Sign::Not, "PUT", "/open/k", &headers, b"").await;
    assert_eq!((answer.status, answer.code().as_str()), (400, "EntityTooLarge"));
}

#[tokio::test]
async fn what_arrived_is_on_record() {
    let bench = Bench::new().await;
    assert_eq!(bench.origin.calls(), 0);
    bench
        .ask(
            Sign::Not,
            "PUT",
            "/open/a%2Fb?x=%7e",
            &[("x-obs-meta-a", "1")],
            b"x",
        )
        .await;
    let received = bench.origin.received();
    assert_eq!((bench.origin.calls(), received.len()), (1, 1));
    assert_eq!(
        (received[0].method.as_str(), received[0].target.as_str()),
        ("PUT", "/open/a%2Fb?x=%7e")
    );
    assert_eq!(received[0].headers["x-obs-meta-a"], "1");
}
