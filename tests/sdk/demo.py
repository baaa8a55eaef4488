"""`obsgate demo` as a child process."""

import os
import socket
import subprocess
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 30
LINE_SECONDS = 10


def resolve_localhost():
    """Makes `*.localhost` resolve, which Python leaves to the system."""
    resolve = socket.getaddrinfo

    def patched(host, *args, **kwargs):
        name = host.decode() if isinstance(host, bytes) else host
        if name and name.endswith(".localhost"):
            host = "127.0.0.1"
        return resolve(host, *args, **kwargs)

    socket.getaddrinfo = patched


def command(http=0, https=0):
    """The command line of a demo on these ports."""
    program = os.environ.get("OBSGATE", str(ROOT / "target/debug/obsgate"))
    return [program, "demo", "--http", str(http), "--https", str(https)]


class Demo:
    """A running demo. What it prints after its start is in `lines`."""

    def __init__(self):
        self.process = subprocess.Popen(command(), stdout=subprocess.PIPE, text=True)
        self.facts = {}
        self.curl = []
        self.lines = []
        self._told = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._told.wait(START_SECONDS) or "ca" not in self.facts:
            self.stop()
            raise RuntimeError("the demo did not start")

    def _read(self):
        for line in self.process.stdout:
            if self._told.is_set():
                self.lines.append(line.rstrip())
            elif line.startswith("  curl "):
                self.curl.append(line.strip())
            elif line.startswith("  "):
                name, _, value = line.strip().partition(" ")
                self.facts[name] = value.strip()
            elif "request by request" in line:
                self._told.set()
        self._told.set()

    def line(self, *words):
        """The line of a decision that has these words, once it is there; None when it does not come."""
        deadline = time.monotonic() + LINE_SECONDS
        while time.monotonic() < deadline:
            for line in list(self.lines):
                if set(words) <= set(line.split()):
                    return line
            time.sleep(0.02)
        return None

    def stop(self):
        """Ends the demo as Ctrl-C does; gives its exit code."""
        self.process.terminate()
        try:
            return self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()
        finally:
            self._reader.join(10)
            self.process.stdout.close()


resolve_localhost()
