//! Clients that are slow, break off, or never stop: they get what is theirs, and nothing of them stays behind.
//!
//! The gate is the program itself here, so that what it has open can be counted.

use crate::{
    harness::Over,
    message::{Answer, V4},
    program::{Program, Settings},
    row::{ask, get, put, with_body},
    support::{Ending, ScriptedOrigin, Wire},
};
use std::{
    fs,
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

/// A store that does as the path says, and tells when it has something in hand.
struct Store {
    origin: ScriptedOrigin,
    open: Arc<AtomicUsize>,
    whole: Arc<AtomicUsize>,
    told: mpsc::Receiver<()>,
}

impl Store {
    fn start() -> Self {
        let (open, whole) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let (tell, told) = mpsc::channel();
        let tell = Mutex::new(tell);
        let origin = ScriptedOrigin::start({
            let (open, whole) = (Arc::clone(&open), Arc::clone(&whole));
            move |_, wire| {
                open.fetch_add(1, Ordering::SeqCst);
                let tell = tell.lock().unwrap().clone();
                serve(wire, &whole, &tell);
                open.fetch_sub(1, Ordering::SeqCst);
            }
        });
        Self {
            origin,
            open,
            whole,
            told,
        }
    }

    /// Waits until it has something in hand.
    fn wait(&self) {
        self.told.recv_timeout(LIMIT).unwrap();
    }
}

/// One request, and then it closes: no connection is kept.
fn serve(mut wire: Wire, whole: &AtomicUsize, tell: &mpsc::Sender<()>) {
    let Some(head) = wire.read_next_head() else {
        return;
    };
    if head.contains("/never ") {
        tell.send(()).unwrap();
        wire.read_to_end();
    } else if head.contains("/endless ") {
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n");
        while wire.try_send([b'x'; 4096]).is_ok() {}
    } else if head.contains("/large ") {
        let body = vec![b'x'; 256 << 10];
        wire.send(format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
            body.len()
        ));
        let _ = wire.try_send(body);
    } else if head.contains("/unframed ") {
        wire.send("HTTP/1.1 200 OK\r\n\r\npart");
        wire.read_to_end();
    } else if head.contains("/upload ") {
        // Its clients send ten of a hundred bytes.
        wire.read_until("part of it");
        tell.send(()).unwrap();
        let rest = wire.read_to_end();
        if rest.len() == 90 || rest.ends_with("0\r\n\r\n") {
            whole.fetch_add(1, Ordering::SeqCst);
        }
    } else {
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
        wire.close();
    }
}

/// Something a client does before it goes away.
type State = fn(&Program, Over, &Store) -> Wire;

const STATES: &[(&str, State)] = &[
    ("before a byte", |program, over, _| program.connect(over)),
    ("in the request line", |program, over, _| {
        sent(program, over, "GET /mi")
    }),
    ("in the head", |program, over, _| {
        sent(program, over, "GET /mine/k HTTP/1.1\r\nHost: obs")
    }),
    ("in the body", |program, over, store| {
        let part = with_body("PUT /mine/upload", "Content-Length: 100", "part of it");
        let wire = sent(program, over, part);
        store.wait();
        wire
    }),
    ("in the body's chunks", |program, over, store| {
        let part = with_body(
            "PUT /mine/upload",
            "Transfer-Encoding: chunked",
            "a\r\npart of it\r\n",
        );
        let wire = sent(program, over, part);
        store.wait();
        wire
    }),
    ("in the fields of a form", |program, over, _| {
        let form = "Content-Type: multipart/form-data; boundary=b\nContent-Length: 1000";
        let part = "--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk";
        sent(program, over, with_body("POST /mine", form, part))
    }),
    ("while it waits for a 100", |program, over, _| {
        sent(program, over, put("Expect: 100-continue\nContent-Length: 10"))
    }),
    ("while it waits for the answer", |program, over, store| {
        let wire = sent(program, over, ask("GET /mine/never", ""));
        store.wait();
        wire
    }),
    ("with another request behind", |program, over, store| {
        let two = [ask("GET /mine/never", ""), ask("GET /mine/never", "")].concat();
        let wire = sent(program, over, two);
        store.wait();
        wire
    }),
    ("in the answer", |program, over, _| {
        let mut wire = sent(program, over, ask("GET /mine/endless", ""));
        wire.read_until("\r\n\r\nx");
        wire
    }),
    ("between requests", |program, over, _| {
        let mut wire = sent(program, over, get(""));
        assert_eq!(Answer::read(&mut wire, false).body, "ok");
        wire
    }),
    ("after a refusal", |program, over, _| {
        let mut wire = sent(program, over, get("Host: elsewhere.org"));
        assert_eq!(Answer::read(&mut wire, false).status(), 400);
        wire
    }),
    ("after a refusal with a body unread", |program, over, _| {
        let refused = with_body("PUT /mine/k", "Host: elsewhere.org\nContent-Length: 1000", "part");
        let mut wire = sent(program, over, refused);
        assert_eq!(Answer::read(&mut wire, false).status(), 400);
        wire
    }),
    ("after what the guard refuses", |program, over, _| {
        let mut wire = sent(program, over, "GET /\nHost: h\n\n");
        assert_eq!(Answer::read(&mut wire, false).status(), 400);
        wire
    }),
];

