//! A link with latency: every byte, and every end, arrives a while later.

use socket2::SockRef;
use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

/// A link to one address, for one connection.
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    reset: Arc<AtomicBool>,
}

enum Carried {
    Bytes(Vec<u8>),
    End,
    Reset,
}

impl Relay {
    pub(crate) fn to(address: SocketAddr, latency: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let relay = Self {
            address: listener.local_addr().unwrap(),
            reset: Arc::default(),
        };
        let reset = Arc::clone(&relay.reset);
        thread::spawn(move || {
            let (near, _) = listener.accept().unwrap();
            let far = TcpStream::connect(address).unwrap();
            for (from, to) in [(&near, &far), (&far, &near)] {
                from.set_nodelay(true).unwrap();
                let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                let (carry, carried) = mpsc::channel();
                let reset = Arc::clone(&reset);
                thread::spawn(move || read(from, latency, &carry));
                thread::spawn(move || write(to, &carried, &reset));
            }
        });
        relay
    }

    /// Whether either side answered with a reset.
    pub(crate) fn was_reset(&self) -> bool {
        self.reset.load(Ordering::SeqCst)
    }
}

fn read(mut from: TcpStream, latency: Duration, carry: &mpsc::Sender<(Instant, Carried)>) {
    let mut piece = vec![0; 16 * 1024];
    loop {
        let carried = match from.read(&mut piece) {
            Ok(0) => Carried::End,
            Ok(n) => Carried::Bytes(piece[..n].to_vec()),
            Err(_) => Carried::Reset,
        };
        let last = !matches!(carried, Carried::Bytes(_));
        if carry.send((Instant::now() + latency, carried)).is_err() || last {
            return;
        }
    }
}

fn write(mut to: TcpStream, carried: &mpsc::Receiver<(Instant, Carried)>, reset: &AtomicBool) {
    for (due, carried) in carried {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        match carried {
            Carried::Bytes(bytes) => {
                if to.write_all(&bytes).is_err() {
                    reset.store(true, Ordering::SeqCst);
                    return;
                }
            }
            Carried::End => drop(to.shutdown(Shutdown::Write)),
            Carried::Reset => {
                reset.store(true, Ordering::SeqCst);
                let _ = SockRef::from(&to).set_linger(Some(Duration::ZERO));
                let _ = to.shutdown(Shutdown::Both);
            }
        }
    }
}
