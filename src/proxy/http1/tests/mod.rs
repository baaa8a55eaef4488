//! The reader of a connection without a socket: what is read, and what is not.

mod waits;

use super::{
    body::Loan,
    reader::{Next, Reader},
    scratch::Scratch,
    stream::Stream,
};
use crate::{
    config::{self, Timeouts},
    proxy::{
        Sweep, Waits,
        guard::{Limits, Patience, Verdict, Violation},
        intake::Intake,
    },
};
use http_body_util::BodyExt as _;
use std::{
    cell::RefCell,
    future::{Future, poll_fn},
    rc::Rc,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
    task::LocalSet,
    time::{sleep, timeout},
};

const GET: &[u8] = b"GET /1 HTTP/1.1\r\n\r\n";
const PUT: &[u8] = b"PUT /1 HTTP/1.1\r\nContent-Length: 100\r\n\r\n";
const LONG: Duration = Duration::from_secs(100_000);

/// A connection with the defaults, on a clock that runs.
struct Far {
    client: DuplexStream,
    reader: Rc<RefCell<Reader>>,
    verdict: Verdict,
}

/// What comes next, in words.
#[derive(Debug, PartialEq, Eq)]
enum Came {
    Head(String),
    Refused(Violation),
    End,
}

impl Far {
    fn new() -> Self {
        Self::with_room(1 << 20)
    }

    fn with_room(room: usize) -> Self {
        let (timeouts, limits) = (Timeouts::default(), config::Limits::default());
        let sweep = Rc::new(Sweep::for_waits(Waits::of(&timeouts, &limits)));
        let waits = Waits::new(&sweep, &timeouts, &limits);
        tokio::task::spawn_local(Rc::clone(&sweep).run(|| ()));
        let (client, server) = duplex(room);
        let verdict = Verdict::default();
        let reader = Reader::new(
            Stream::Pair(server),
            Limits::default(),
            Patience::new(&sweep, waits),
            (verdict.clone(), Intake::default()),
            Scratch::new(),
        );
        Self {
            client,
            reader: Rc::new(RefCell::new(reader)),
            verdict,
        }
    }

    async fn next(&self) -> Came {
        next(&self.reader).await
    }

    /// The whole body, or why there is none.
    async fn body(&self) -> Result<Vec<u8>, String> {
        let body = Loan::of(&self.reader).collect().await;
        body.map(|body| body.to_bytes().to_vec())
            .map_err(|error| error.to_string())
    }

    async fn gone(&self) {
        gone(&self.reader).await;
    }
}

async fn gone(reader: &RefCell<Reader>) {
    poll_fn(|cx| reader.borrow_mut().poll_gone(cx)).await;
}

async fn next(reader: &RefCell<Reader>) -> Came {
    match poll_fn(|cx| reader.borrow_mut().poll_request(cx)).await {
        Next::Head(head) => Came::Head(String::from_utf8(head.to_vec()).unwrap()),
        Next::Refused(violation) => Came::Refused(violation),
        Next::End(_) => Came::End,
    }
}

fn head(of: &[u8]) -> Came {
    Came::Head(String::from_utf8(of.to_vec()).unwrap())
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, test);
}

#[test]
fn requests_come_one_at_a_time_with_their_bodies_however_they_are_cut() {
    let all = b"GET /1 HTTP/1.1\r\n\r\nPUT /2 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcPUT /3 HTTP/1.1\r\nTransfer-Encoding: \
        chunked\r\n\r\n4\r\nabcd\r\n1\r\ne\r\n0\r\nX-Sum: 1\r\n\r\nGET /4 HTTP/1.1\r\n\r\n";
    for size in [1, 2, 7, 37, all.len()] {
        run(async {
            let mut far = Far::with_room(size);
            let reader = Rc::clone(&far.reader);
            let writing = async { far.client.write_all(all).await.unwrap() };
            let reading = async {
                let body = || async { Loan::of(&reader).collect().await.unwrap() };
                assert_eq!(next(&reader).await, head(GET));
                assert!(!reader.borrow().has_body());
                assert!(matches!(next(&reader).await, Came::Head(head) if head.starts_with("PUT /2")));
                assert_eq!(body().await.to_bytes(), "abc");
                assert!(matches!(next(&reader).await, Came::Head(head) if head.starts_with("PUT /3")));
                let chunked = body().await;
                assert_eq!(chunked.trailers().unwrap()["x-sum"], "1");
                assert_eq!(chunked.to_bytes(), "abcde");
                assert!(matches!(next(&reader).await, Came::Head(head) if head.starts_with("GET /4")));
            };
            tokio::join!(writing, reading);
        });
    }
}

#[test]
fn a_body_that_nobody_reads_ends_the_connection_unless_it_is_there_already() {
    for (there, settled) in [(100, true), (99, false)] {
        run(async {
            let mut far = Far::new();
            far.client
                .write_all(&[PUT, &[b'x'; 100][..there]].concat())
                .await
                .unwrap();
            assert_eq!(far.next().await, head(PUT));
            assert_eq!(far.reader.borrow_mut().may_go_on(), settled);
            assert_eq!(
                poll_fn(|cx| far.reader.borrow_mut().poll_settled(cx)).await,
                settled
            );
        });
    }
}