fn sent(program: &Program, over: Over, bytes: impl AsRef<[u8]>) -> Wire {
    let mut wire = program.connect(over);
    wire.send(bytes);
    wire
}

#[test]
fn of_a_client_that_goes_away_in_any_state_nothing_is_left() {
    let store = Store::start();
    let program = Program::start(&Settings::before(store.origin.address()));
    serves(&program);
    let before = idle(&program, &store);
    for (state, go) in STATES {
        for over in [Over::Http, Over::Https] {
            for leave in [Wire::reset, Wire::close] {
                for _ in 0..3 {
                    leave(go(&program, over, &store));
                }
            }
        }
        settles(&program, &store, before, state);
        serves(&program);
    }
    assert_eq!(
        store.whole.load(Ordering::SeqCst),
        0,
        "a part was taken for a whole"
    );
}

#[test]
fn of_a_client_that_goes_away_in_the_handshake_nothing_is_left() {
    let store = Store::start();
    let program = Program::start(&Settings::before(store.origin.address()));
    let before = idle(&program, &store);
    // A record of 512 bytes that says it is a hello, and no more of it than this; and what is no TLS at all.
    let hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    for bytes in [&b""[..], &hello[..1], hello, b"GET / HTTP/1.1\r\n\r\n", &[0; 300]] {
        for leave in [Wire::reset, Wire::close] {
            for _ in 0..10 {
                let mut wire = Wire::connect(program.address(Over::Https));
                let _ = wire.try_send(bytes);
                leave(wire);
            }
        }
    }
    settles(&program, &store, before, "in the handshake");
    let mut wire = program.connect(Over::Https);
    wire.send(get("Connection: close"));
    assert!(wire.read_to_end().ends_with("ok"));
}

#[test]
fn thousands_of_short_connections_leave_nothing_behind() {
    let store = Store::start();
    let program = Program::start(&Settings::before(store.origin.address()));
    serves(&program);
    let before = idle(&program, &store);
    thread::scope(|scope| {
        for over in [Over::Http, Over::Http, Over::Https] {
            let (program, count) = (&program, if over == Over::Http { 1000 } else { 150 });
            scope.spawn(move || {
                for n in 0..count {
                    match n % 4 {
                        0 => drop(program.connect(over)),
                        1 => program.connect(over).reset(),
                        2 => {
                            let mut wire = sent(program, over, get("Connection: close"));
                            assert!(wire.read_to_end().ends_with("\r\n\r\nok"));
                        }
                        _ => {
                            let mut wire = sent(program, over, get("x y: z"));
                            assert!(wire.read_to_end().starts_with("HTTP/1.1 400 "));
                        }
                    }
                }
            });
        }
    });
    settles(&program, &store, before, "short connections");
}

