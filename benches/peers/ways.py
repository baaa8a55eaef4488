"""How a figure is measured: each public function is a `how` of `measures.toml`. It is given the rig, a running peer, how
long to measure, and what the table says; it gives one figure in the table's unit."""

import json
import subprocess
import time

import load
from peers import LOAD, ROOT

MIB, GIB = 1 << 20, 1 << 30
IDLE_CONNECTIONS = 3000
IDLE_SECONDS = 6
SETTLE_SECONDS = 1
SAMPLE_SECONDS = 0.02


def closed_loop(rig, peer, seconds, connections, scheme="http", refused=False):
    """CPU a request, with each connection asking as soon as it was answered."""
    before = peer.process.cpu_seconds()
    requests = load.closed_loop(rig, peer, scheme, connections, seconds, refused=refused)
    return (peer.process.cpu_seconds() - before) / requests * 1e6


def handshakes(rig, peer, seconds):
    """CPU a connection, a full handshake and one GET on each."""
    return _cpu(rig, peer, "connect", "https", path="/0", connections=8, threads=8, requests=2500 * seconds) * 1e6


def bulk(rig, peer, seconds, command, mebibytes, scheme="http"):
    """CPU a GiB of bodies, on four connections."""
    requests = max(8, seconds * 1024 // mebibytes)
    size = {"size": mebibytes * MIB} if command == "put" else {}
    cost = _cpu(
        rig, peer, command, scheme, path=f"/{mebibytes}m", connections=4, threads=4, requests=requests, **size
    )
    return cost * GIB / (mebibytes * MIB)


def turns(rig, peer, seconds, connections):
    """CPU a request on many connections that are used in turn, ten times each at least; opening them counts."""
    threads = min(32, connections)
    options = {"path": "/4k", "connections": connections, "threads": threads}
    return _cpu(rig, peer, "get", "http", requests=max(10_000 * seconds, 10 * connections), **options) * 1e6


def parts(rig, peer, seconds, uploads):
    """CPU a part, of any of so many uploads that the gate saw begin."""
    if peer.uploads < uploads:
        load.tool(rig, peer, "begin", requests=uploads, connections=32, threads=32)
        peer.uploads = uploads
    cost = _cpu(rig, peer, "parts", "http", size=uploads, connections=32, threads=32, requests=30_000 * seconds)
    return cost * 1e6


def added_latency(rig, peer, seconds, per_second):
    """The median latency at a constant rate, less that without a proxy."""
    options = {"connections": 16, "per_second": per_second, "seconds": 2 * seconds}
    through = load.tool(rig, peer, "rate", **options)["p50"]
    direct = load.tool(rig, peer, "rate", port=rig.origin_port, **options)["p50"]
    return through - direct


def idle_memory(rig, peer, _seconds, scheme="http"):
    """KiB of a connection that has had one exchange and has been quiet since."""
    before = _settled_kib(rig, peer)
    command = load.tool_command(rig, peer, "hold", scheme, connections=IDLE_CONNECTIONS)
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        held = json.loads(holder.stdout.readline() or "{}").get("ok")
        if held != IDLE_CONNECTIONS:
            raise load.Failed(f"{peer.variant}: {held} of {IDLE_CONNECTIONS} connections are held")
        time.sleep(IDLE_SECONDS)
        return (peer.process.resident_kib() - before) / IDLE_CONNECTIONS
    finally:
        holder.stdin.close()
        holder.wait()


def streaming_memory(rig, peer, _seconds):
    """KiB at the most while 5 GiB pass, above what there was after small answers. The kernel's own peak is too coarse:
    it may be off by a quarter of a mebibyte."""
    before = most = _settled_kib(rig, peer)
    command = load.tool_command(rig, peer, "get", "http", path="/5g", requests=1)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as reader:
        while reader.poll() is None:
            most = max(most, peer.process.resident_kib())
            time.sleep(SAMPLE_SECONDS)
        if json.loads(reader.stdout.read() or "{}").get("bytes") != 5 * GIB:
            raise load.Failed(f"{peer.variant}: 5 GiB did not pass")
    return most - before


def instructions(rig, _peer, _seconds):
    """Thousand user instructions a request."""
    command = [ROOT / "benches/instructions", "--json", "--case", "get-4k", "--load", LOAD, "--program", rig.obsgate]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)["get-4k"] / 1000


def _settled_kib(rig, peer):
    """The memory after a few requests, once what is set up at start is there."""
    load.tool(rig, peer, "get", path="/4k", requests=100)
    time.sleep(SETTLE_SECONDS)
    return peer.process.resident_kib()


def _cpu(rig, peer, command, scheme, requests, **options):
    """CPU seconds a request of the load."""
    before = peer.process.cpu_seconds()
    done = load.tool(rig, peer, command, scheme, requests=int(requests), **options)
    return (peer.process.cpu_seconds() - before) / done["ok"]
