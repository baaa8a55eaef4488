//! The program itself as a child process that keeps a state file, killed as no program expects it.

use crate::{
    harness::DOMAIN,
    message::{Answer, SECRETS},
    watch,
    wire::Wire,
};
use std::{
    fs,
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

/// A directory of the test's own, removed at the end.
pub(crate) struct Directory(PathBuf);

/// A running `obsgate run` with one listener, for HTTP. Dropping it kills it, and fails the test if it said a secret.
pub(crate) struct Program {
    child: Child,
    address: SocketAddr,
    said: String,
    stderr: BufReader<ChildStderr>,
}

impl Directory {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("memory-{}-{number}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    /// Where the state goes.
    pub(crate) fn state(&self) -> PathBuf {
        self.0.join("state")
    }

    /// What the files beside the state hold.
    pub(crate) fn others(&self) -> Vec<Vec<u8>> {
        let files = fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path());
        files
            .filter(|path| *path != self.state())
            .map(|path| fs::read(path).unwrap())
            .collect()
    }

    /// The program, with settings that keep the state here.
    fn command(&self, store: SocketAddr) -> Command {
        let text = format!(
            "listener = [{{ address = \"127.0.0.1:0\", scheme = \"http\" }}]\nruntime = {{ workers = 1 }}\n\
             state = {{ file = \"state\" }}\n\n[upstream]\nurl = \"http://{store}\"\ndomains = [\"{DOMAIN}\"]\n\
             danger_plaintext_upstream = true\n"
        );
        let file = self.0.join("obsgate.toml");
        fs::write(&file, text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_obsgate"));
        command.args(["run", "--config"]).arg(file);
        command.env("RUST_LOG", "info").stdin(Stdio::null());
        command
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Program {
    /// Starts it, and waits until it says that it is up.
    pub(crate) fn start(directory: &Directory, store: SocketAddr) -> Self {
        let mut command = directory.command(store);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains("the gate is up") {
            let read = stderr.read_line(&mut said).unwrap();
            assert!(read > 0, "it ended: {said}");
        }
        let (_, rest) = said.split_once("address=").unwrap();
        Self {
            child,
            address: rest.split_whitespace().next().unwrap().parse().unwrap(),
            said,
            stderr,
        }
    }

    /// Runs one that cannot start, to its end.
    pub(crate) fn fail(directory: &Directory, store: SocketAddr) -> Output {
        directory.command(store).output().unwrap()
    }

    /// What it said until it was up.
    pub(crate) fn said(&self) -> &str {
        &self.said
    }

    /// Sends one request on a connection of its own and reads its answer.
    pub(crate) fn ask(&self, request: impl AsRef<[u8]>) -> Answer {
        let mut wire = Wire::connect(self.address);
        wire.send(request);
        Answer::read(&mut wire)
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let mut rest = std::mem::take(&mut self.said);
        let _ = self.stderr.read_to_string(&mut rest);
        watch::assert_kept(&rest, &SECRETS);
    }
}
