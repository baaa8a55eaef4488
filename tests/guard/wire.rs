//! The guard beneath a real hyper server, on sockets: what is refused, what is served, and in which order.

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header::CONNECTION};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt as _, Collected, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use obsgate::{
    config::{self, Timeouts},
    obs::error::Reply,
    proxy::{
        Sweep, Waits,
        guard::{Exchange, Guarded, Limits, Patience, Verdict, Violation},
    },
};
use std::{
    cell::{Cell, RefCell},
    convert::Infallible,
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, duplex},
    net::{TcpListener, TcpStream},
    task::LocalSet,
    time::timeout,
};

/// A body that ends the exchange when it is dropped.
struct Answer {
    body: Full<Bytes>,
    _exchange: Exchange,
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The patience of a clock that nobody runs.
fn endless() -> Patience {
    let sweep = Rc::new(Sweep::for_waits([]));
    let waits = Waits::new(&sweep, &Timeouts::default(), &config::Limits::default());
    Patience::new(&sweep, waits)
}

/// What the service did.
#[derive(Default)]
struct Log {
    served: RefCell<Vec<String>>,
    refused: RefCell<Vec<Violation>>,
    under_way: Cell<usize>,
    most: Cell<usize>,
}

async fn answer(
    request: Request<Incoming>,
    verdict: Verdict,
    log: Rc<Log>,
) -> Result<Response<Answer>, Infallible> {
    let exchange = verdict.exchange();
    if let Some(violation) = verdict.take() {
        return Ok(refuse(violation, exchange, &log));
    }
    log.under_way.set(log.under_way.get() + 1);
    log.most.set(log.most.get().max(log.under_way.get()));
    let path = request.uri().path().to_owned();
    if path == "/slow" {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let body = if path == "/early" {
        Ok(Bytes::new())
    } else {
        request.into_body().collect().await.map(Collected::to_bytes)
    };
    log.under_way.set(log.under_way.get() - 1);
    match body {
        Ok(body) => {
            log.served.borrow_mut().push(path.clone());
            let text = format!("[{path} {}]", body.len());
            Ok(Response::new(Answer {
                body: Full::from(text),
                _exchange: exchange,
            }))
        }
        Err(_) => Ok(refuse(verdict.take().unwrap(), exchange, &log)),
    }
}

fn refuse(violation: Violation, exchange: Exchange, log: &Log) -> Response<Answer> {
    log.refused.borrow_mut().push(violation);
    let reply = Reply {
        code: violation.code(),
        message: violation.message(),
        argument: None,
        resource: "/",
        request_id: "1",
        host_id: "2",
    };
    let mut response = Response::new(Answer {
        body: Full::from(reply.xml()),
        _exchange: exchange,
    });
    *response.status_mut() = violation.code().status();
    response
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Serves one connection, sends it the pieces with a pause between them, and reads until the server closes or, when it
/// does not, until the client has ended its side too.
async fn exchange(pieces: &[&[u8]], half_close: bool) -> (String, Rc<Log>) {
    let log = Rc::new(Log::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Rc::clone(&log);
    let server = async move {
        let (stream, _) = listener.accept().await.unwrap();
        let verdict = Verdict::default();
        let guarded = Guarded::new(stream, Limits::default(), verdict.clone(), endless());
        let service = service_fn(move |request| answer(request, verdict.clone(), Rc::clone(&seen)));
        // How it ends is seen on the wire.
        drop(
            http1::Builder::new()
                .max_header_size(64 * 1024)
                .serve_connection(TokioIo::new(guarded), service)
                .await,
        );
    };
    let client = async move {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        for (n, piece) in pieces.iter().enumerate() {
            if n > 0 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            if stream.write_all(piece).await.is_err() {
                break;
            }
        }
        let mut answers = Vec::new();
        if half_close {
            // Long enough for everything before to be answered; hyper takes the end of a side for the end of it all.
            let mut buffer = [0; 4096];
            while let Ok(Ok(read @ 1..)) = timeout(Duration::from_millis(200), stream.read(&mut buffer)).await
            {
                answers.extend_from_slice(&buffer[..read]);
            }
            stream.shutdown().await.unwrap();
        }
        // A reset after the answer is an end like another here.
        drop(stream.read_to_end(&mut answers).await);
        String::from_utf8(answers).unwrap()
    };
    let ((), answers) = timeout(Duration::from_secs(20), async { tokio::join!(server, client) })
        .await
        .unwrap();
    (answers, log)
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, future)
}

const BEHIND: &[u8] = b"GET /behind HTTP/1.1\r\nHost: h\r\n\r\n";

#[test]
fn a_violation_is_answered_with_xml_and_the_connection_closed_and_nothing_behind_it_served() {
    run(async {
        let bad = b"POST /bad HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
        for pieces in [
            &[&[&bad[..], BEHIND].concat()[..]][..],
            &[&bad[..20], &bad[20..], BEHIND],
        ] {
            let (answers, log) = exchange(pieces, false).await;
            assert!(answers.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answers}");
            assert!(answers.contains("<Code>InvalidRequest</Code>"), "{answers}");
            assert!(answers.contains("connection: close\r\n"), "{answers}");
            assert_eq!(answers.matches("HTTP/1.1").count(), 1, "{answers}");
            assert_eq!(*log.refused.borrow(), [Violation::LengthAndCoding]);
            assert!(log.served.borrow().is_empty());
        }
    });
}

#[test]
fn an_unknown_expectation_is_417() {
    run(async {
        let bad = b"PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue, foo\r\nContent-Length: 3\r\n\r\nabc";
        let (answers, _) = exchange(&[bad, BEHIND], false).await;
        assert!(
            answers.starts_with("HTTP/1.1 417 Expectation Failed\r\n"),
            "{answers}"
        );
    });
}

#[test]
fn requests_in_a_pipeline_are_served_in_order_and_one_at_a_time() {
    run(async {
        let all = b"GET /slow HTTP/1.1\r\nHost: h\r\n\r\nPOST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcPOST /c \
            HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\nGET /d HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
        let one: Vec<&[u8]> = all.chunks(1).collect();
        let some: Vec<&[u8]> = all.chunks(37).collect();
        for pieces in [&[&all[..]][..], &one, &some] {
            let (answers, log) = exchange(pieces, false).await;
            let at: Vec<_> = ["[/slow 0]", "[/b 3]", "[/c 4]", "[/d 0]"]
                .map(|text| answers.find(text).unwrap())
                .to_vec();
            assert!(at.is_sorted(), "{answers}");
            assert_eq!(*log.served.borrow(), ["/slow", "/b", "/c", "/d"]);
            assert_eq!(log.most.get(), 1);
            assert!(log.refused.borrow().is_empty());
        }
    });
}

#[test]
fn a_long_pipeline_in_one_write_is_served_to_its_end() {
    run(async {
        let mut all: Vec<u8> = Vec::new();
        for n in 0..500 {
            all.extend_from_slice(
                format!("POST /{n} HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc").as_bytes(),
            );
        }
        all.extend_from_slice(b"GET /end HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        let (answers, log) = exchange(&[&all], false).await;
        assert_eq!(log.served.borrow().len(), 501);
        assert!(answers.ends_with("[/end 0]"));
    });
}

#[test]
fn a_good_request_before_a_bad_one_is_served_and_the_one_behind_is_not() {
    run(async {
        for first in ["/slow", "/a"] {
            let all = format!(
                "GET {first} HTTP/1.1\r\nHost: h\r\n\r\nGET /x HTTP/1.1\r\nHost : h\r\n\r\nGET /behind HTTP/1.1\r\nHost: h\r\n\r\n"
            );
            let (answers, log) = exchange(&[all.as_bytes()], false).await;
            assert!(answers.starts_with("HTTP/1.1 200 OK\r\n"), "{answers}");
            assert_eq!(
                answers.matches("HTTP/1.1 400 Bad Request").count(),
                1,
                "{answers}"
            );
            assert_eq!(*log.served.borrow(), [first]);
            assert_eq!(*log.refused.borrow(), [Violation::SpaceBeforeColon]);
        }
    });
}

#[test]
fn a_fault_in_a_body_fails_its_reading_and_is_answered_with_400() {
    run(async {
        let head: &[u8] = b"POST /bad HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";
        let bad: &[u8] = b"+3\r\nabc\r\n0\r\n\r\n";
        for pieces in [&[&[head, bad, BEHIND].concat()[..]][..], &[head, bad, BEHIND]] {
            let (answers, log) = exchange(pieces, false).await;
            assert!(answers.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answers}");
            assert_eq!(answers.matches("HTTP/1.1").count(), 1, "{answers}");
            assert_eq!(*log.refused.borrow(), [Violation::ChunkSize]);
            assert!(log.served.borrow().is_empty());
        }
    });
}

#[test]
fn a_body_that_is_expected_is_called_for() {
    run(async {
        let put: &[u8] = b"PUT /b HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\nConnection: close\r\n\r\n";
        let (answers, _) = exchange(&[put, b"abc"], false).await;
        assert!(
            answers.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"),
            "{answers}"
        );
        assert!(answers.ends_with("[/b 3]"), "{answers}");
    });
}

#[test]
fn a_connection_is_kept_and_a_head_that_is_cut_off_is_not_answered() {
    run(async {
        let get: &[u8] = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
        let (answers, log) = exchange(&[get, b"GET /cut HTTP/1.1\r\nHost: h\r\n"], true).await;
        assert!(answers.ends_with("[/a 0]"), "{answers}");
        assert_eq!(*log.served.borrow(), ["/a"]);
    });
}

#[test]
fn a_head_as_large_as_the_limit_is_served_and_a_larger_one_refused() {
    run(async {
        let empty = b"GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\nx: \r\n\r\n".len();
        let head = |length: usize| {
            format!(
                "GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\nx: {}\r\n\r\n",
                "a".repeat(length - empty)
            )
        };
        let (answers, _) = exchange(&[head(64 * 1024).as_bytes()], false).await;
        assert!(answers.starts_with("HTTP/1.1 200 OK\r\n"), "{answers}");
        let (_, log) = exchange(&[head(64 * 1024 + 1).as_bytes()], false).await;
        assert_eq!(*log.refused.borrow(), [Violation::HeadTooLarge]);
    });
}

#[tokio::test]
async fn nothing_of_the_next_request_is_released_before_the_exchange_has_ended() {
    let (mut client, server) = duplex(4096);
    let verdict = Verdict::default();
    let mut guarded = Guarded::new(server, Limits::default(), verdict.clone(), endless());
    let mut buffer = [0; 4096];
    client
        .write_all(b"GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(guarded.read(&mut buffer).await.unwrap(), 19);
    let exchange = verdict.exchange();
    assert!(
        timeout(Duration::from_millis(10), guarded.read(&mut buffer))
            .await
            .is_err()
    );
    // Ending the exchange wakes the reader.
    let (read, ()) = tokio::join!(guarded.read(&mut buffer), async {
        tokio::task::yield_now().await;
        drop(exchange);
    });
    assert_eq!(&buffer[..read.unwrap()], b"GET /2 HTTP/1.1\r\n\r\n");
}

#[tokio::test]
async fn a_body_that_comes_after_its_answer_does_not_hold_up_the_next_request() {
    let (mut client, server) = duplex(4096);
    let verdict = Verdict::default();
    let mut guarded = Guarded::new(server, Limits::default(), verdict.clone(), endless());
    let mut buffer = [0; 4096];
    client
        .write_all(b"PUT /1 HTTP/1.1\r\nContent-Length: 6\r\n\r\nabc")
        .await
        .unwrap();
    assert_eq!(guarded.read(&mut buffer).await.unwrap(), 41);
    drop(verdict.exchange());
    client.write_all(b"defGET /2 HTTP/1.1\r\n\r\n").await.unwrap();
    assert_eq!(guarded.read(&mut buffer).await.unwrap(), 3);
    let read = timeout(Duration::from_secs(5), guarded.read(&mut buffer))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&buffer[..read], b"GET /2 HTTP/1.1\r\n\r\n");
}

#[tokio::test]
async fn a_refused_head_reads_as_another_and_then_nothing_and_the_cell_says_why_once() {
    let (mut client, server) = duplex(4096);
    let verdict = Verdict::default();
    let mut guarded = Guarded::new(server, Limits::default(), verdict.clone(), endless());
    client
        .write_all(b"GET /secret HTTP/1.1\nHost: h\n\n")
        .await
        .unwrap();
    client.write_all(BEHIND).await.unwrap();
    let mut stand_in = String::new();
    let mut small = [0; 7];
    // In a buffer too small for it, it comes in pieces.
    while let Ok(read) = timeout(Duration::from_millis(20), guarded.read(&mut small)).await {
        stand_in.push_str(std::str::from_utf8(&small[..read.unwrap()]).unwrap());
    }
    assert_eq!(stand_in, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
    assert_eq!(verdict.take(), Some(Violation::BareLf));
    assert_eq!(verdict.take(), None);
}

#[tokio::test]
async fn a_head_is_released_through_buffers_of_any_size() {
    let head = b"GET /1 HTTP/1.1\r\nHost: h\r\nx: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n";
    for size in 1..80 {
        let (mut client, server) = duplex(4096);
        let mut guarded = Guarded::new(server, Limits::default(), Verdict::default(), endless());
        client.write_all(head).await.unwrap();
        drop(client);
        let mut read = Vec::new();
        let mut buffer = vec![0; size];
        while let n @ 1.. = guarded.read(&mut buffer).await.unwrap() {
            read.extend_from_slice(&buffer[..n]);
        }
        assert_eq!(read, head, "{size}");
    }
}
