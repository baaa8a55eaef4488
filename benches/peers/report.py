"""The tables of `docs/performance.md`, between its markers."""

import re
from dataclasses import dataclass

from peers import title
from rounds import gate_of


@dataclass
class Verdict:
    """A bound held against what was measured."""

    ratio: str
    spread: str
    word: str
    missed: bool


def judge(result, bound):
    """Holds the median against the bound; where rounds fall on both sides of it, it says so."""
    gate = gate_of(result.line)
    if "than" in bound:
        figures = result.ratios(gate, bound["than"])
        figure = _middle(figures)
        ratio, spread = f"{figure:.2f}", f"{min(figures):.2f}–{max(figures):.2f}"
    else:
        figures = result.figures[gate]
        figure = _middle(figures)
        ratio, spread = "", f"{_number(min(figures))}–{_number(max(figures))}" if len(figures) > 1 else ""
    must, aim = bound.get("must"), bound.get("aim")
    limit = aim if must is None or (aim is not None and figure <= aim) else must
    missed = figure > limit
    word = "missed" if missed else "met" if limit == must else "aim met"
    if missed and must is None:
        word = "aim missed"
    if min(figures) <= limit < max(figures):
        word += ", within noise"
    return Verdict(ratio, spread, word, missed and must is not None)


def measures(results):
    """A line for each bound."""
    lines = [
        "| measure | obsgate | the other | ratio | rounds | must | aim | |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for result in results:
        line, gate = result.line, gate_of(result.line)
        for bound in line["bounds"]:
            verdict = judge(result, bound)
            own = f"{_number(result.median(gate))} {line['unit']}"
            other = f"{title(bound['than'])} {_number(result.median(bound['than']))}" if "than" in bound else ""
            limits = [f"≤ {_limit(bound[name], bound)}" if name in bound else "" for name in ("must", "aim")]
            cells = [line["name"], own, other, verdict.ratio, verdict.spread, *limits, verdict.word]
            lines.append(f"| {' | '.join(cells)} |")
        for variant in line.get("beside", []):
            ratio = ""
            if line["unit"] in ("µs", "s"):
                ratio = f"{_middle(result.ratios(gate, variant)):.2f}"
            own, other = f"{_number(result.median(gate))} {line['unit']}", f"{title(variant)} "
            lines.append(f"| {line['name']} | {own} | {other}{_number(result.median(variant))} | {ratio} | | | | |")
    return lines


def scales(results):
    """A line for each step, µs of CPU a request."""
    lines = ["| what grows | | obsgate | HAProxy | nginx |", "|---|---|---|---|---|"]
    for result in results:
        [step] = result.line["step"].values()
        cells = [_number(result.median(name)) if name in result.figures else "" for name in ("obsgate", "haproxy", "nginx")]
        lines.append(f"| {result.line['name']} | {step:,} | {' | '.join(cells)} |")
    return lines


def write(page, section, lines):
    """Puts the lines between the markers of a section."""
    begin, end = f"<!-- {section}: begin -->", f"<!-- {section}: end -->"
    text = page.read_text()
    if begin not in text or end not in text:
        raise SystemExit(f"`{page}` has no `{begin}` and `{end}`")
    block = "\n".join([begin, *lines, end])
    page.write_text(re.sub(f"(?s){re.escape(begin)}.*?{re.escape(end)}", lambda _: block, text))


def _middle(figures):
    figures = sorted(figures)
    half = len(figures) // 2
    return figures[half] if len(figures) % 2 else (figures[half - 1] + figures[half]) / 2


def _number(figure):
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.1f}" if figure >= 10 else f"{figure:.2f}"


def _limit(limit, bound):
    return f"{limit:.2f}" if "than" in bound else f"{limit:g}"
