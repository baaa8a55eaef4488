"""Who is compared: programs, the committed configurations, and the variants of them that measures name."""

import os
import resource
import subprocess
from pathlib import Path

from machine import congestion_control
from processes import Process
from programs import said

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
LOAD = TARGET / "release/examples/peers-load"

# Name: program, and what differs from the settings below.
VARIANTS = {
    "obsgate": ("obsgate", {}),
    "obsgate logging": ("obsgate", {"obsgate_log": "json"}),
    "haproxy": ("haproxy", {}),
    "haproxy logging": (
        "haproxy",
        {"haproxy_log": "log stdout format raw local0", "haproxy_access_log": "log global\n  option httplog"},
    ),
    "haproxy splice": ("haproxy", {"haproxy_splice": "option splice-request\n  option splice-response", "haproxy_connections": 4000}),
    "nginx": ("nginx", {}),
    "nginx logging": ("nginx", {"nginx_log": "@directory@/access.log combined"}),
    "nginx buffering": ("nginx", {"nginx_buffering": "on"}),
}
SETTINGS = {
    "obsgate_log": "off",
    "haproxy_log": "",
    "haproxy_access_log": "",
    "haproxy_splice": "",
    "haproxy_connections": 12000,
    "nginx_log": "off",
    "nginx_buffering": "off",
}
TITLES = {"obsgate": "obsgate", "haproxy": "HAProxy", "nginx": "nginx"}


def title(variant):
    """A variant as the tables write it."""
    program, _, more = variant.partition(" ")
    return " ".join(filter(None, [TITLES[program], more]))


class Rig:
    """Ports, a directory for what is written, certificates, and the origin that stands behind every peer."""

    def __init__(self, scratch, base_port, obsgate, built):
        self.scratch = scratch
        self.origin_port = base_port
        self.next_port = base_port + 1
        self.obsgate = obsgate
        self.built = built  # from this tree
        self.certificates = scratch / "certificates"
        self.certificates.mkdir(exist_ok=True)
        subprocess.run([LOAD, "certificate", self.certificates], check=True)
        several = (os.cpu_count() or 1) > 1
        self.proxy_core, self.load_core = ({0}, {1}) if several else (None, None)
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.files = hard
        self.origin = Process(
            [LOAD, "origin", "--port", str(base_port)], scratch / "origin.out", self.load_core, [base_port]
        )

    def start(self, variant, workers=1):
        """Starts a variant; one worker has a core to itself, several run where they like."""
        program, settings = VARIANTS[variant]
        directory = self.scratch / variant.replace(" ", "-")
        directory.mkdir(exist_ok=True)
        http, https = self.next_port, self.next_port + 1
        self.next_port += 2
        settings = SETTINGS | settings | {
            "http": http,
            "https": https,
            "origin": self.origin_port,
            "workers": workers,
            "certificates": self.certificates,
            "files": self.files,
            "nginx_reuse": "reuseport" if workers > 1 else "",
            "directory": directory,
        }
        config = _configuration(program, directory, settings)
        command = {
            "obsgate": [self.obsgate, "run", "--config", config],
            "haproxy": ["haproxy", "-db", "-f", config],
            "nginx": ["nginx", "-c", config, "-e", directory / "error.log"],
        }[program]
        cores = self.proxy_core if workers == 1 else None
        process = Process(list(map(str, command)), directory / "out", cores, [http, https])
        return Peer(variant, process, {"http": http, "https": https}, workers)

    def stop(self):
        self.origin.stop()


class Peer:
    """A running variant."""

    def __init__(self, variant, process, ports, workers):
        self.variant = variant
        self.program = VARIANTS[variant][0]
        self.process = process
        self.ports = ports
        self.workers = workers
        self.uploads = 0  # that it saw begin


def _configuration(program, directory, settings):
    [template] = (HERE / "config").glob(f"{program}.*")
    text = template.read_text()
    for _ in range(2):  # a setting may name another
        for name, value in settings.items():
            text = text.replace(f"@{name}@", str(value))
    config = directory / template.name
    config.write_text(text)
    return config


def build(gate):
    """The load, and the gate as it is released. Two calls: what tests ask of crates is not for the gate."""
    for what in [["--bin", "obsgate"]] * gate + [["--example", "peers-load"]]:
        subprocess.run(["cargo", "build", "--release", "--locked", *what], cwd=ROOT, check=True)


def versions(rig):
    """Each program's version, as it states it itself."""
    gate = [said([rig.obsgate, "--version"]).split()[-1]]
    if rig.built:
        gate.append(said(["git", "describe", "--always", "--dirty", "--exclude=*"], cwd=ROOT))
    return {
        "obsgate": " ".join(gate),
        "HAProxy": said(["haproxy", "-v"]).split()[2],
        "nginx": said(["nginx", "-v"]).rpartition("/")[2],
        "rustc": said(["rustc", "--version"]).split()[1],
        "kernel": os.uname().release,
        "TCP": congestion_control(),
    }
