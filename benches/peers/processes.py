"""Processes: started on chosen cores, and what they have cost so far by what the kernel says of them."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

START_SECONDS = 20
STOP_SECONDS = 5
TICK = os.sysconf("SC_CLK_TCK")


class Process:
    """A program in the foreground, with all its descendants."""

    def __init__(self, command, output, cores=None, ports=()):
        def on_cores():
            if cores:
                os.sched_setaffinity(0, cores)

        with open(output, "wb") as log:
            self.child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, preexec_fn=on_cores
            )
        for port in ports:
            self._wait_for(port, output)

    def _wait_for(self, port, output):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.child.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                return
            except OSError:
                time.sleep(0.02)
        self.stop()
        raise RuntimeError(f"`{self.child.args[0]}` does not listen on port {port}: {Path(output).read_text()[-500:]}")

    def family(self):
        """The process and its descendants."""
        found = [self.child.pid]
        for pid in found:
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                try:
                    found += map(int, children.read_text().split())
                except OSError:
                    pass
        return found

    def cpu_seconds(self):
        """User and system time, to a hundredth of a second."""
        ticks = 0
        for pid in self.family():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / TICK

    def resident_kib(self):
        """What it has in memory; pages that a family shares count once."""
        return sum(_proportional_kib(pid) for pid in self.family())

    def stop(self):
        family = self.family()
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            for pid in family:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            self.child.wait()


def _proportional_kib(pid):
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    raise RuntimeError(f"the kernel does not tell the memory of process {pid}")