#[test]
fn while_somebody_has_the_body_the_connection_waits_for_its_end_or_for_it_to_be_let_go() {
    run(async {
        let mut far = Far::new();
        far.client.write_all(PUT).await.unwrap();
        assert_eq!(far.next().await, head(PUT));
        let loan = Loan::of(&far.reader);
        assert!(far.reader.borrow_mut().may_go_on());
        let settled = poll_fn(|cx| far.reader.borrow_mut().poll_settled(cx));
        let (settled, ()) = tokio::join!(settled, async {
            sleep(LONG).await;
            drop(loan);
        });
        assert!(!settled);
    });
}

#[test]
fn a_client_is_called_for_its_body_once_and_only_when_somebody_wants_it() {
    let head = b"PUT /1 HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
    run(async {
        let mut far = Far::new();
        far.client.write_all(head).await.unwrap();
        assert!(matches!(far.next().await, Came::Head(_)));
        let loan = Loan::of(&far.reader);
        assert!(timeout(LONG, far.client.read_u8()).await.is_err());
        let (body, ()) = tokio::join!(loan.collect(), async {
            let mut called = [0; 25];
            far.client.read_exact(&mut called).await.unwrap();
            assert_eq!(&called, b"HTTP/1.1 100 Continue\r\n\r\n");
            far.client.write_all(b"abc").await.unwrap();
        });
        assert_eq!(body.unwrap().to_bytes(), "abc");
        assert!(timeout(LONG, far.client.read_u8()).await.is_err());
    });
    run(async {
        let mut far = Far::new();
        far.client.write_all(head).await.unwrap();
        assert!(matches!(far.next().await, Came::Head(_)));
        let loan = Loan::of(&far.reader);
        assert_eq!(far.reader.borrow_mut().begin_answer(), b"");
        let (_, called) = tokio::join!(timeout(LONG, loan.collect()), timeout(LONG, far.client.read_u8()));
        assert!(called.is_err(), "the answer has begun");
    });
}

#[test]
fn what_is_left_of_a_call_goes_before_the_answer() {
    run(async {
        let mut far = Far::with_room(70);
        let request = b"PUT /1 HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
        far.client.write_all(request).await.unwrap();
        assert!(matches!(far.next().await, Came::Head(_)));
        let mut filler = crate::proxy::outgoing::Outgoing::default();
        drop(filler.begin(vec![b'x'; 60]));
        poll_fn(|cx| far.reader.borrow_mut().poll_send(cx, &mut filler))
            .await
            .unwrap();
        let loan = Loan::of(&far.reader);
        assert!(timeout(LONG, loan.collect()).await.is_err());
        assert_eq!(far.reader.borrow_mut().begin_answer(), b"00 Continue\r\n\r\n");
    });
}

#[test]
fn a_client_that_leaves_while_its_answer_is_on_its_way_is_noticed_and_one_that_asks_on_is_not_gone() {
    run(async {
        let mut far = Far::new();
        far.client.write_all(GET).await.unwrap();
        assert_eq!(far.next().await, head(GET));
        assert!(timeout(LONG, far.gone()).await.is_err());
        far.client.write_all(GET).await.unwrap();
        assert!(timeout(LONG, far.gone()).await.is_err());
        far.client.shutdown().await.unwrap();
        far.gone().await;
    });
}

#[test]
fn no_more_than_a_bound_is_read_ahead() {
    run(async {
        let mut far = Far::with_room(1024);
        far.client.write_all(GET).await.unwrap();
        assert_eq!(far.next().await, head(GET));
        let (reader, mut taken) = (Rc::clone(&far.reader), 0);
        let writing = async {
            while timeout(LONG, far.client.write_all(&[b'a'; 512])).await.is_ok() {
                taken += 512;
            }
        };
        tokio::select! {
            () = gone(&reader) => panic!("nobody has gone"),
            () = writing => {}
        }
        assert!((16 << 10..18 << 10).contains(&taken), "{taken}");
    });
}

#[test]
fn a_refused_head_is_the_last_thing_that_is_read() {
    run(async {
        let mut far = Far::new();
        far.client
            .write_all(b"GET /secret HTTP/1.1\nHost: h\n\n")
            .await
            .unwrap();
        far.client.write_all(GET).await.unwrap();
        assert_eq!(far.next().await, Came::Refused(Violation::BareLf));
        assert_eq!(far.verdict.take(), Some(Violation::BareLf));
        assert!(timeout(LONG, far.gone()).await.is_err());
        assert!(!far.reader.borrow_mut().may_go_on());
    });
}

#[test]
fn a_fault_in_a_body_fails_its_reading_and_says_why_once() {
    run(async {
        let mut far = Far::new();
        let put = b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n+3\r\nabc\r\n0\r\n\r\n";
        far.client.write_all(put).await.unwrap();
        assert!(matches!(far.next().await, Came::Head(_)));
        assert_eq!(far.body().await, Err("guard.chunk-size".to_owned()));
        assert_eq!(far.verdict.take(), Some(Violation::ChunkSize));
        assert_eq!(far.verdict.take(), None);
        assert!(!far.reader.borrow_mut().may_go_on());
    });
}

#[test]
fn a_body_that_is_cut_off_is_no_whole_one() {
    run(async {
        let mut far = Far::new();
        far.client.write_all(&[PUT, b"part"].concat()).await.unwrap();
        assert_eq!(far.next().await, head(PUT));
        far.client.shutdown().await.unwrap();
        assert!(far.body().await.is_err());
    });
}
