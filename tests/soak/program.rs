//! The program as a child process, watched from outside: its log line by line, its counters, its memory.

use crate::{
    harness::{Certified, Over, connect_tls},
    message::SECRETS,
    store::Store,
    support::Wire,
};
use rustls::ClientConfig;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Read},
    net::{SocketAddr, TcpStream},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// A running `obsgate run`. Dropping it ends it.
pub(crate) struct Program {
    child: Child,
    addresses: Vec<SocketAddr>,
    lines: Arc<Mutex<Lines>>,
    readers: Vec<JoinHandle<()>>,
    trust: Arc<ClientConfig>,
    directory: PathBuf,
}

/// What it has printed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines {
    /// How many lines of the access log there were of each outcome.
    pub(crate) outcomes: BTreeMap<String, u64>,
    /// What else it had to say at its start and end.
    said: Vec<String>,
    /// What it should not have said.
    pub(crate) complaints: Vec<String>,
}

/// What it holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    pub(crate) descriptors: usize,
    pub(crate) memory_kib: u64,
}

impl Program {
    /// Starts it before a store.
    pub(crate) fn start() -> (Store, Self) {
        let store = Store::start();
        let certified = Certified::make();
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("soak-{}", std::process::id()));
        fs::create_dir(&directory).unwrap();
        let file = write_settings(&directory, &certified, store.address);
        let mut child = Command::new(env!("CARGO_BIN_EXE_obsgate"))
            .args(["run", "--config"])
            .arg(file)
            .env("RUST_LOG", "info")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = Arc::<Mutex<Lines>>::default();
        let readers = vec![
            gather(child.stdout.take().unwrap(), &lines),
            gather(child.stderr.take().unwrap(), &lines),
        ];
        let mut program = Self {
            child,
            addresses: Vec::new(),
            lines,
            readers,
            trust: certified.client(),
            directory,
        };
        program.wait_until_up();
        (store, program)
    }

    fn wait_until_up(&mut self) {
        let until = Instant::now() + LIMIT;
        loop {
            let said = self.lines().said;
            if said.iter().any(|line| line.contains("the gate is up")) {
                let address = |line: &String| line.split_once("address=")?.1.split(' ').next()?.parse().ok();
                self.addresses = said.iter().filter_map(address).collect();
                assert_eq!(self.addresses.len(), 3, "{said:?}");
                return;
            }
            assert!(Instant::now() < until, "{said:?}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    pub(crate) fn connect(&self, over: Over) -> Wire {
        match over {
            Over::Http => Wire::connect(self.addresses[0]),
            Over::Https => connect_tls(self.addresses[1], &self.trust),
        }
    }

    /// Where TLS is awaited.
    pub(crate) fn connect_without_handshake(&self) -> Wire {
        Wire::new(TcpStream::connect(self.addresses[1]).unwrap())
    }

    pub(crate) fn metrics(&self) -> String {
        let mut wire = Wire::connect(self.addresses[2]);
        wire.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        wire.read_to_end()
    }

    /// Waits until it has nothing in hand, and the store no connection; says what it holds then.
    pub(crate) fn settled(&self, store: &Store) -> Held {
        let mut held = Vec::new();
        wait_until("it does not settle", || {
            store.hang_up();
            held.push(self.held());
            let last: Vec<_> = held.iter().rev().take(20).map(|one| one.descriptors).collect();
            store.is_idle() && last.len() == 20 && last.iter().all(|one| *one == last[0])
        });
        self.held()
    }

    /// Waits until it holds no more files and sockets than before; whether it then holds no more memory but for so many
    /// KiB, at once or a while later.
    pub(crate) fn returns_to(&self, before: Held, tolerance_kib: u64, store: &Store) -> bool {
        wait_until(&format!("it held {before:?}"), || {
            store.hang_up();
            self.held().descriptors <= before.descriptors
        });
        (0..100).any(|_| {
            thread::sleep(Duration::from_millis(100));
            self.held().memory_kib <= before.memory_kib + tolerance_kib
        })
    }

    pub(crate) fn held(&self) -> Held {
        Held {
            descriptors: self.descriptors(),
            memory_kib: self.memory_kib(),
        }
    }

    /// Ends it in order; gives what it has printed.
    pub(crate) fn stop(&mut self) -> Lines {
        let kill = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        self.lines()
    }

    fn lines(&self) -> Lines {
        lock(&self.lines).clone()
    }

    fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.child.id()))
            .unwrap()
            .count()
    }

    fn memory_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

impl Lines {
    fn add(&mut self, line: String) {
        if let Some(secret) = SECRETS.iter().find(|secret| line.contains(*secret)) {
            self.complaints.push(format!("a secret, `{secret}`, in: {line}"));
        } else if let Ok(Value::Object(event)) = serde_json::from_str(&line) {
            let outcome = event["outcome"].as_str().unwrap_or_default().to_owned();
            *self.outcomes.entry(outcome).or_default() += 1;
        } else if EXPECTED.iter().any(|expected| line.contains(expected)) {
            self.said.push(line);
        } else {
            self.complaints.push(line);
        }
    }
}

/// What it may say: that it is up, that there could be more files, and what some requests of the traffic are told of for.
const EXPECTED: [&str; 3] = [
    " INFO ",
    "there may be fewer file descriptors",
    "customer_key_exposed: ",
];

fn write_settings(directory: &Path, certified: &Certified, store: SocketAddr) -> PathBuf {
    fs::write(directory.join("cert.pem"), &certified.pem).unwrap();
    let key = directory.join("key.pem");
    fs::write(&key, &certified.key_pem).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let text = format!(
        "listener = [\n    {{ address = \"127.0.0.1:0\", scheme = \"http\" }},\n    \
         {{ address = \"127.0.0.1:0\", scheme = \"https\", certificate = \"cert.pem\", private_key = \"key.pem\" }},\n]\n\
         admin = {{ address = \"127.0.0.1:0\" }}\naccess_log = {{ format = \"json\" }}\nruntime = {{ workers = 2 }}\n\n\
         [upstream]\nurl = \"http://{store}\"\ndomains = [\"obs.example.com\"]\ndanger_plaintext_upstream = true\n"
    );
    let file = directory.join("obsgate.toml");
    fs::write(&file, text).unwrap();
    file
}

fn gather(stream: impl Read + Send + 'static, lines: &Arc<Mutex<Lines>>) -> JoinHandle<()> {
    let lines = Arc::clone(lines);
    thread::spawn(move || {
        for line in BufReader::new(stream).lines() {
            lock(&lines).add(line.unwrap());
        }
    })
}

fn wait_until(otherwise: &str, mut is: impl FnMut() -> bool) {
    let until = Instant::now() + LIMIT;
    while !is() {
        assert!(Instant::now() < until, "{otherwise}");
        thread::sleep(Duration::from_millis(100));
    }
}

fn lock(lines: &Mutex<Lines>) -> std::sync::MutexGuard<'_, Lines> {
    lines.lock().unwrap_or_else(PoisonError::into_inner)
}

const LIMIT: Duration = Duration::from_mins(1);
