"""The machine: what it is, and what else it did while figures were taken."""

import os
import time
from pathlib import Path

NOISY = 0.05
TICK = os.sysconf("SC_CLK_TCK")


def cpu_model():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), os.uname().machine)


def congestion_control():
    """How the kernel's TCP keeps to what a path takes: large bodies cost a third more under `bbr` than under `cubic`."""
    return Path("/proc/sys/net/ipv4/tcp_congestion_control").read_text().strip()


class Quiet:
    """The CPU time that none of our processes took; `origin` outlives every measure."""

    def __init__(self, origin):
        self.origin = origin
        self.began = self._now()

    def told(self):
        began, busy, stolen, own = (now - then for now, then in zip(self._now(), self.began))
        whole = began * (os.cpu_count() or 1)
        other, stolen = max(0.0, busy - own) / whole, stolen / whole
        noisy = " **Noisy: others were at work on this machine.**" if other + stolen > NOISY else ""
        return f"Others took {other:.0%} of the machine, its host {stolen:.0%}.{noisy}"

    def _now(self):
        line = Path("/proc/stat").read_text().splitlines()[0]
        user, nice, system, _idle, _wait, irq, softirq, stolen = map(int, line.split()[1:9])
        own = sum(os.times()[:4]) + self.origin.cpu_seconds()
        return time.monotonic(), (user + nice + system + irq + softirq) / TICK, stolen / TICK, own
