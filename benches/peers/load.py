"""Requests: by `wrk` where connections are many and answers small, by the project's own load for the rest."""

import json
import os
import re
import subprocess

from peers import LOAD

HEADERS = [
    "Host: bench.obs.example.com",
    "User-Agent: aws-sdk-go/1.44 (go1.19; linux; amd64)",
    "Accept-Encoding: identity",
    "x-amz-date: 20260101T000000Z",
    "x-amz-content-sha256: UNSIGNED-PAYLOAD",
    "Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/region/s3/aws4_request, "
    "SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=" + 64 * "0",
]
CUSTOMER_KEY = [
    "x-amz-server-side-encryption-customer-algorithm: AES256",
    "x-amz-server-side-encryption-customer-key: MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=",
    "x-amz-server-side-encryption-customer-key-MD5: dnF5x6K/8ZZRzpfSlMMM+w==",
]


class Failed(Exception):
    """Requests that were not answered as they must be: a figure from them says nothing."""


def closed_loop(rig, peer, scheme, connections, seconds, target="/4k", refused=False):
    """As many requests as the answers allow, for so long; gives how many there were."""
    headers = HEADERS + (CUSTOMER_KEY if refused else [])
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s"]
    command += [word for header in headers for word in ("-H", header)]
    output = _run(rig, peer, command + [f"{scheme}://127.0.0.1:{peer.ports[scheme]}{target}"])
    requests = int(re.search(r"(\d+) requests in", output)[1])
    other = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    other = int(other[1]) if other else 0
    if "Socket errors" in output or other != (requests if refused else 0):
        raise Failed(f"{peer.variant}: {output}")
    return requests


def tool(rig, peer, command, scheme="http", port=None, **options):
    """A command of the load; gives what it counted."""
    output = json.loads(_run(rig, peer, tool_command(rig, peer, command, scheme, port, **options)))
    if output["failed"] or not output["ok"]:
        raise Failed(f"{peer.variant}: {command} {options}: {output}")
    return output


def tool_command(rig, peer, command, scheme, port=None, **options):
    words = [str(LOAD), command, "--port", str(port or peer.ports[scheme])]
    if scheme == "https":
        words += ["--tls", str(rig.certificates / "cert.pem")]
    for name, value in options.items():
        words += [f"--{name.replace('_', '-')}", str(value)]
    return words


def cores(rig, peer):
    """Load stays off the core of a single worker."""
    return rig.load_core if peer.workers == 1 else None


def _run(rig, peer, command):
    def on_cores():
        if where := cores(rig, peer):
            os.sched_setaffinity(0, where)

    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=on_cores)
    if done.returncode:
        raise Failed(f"{peer.variant}: `{' '.join(command[:2])}`: {done.stderr[-300:]}")
    return done.stdout
