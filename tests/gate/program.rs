//! The program itself as a child process: its settings in a file, its signals, its exit code, all that it printed.

use crate::{
    harness::{Certified, Over, connect_tls},
    message::SECRETS,
    support::Wire,
};
use rustls::ClientConfig;
use std::{
    fs,
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// A running `obsgate run`. Dropping it kills it, if it has not ended, and fails the test if a secret was printed.
pub(crate) struct Program {
    child: Child,
    addresses: Vec<SocketAddr>,
    printed: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
    trust: Arc<ClientConfig>,
    directory: PathBuf,
}

/// What of the settings differs from test to test.
pub(crate) struct Settings<'a> {
    pub(crate) origin: SocketAddr,
    pub(crate) access_log: &'a str,
    pub(crate) rust_log: &'a str,
    /// The limits of file descriptors, soft and hard, if they are not what they are.
    pub(crate) descriptors: Option<(u32, u32)>,
}

impl Settings<'_> {
    pub(crate) fn before(origin: SocketAddr) -> Self {
        Self {
            origin,
            access_log: "json",
            rust_log: "info",
            descriptors: None,
        }
    }

    fn command(&self, file: &Path) -> Command {
        let Some((soft, hard)) = self.descriptors else {
            return command(file);
        };
        let set = format!("ulimit -Sn {soft} && ulimit -Hn {hard} && exec \"$@\"");
        let mut limited = Command::new("sh");
        let inner = command(file);
        limited.args(["-c", &set, "sh"]).arg(inner.get_program());
        limited.args(inner.get_args()).stdin(Stdio::null());
        limited
    }

    /// Writes the settings for two workers, with a listener of each scheme and one for the operator.
    fn write(&self, directory: &Path, certified: &Certified) -> PathBuf {
        fs::write(directory.join("cert.pem"), &certified.pem).unwrap();
        let key = directory.join("key.pem");
        fs::write(&key, &certified.key_pem).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        let text = format!(
            "listener = [\n    {{ address = \"127.0.0.1:0\", scheme = \"http\" }},\n    \
             {{ address = \"127.0.0.1:0\", scheme = \"https\", certificate = \"cert.pem\", private_key = \"key.pem\" }},\n]\n\
             admin = {{ address = \"127.0.0.1:0\" }}\naccess_log = {{ format = \"{}\" }}\nruntime = {{ workers = 2 }}\n\n\
             [upstream]\nurl = \"http://{}\"\ndomains = [\"obs.example.com\"]\ndanger_plaintext_upstream = true\n",
            self.access_log, self.origin
        );
        let file = directory.join("obsgate.toml");
        fs::write(&file, text).unwrap();
        file
    }
}

impl Program {
    /// Starts it, and waits until it says that it is up.
    pub(crate) fn start(settings: &Settings<'_>) -> Self {
        let certified = Certified::make();
        let directory = directory();
        let file = settings.write(&directory, &certified);
        let mut child = settings
            .command(&file)
            .env("RUST_LOG", settings.rust_log)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let printed = Arc::default();
        let readers = vec![
            gather(child.stdout.take().unwrap(), &printed),
            gather(child.stderr.take().unwrap(), &printed),
        ];
        let mut program = Self {
            child,
            addresses: Vec::new(),
            printed,
            readers,
            trust: certified.client(),
            directory,
        };
        program.wait_for("the gate is up");
        program.addresses = program
            .printed()
            .lines()
            .filter(|line| line.contains(" listening"))
            .map(|line| {
                let rest = line.split_once("address=").unwrap().1;
                rest.split(' ').next().unwrap().parse().unwrap()
            })
            .collect();
        assert_eq!(program.addresses.len(), 3, "{}", program.printed());
        program
    }

    pub(crate) fn address(&self, over: Over) -> SocketAddr {
        self.addresses[usize::from(over == Over::Https)]
    }

    pub(crate) fn connect(&self, over: Over) -> Wire {
        match over {
            Over::Http => Wire::connect(self.address(over)),
            Over::Https => connect_tls(self.address(over), &self.trust),
        }
    }

    /// Asks the operator's socket, and gives status and body.
    pub(crate) fn operator(&self, path: &str) -> (u16, String) {
        let mut wire = Wire::connect(self.addresses[2]);
        wire.send(format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        ));
        let all = wire.read_to_end();
        let (head, body) = all.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Waits until something was printed.
    pub(crate) fn wait_for(&mut self, text: &str) {
        let until = Instant::now() + LIMIT;
        while !self.printed().contains(text) {
            let ended = self.child.try_wait().unwrap();
            assert!(
                ended.is_none() && Instant::now() < until,
                "`{text}` is not said: {}",
                self.printed()
            );
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits for its end; gives its exit code and all that it printed.
    pub(crate) fn wait(mut self) -> (Option<i32>, String) {
        let until = Instant::now() + LIMIT;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                self.readers.drain(..).for_each(|one| one.join().unwrap());
                return (status.code(), self.printed());
            }
            assert!(Instant::now() < until, "it does not end: {}", self.printed());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// A field of `/proc/PID/status` in KiB.
    #[cfg(target_os = "linux")]
    pub(crate) fn memory(&self, field: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(field)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    pub(crate) fn printed(&self) -> String {
        self.printed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
        let _ = fs::remove_dir_all(&self.directory);
        let printed = self.printed();
        for secret in SECRETS {
            assert!(
                thread::panicking() || !printed.contains(secret),
                "`{secret}` was printed"
            );
        }
    }
}

/// Runs the program with a settings file of this text, until it ends.
pub(crate) fn run_to_end(text: &str) -> Output {
    let directory = directory();
    let file = directory.join("obsgate.toml");
    fs::write(&file, text).unwrap();
    let output = command(&file).output().unwrap();
    fs::remove_dir_all(&directory).unwrap();
    output
}

fn command(file: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_obsgate"));
    command.args(["run", "--config"]).arg(file).stdin(Stdio::null());
    command
}

/// A new directory of its own.
fn directory() -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("gate-{}-{number}", std::process::id());
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir(&directory).unwrap();
    directory
}

fn gather(stream: impl Read + Send + 'static, printed: &Arc<Mutex<String>>) -> JoinHandle<()> {
    let printed = Arc::clone(printed);
    thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut line = Vec::new();
        while stream.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
            printed.lock().unwrap().push_str(&String::from_utf8_lossy(&line));
            line.clear();
        }
    })
}

const LIMIT: Duration = Duration::from_secs(30);
