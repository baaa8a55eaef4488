//! How long the guard waits, without a socket: what is waited for, and what is not.

use obsgate::{
    config::{self, Timeouts},
    proxy::{
        Sweep, Waits,
        guard::{Guarded, Limits, Patience, Verdict, Violation},
    },
};
use std::{future::Future, rc::Rc, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
    task::LocalSet,
    time::{Instant, sleep, timeout},
};

const GET: &[u8] = b"GET /1 HTTP/1.1\r\n\r\n";
const PUT: &[u8] = b"PUT /1 HTTP/1.1\r\nContent-Length: 100\r\n\r\n";
const LONG: Duration = Duration::from_secs(100_000);
/// A deadline is late by two ticks of a second at most, and a rate is measured with one to spare.
const LATE: Duration = Duration::from_secs(3);

/// With the defaults, on a clock that runs, through buffers of 64 bytes.
fn guarded() -> (DuplexStream, Guarded<DuplexStream>, Verdict) {
    let (timeouts, limits) = (Timeouts::default(), config::Limits::default());
    let sweep = Rc::new(Sweep::for_waits(Waits::of(&timeouts, &limits)));
    let waits = Waits::new(&sweep, &timeouts, &limits);
    tokio::task::spawn_local(Rc::clone(&sweep).run(|| ()));
    let (client, server) = duplex(64);
    let verdict = Verdict::default();
    let patience = Patience::new(&sweep, waits);
    let guarded = Guarded::new(server, Limits::default(), verdict.clone(), patience);
    (client, guarded, verdict)
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, test);
}

#[track_caller]
fn assert_took(began: Instant, seconds: u64) {
    let (took, least) = (began.elapsed(), Duration::from_secs(seconds));
    assert!((least..=least + LATE).contains(&took), "{took:?}");
}

async fn read(guarded: &mut Guarded<DuplexStream>) -> Vec<u8> {
    let mut buffer = [0; 1024];
    let read = guarded.read(&mut buffer).await.unwrap();
    buffer[..read].to_vec()
}

#[test]
fn a_connection_without_a_request_ends_after_the_time_for_a_head() {
    run(async {
        let (_client, mut guarded, verdict) = guarded();
        let began = Instant::now();
        assert_eq!(read(&mut guarded).await, b"");
        assert_took(began, 10);
        assert_eq!(verdict.take(), None);
    });
}

#[test]
fn a_first_head_has_its_time_from_the_connections_begin_and_a_later_one_from_its_own() {
    run(async {
        let (mut client, mut guarded, verdict) = guarded();
        let began = Instant::now();
        let slow = async {
            sleep(Duration::from_secs(8)).await;
            client.write_all(&GET[..5]).await.unwrap();
        };
        let (stand_in, ()) = tokio::join!(read(&mut guarded), slow);
        assert_took(began, 10);
        assert!(stand_in.starts_with(b"GET / "));
        assert_eq!(verdict.take(), Some(Violation::HeadTimeout));
    });
    run(async {
        let (mut client, mut guarded, verdict) = guarded();
        client.write_all(GET).await.unwrap();
        assert_eq!(read(&mut guarded).await, GET);
        drop(verdict.exchange());
        let slow = async {
            sleep(Duration::from_secs(70)).await;
            client.write_all(&GET[..5]).await.unwrap();
            Instant::now()
        };
        let (stand_in, began) = tokio::join!(read(&mut guarded), slow);
        assert_took(began, 10);
        assert!(stand_in.starts_with(b"GET / "));
        assert_eq!(verdict.take(), Some(Violation::HeadTimeout));
    });
}

#[test]
fn between_two_requests_there_is_more_time_and_it_begins_with_the_end_of_the_answer() {
    run(async {
        let (mut client, mut guarded, verdict) = guarded();
        client.write_all(GET).await.unwrap();
        assert_eq!(read(&mut guarded).await, GET);
        let exchange = verdict.exchange();
        // The store takes its time; nobody reads again when the answer has ended.
        let answered = async {
            sleep(LONG).await;
            drop(exchange);
            Instant::now()
        };
        let (end, began) = tokio::join!(read(&mut guarded), answered);
        assert_eq!(end, b"");
        assert_took(began, 75);
        assert_eq!(verdict.take(), None);
    });
}

#[test]
fn an_answer_that_the_client_does_not_take_is_no_pause_between_requests() {
    run(async {
        let (mut client, mut guarded, verdict) = guarded();
        client.write_all(&[GET, GET].concat()).await.unwrap();
        assert_eq!(read(&mut guarded).await, GET);
        let exchange = verdict.exchange();
        assert!(timeout(LONG, read(&mut guarded)).await.is_err());
        let mut answer = &[b'x'; 100][..];
        assert!(timeout(LONG, guarded.write_all_buf(&mut answer)).await.is_err());
        drop(exchange);
        // The next request, although it is there, waits too.
        assert!(timeout(LONG, read(&mut guarded)).await.is_err());
        client.read_exact(&mut [0; 64]).await.unwrap();
        guarded.write_all_buf(&mut answer).await.unwrap();
        assert_eq!(read(&mut guarded).await, GET);
        drop(verdict.exchange());
        let began = Instant::now();
        assert_eq!(read(&mut guarded).await, b"");
        assert_took(began, 75);
    });
}

#[test]
fn a_body_is_waited_for_while_somebody_reads_it_and_at_no_other_time() {
    run(async {
        let (mut client, mut guarded, verdict) = guarded();
        client.write_all(PUT).await.unwrap();
        assert_eq!(read(&mut guarded).await, PUT);
        sleep(LONG).await;
        client.write_all(b"part").await.unwrap();
        assert_eq!(read(&mut guarded).await, b"part");
        sleep(LONG).await;
        let began = Instant::now();
        let failed = guarded.read(&mut [0; 64]).await.unwrap_err();
        assert_took(began, 60);
        assert_eq!(failed.to_string(), "guard.body-timeout");
        assert_eq!(verdict.take(), Some(Violation::BodyTimeout));
    });
}

#[test]
fn a_body_that_trickles_fails_and_one_that_begins_anew_has_its_own_time() {
    run(async {
        for slow in [20, 40] {
            let (mut client, mut guarded, verdict) = guarded();
            for _ in 0..2 {
                client.write_all(PUT).await.unwrap();
                assert_eq!(read(&mut guarded).await, PUT);
                let exchange = verdict.exchange();
                let trickle = async {
                    for _ in 0..slow {
                        sleep(Duration::from_secs(1)).await;
                        client.write_all(b"x").await.unwrap();
                    }
                    client.write_all(&[b'x'; 100][slow..]).await.unwrap();
                };
                let reader = async {
                    let mut left = 100;
                    while left > 0 {
                        left -= guarded
                            .read(&mut [0; 64])
                            .await
                            .map_err(|error| error.to_string())?;
                    }
                    Ok::<_, String>(())
                };
                tokio::select! {
                    read = reader => {
                        let expected = if slow == 20 { Ok(()) } else { Err("guard.body-rate".to_owned()) };
                        assert_eq!(read, expected);
                    }
                    ((), ()) = async { tokio::join!(trickle, std::future::pending()) } => {}
                }
                drop(exchange);
                if slow == 40 {
                    assert_eq!(verdict.take(), Some(Violation::BodyRate));
                    break;
                }
            }
        }
    });
}
