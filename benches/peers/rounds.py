"""Alternating rounds: in each round every peer of a measure is measured once, in a new order, so that what disturbs the
machine disturbs all of them; a ratio is taken within its round."""

import random
import statistics
import sys
import tomllib
from dataclasses import dataclass, field

import load
import ways
from peers import HERE

ATTEMPTS = 2


@dataclass
class Effort:
    """How much of a machine's time a figure is worth."""

    rounds: int
    memory_rounds: int
    seconds: int


QUICK = Effort(rounds=3, memory_rounds=1, seconds=1)
FULL = Effort(rounds=5, memory_rounds=3, seconds=3)
SCALE = Effort(rounds=3, memory_rounds=1, seconds=3)


@dataclass
class Result:
    """A measure or a step of a scale, with each peer's figures round by round."""

    line: dict
    figures: dict = field(default_factory=dict)

    def median(self, variant):
        return statistics.median(self.figures[variant])

    def ratios(self, variant, other):
        return [one / another for one, another in zip(self.figures[variant], self.figures[other])]


def table():
    """The lines of `measures.toml`."""
    return tomllib.loads((HERE / "measures.toml").read_text())


def gate_of(line):
    return line.get("gate", "obsgate")


def measure(rig, line, effort):
    """All rounds of one line of the table."""
    variants = [gate_of(line)]
    variants += [bound["than"] for bound in line["bounds"] if "than" in bound]
    variants += line.get("beside", [])
    rounds = 1 if line.get("once") else effort.memory_rounds if line.get("fresh") else effort.rounds
    rounds *= line.get("times", 1)
    return _rounds(rig, line, variants, line.get("with", {}), line.get("workers", 1), rounds, effort.seconds)


def scale(rig, line, effort):
    """A result for each step."""
    results = []
    for step in line["steps"]:
        given = line.get("with", {}) | step
        workers = given.pop("workers", 1)
        results.append(_rounds(rig, line | {"step": step}, line["peers"], given, workers, effort.rounds, effort.seconds))
    return results


def _rounds(rig, line, variants, given, workers, rounds, seconds):
    result = Result(line, {variant: [] for variant in variants})
    way = getattr(ways, line["how"])
    running = {}
    try:
        for _ in range(rounds):
            for variant in random.sample(variants, len(variants)):
                if line.get("fresh") and variant in running:
                    running.pop(variant).process.stop()
                if variant not in running:
                    running[variant] = rig.start(variant, workers)
                result.figures[variant].append(_attempt(way, rig, running[variant], seconds, given))
    finally:
        for peer in running.values():
            peer.process.stop()
    return result


def _attempt(way, rig, peer, seconds, given):
    """A figure; a failed request ends the run only when it happens again."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return way(rig, peer, seconds, **given)
        except load.Failed as failure:
            print(f"  {failure}", file=sys.stderr)
            if attempt == ATTEMPTS:
                raise
