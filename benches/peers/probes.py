"""The probes: whether all peers answer alike, without which no figure means anything."""

import http.client
import ssl
import tomllib

from peers import HERE

HOST = "bench.obs.example.com"


def check(peers):
    """Sends every probe to every peer over both schemes; gives how many were sent, and a line for each that was
    answered otherwise."""
    table = tomllib.loads((HERE / "probes.toml").read_text())
    sent, wrong = 0, []
    for probe in table["probe"]:
        for peer in peers:
            if peer.program in probe.get("unable", []):
                continue
            for scheme in ("http", "https"):
                sent += 1
                status = _status(peer.ports[scheme], scheme, probe, table["headers"])
                if status != probe[scheme]:
                    wrong.append(
                        f"{peer.variant}: {probe['name']} over {scheme}: {status} instead of {probe[scheme]}"
                    )
    return sent, wrong


def unable():
    """The probes that a program cannot answer, by program."""
    found = {}
    for probe in tomllib.loads((HERE / "probes.toml").read_text())["probe"]:
        for program in probe.get("unable", []):
            found.setdefault(program, []).append(probe["name"])
    return found


def _status(port, scheme, probe, sets):
    if scheme == "https":
        unverified = ssl._create_unverified_context()  # the certificate is of this run
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=unverified)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    method, target = probe["request"].split()
    connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
    connection.putheader("Host", probe.get("host", HOST))
    for name in probe["headers"]:
        for header in sets[name]:
            connection.putheader(*header.split(": ", 1))
    if method in ("PUT", "POST"):
        connection.putheader("Content-Length", "0")
    connection.endheaders()
    try:
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()