#[test]
fn a_request_that_comes_byte_by_byte_is_served() {
    let store = Store::start();
    let program = Program::start(&Settings::before(store.origin.address()));
    let form = "--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk\r\n--b\r\n\
                Content-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\ncontent\r\n--b--\r\n";
    let typed = format!(
        "Content-Type: multipart/form-data; boundary=b\nContent-Length: {}",
        form.len()
    );
    let requests = [
        get(V4),
        with_body("PUT /mine/k", "Content-Length: 5", "hello"),
        with_body(
            "PUT /mine/k",
            "Transfer-Encoding: chunked",
            "2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        ),
        with_body("POST /mine", &typed, form),
    ];
    for over in [Over::Http, Over::Https] {
        let mut wire = program.connect(over);
        for request in &requests {
            for byte in request {
                wire.send([*byte]);
            }
            assert_eq!(Answer::read(&mut wire, false).body, "ok");
        }
    }
}

#[test]
fn an_answer_that_is_read_slowly_comes_whole_and_waits_at_the_store() {
    const SIZE: usize = 8 << 20;
    let written = Arc::<AtomicUsize>::default();
    let origin = ScriptedOrigin::start({
        let written = Arc::clone(&written);
        move |_, mut wire| {
            wire.read_head();
            wire.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n"));
            for piece in 0..SIZE / 4096 {
                wire.send([u8::try_from(piece % 251).unwrap(); 4096]);
                written.fetch_add(4096, Ordering::SeqCst);
            }
        }
    });
    let program = Program::start(&Settings::before(origin.address()));
    let mut tcp = TcpStream::connect(program.address(Over::Http)).unwrap();
    socket2::SockRef::from(&tcp)
        .set_recv_buffer_size(16 << 10)
        .unwrap();
    tcp.write_all(&get("Connection: close")).unwrap();
    let mut all = Vec::new();
    let mut piece = [0; 16 << 10];
    while let n @ 1.. = tcp.read(&mut piece).unwrap() {
        all.extend_from_slice(&piece[..n]);
        if all.len() < 1 << 20 {
            thread::sleep(Duration::from_millis(1));
        }
    }
    let body = &all[all.len() - SIZE..];
    for (n, piece) in body.chunks(4096).enumerate() {
        assert!(piece.iter().all(|byte| usize::from(*byte) == n % 251), "{n}");
    }
    assert_eq!(written.load(Ordering::SeqCst), SIZE);
}

#[test]
fn a_client_that_asks_without_end_and_reads_nothing_is_read_no_further() {
    let store = Store::start();
    let program = Program::start(&Settings::before(store.origin.address()));
    serves(&program);
    let before = idle(&program, &store);
    let memory = program.memory("VmRSS");
    let many = ask("GET /mine/large", "").repeat(1000);
    let mut clients = Vec::new();
    for _ in 0..3 {
        let mut tcp = TcpStream::connect(program.address(Over::Http)).unwrap();
        tcp.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
        // Until the gate takes no more.
        let taken = (0..10_000).take_while(|_| tcp.write_all(&many).is_ok()).count();
        assert!(taken < 10_000);
        clients.push(tcp);
    }
    let grown = program.memory("VmRSS").saturating_sub(memory);
    assert!(grown < 16 << 10, "{grown} KiB for three clients");
    drop(clients);
    settles(&program, &store, before, "asked without end");
    serves(&program);
}

/// A client's end of a connection that it can end on one side.
fn half(address: SocketAddr, request: impl AsRef<[u8]>) -> (Wire, TcpStream) {
    let tcp = TcpStream::connect(address).unwrap();
    let mut wire = Wire::new(tcp.try_clone().unwrap());
    wire.send(request);
    (wire, tcp)
}

#[test]
fn a_client_that_ends_its_side_counts_as_gone_and_its_exchange_ends() {
    let store = Store::start();
    let program = Program::start(&Settings::before(store.origin.address()));
    serves(&program);
    let before = idle(&program, &store);
    let (mut wire, tcp) = half(program.address(Over::Http), ask("GET /mine/never", ""));
    store.wait();
    tcp.shutdown(Shutdown::Write).unwrap();
    assert_eq!(wire.read_to_end(), "");
    drop((wire, tcp));
    settles(&program, &store, before, "half closed");
}

#[test]
fn an_answer_is_never_cut_unseen_because_its_client_ended_its_side() {
    let store = Store::start();
    let program = Program::start(&Settings::before(store.origin.address()));
    // Only the end of the connection shows this client the end.
    let request = "GET /mine/unframed HTTP/1.0\r\nHost: obs.example.com\r\n\r\n";
    let (mut wire, tcp) = half(program.address(Over::Http), request);
    wire.read_until("part");
    tcp.shutdown(Shutdown::Write).unwrap();
    assert_eq!(wire.read_to_ending().1, Ending::BrokenOff);
    // And this one, a length that is not reached.
    let (mut wire, tcp) = half(program.address(Over::Http), ask("GET /mine/endless", ""));
    wire.read_until("\r\n\r\nx");
    tcp.shutdown(Shutdown::Write).unwrap();
    wire.read_to_ending();
}

#[track_caller]
fn serves(program: &Program) {
    let mut wire = sent(program, Over::Http, get("Connection: close"));
    let all = wire.read_to_end();
    assert!(all.ends_with("\r\n\r\nok"), "{all}");
}

/// How many files and sockets the gate has open.
fn descriptors(program: &Program) -> usize {
    fs::read_dir(format!("/proc/{}/fd", program.id()))
        .unwrap()
        .count()
}

/// Waits until nothing is open towards the store; says how many files and sockets the gate has then.
fn idle(program: &Program, store: &Store) -> usize {
    let until = Instant::now() + LIMIT;
    let mut last = 0;
    loop {
        let now = descriptors(program);
        if now == last && store.open.load(Ordering::SeqCst) == 0 {
            return now;
        }
        last = now;
        assert!(Instant::now() < until);
        thread::sleep(Duration::from_millis(100));
    }
}

/// Waits until the gate has no more open than before, and nothing is open towards the store.
#[track_caller]
fn settles(program: &Program, store: &Store, before: usize, what: &str) {
    let until = Instant::now() + LIMIT;
    loop {
        let (now, open) = (descriptors(program), store.open.load(Ordering::SeqCst));
        if now <= before && open == 0 {
            return;
        }
        assert!(
            Instant::now() < until,
            "{what}: {now} instead of {before} are open, {open} towards the store"
        );
        thread::sleep(Duration::from_millis(20));
    }
}

const LIMIT: Duration = Duration::from_secs(30);
