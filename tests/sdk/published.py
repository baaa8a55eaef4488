"""What the published rows demand, under the profile `strict`: wherever a document demands it."""

import csv
from pathlib import Path

ROWS = Path(__file__).resolve().parents[1] / "data" / "seed-rows.csv"

ENCRYPTION_OF_TABLE = {"SSE-C": "sse-c", "SSE-KMS": "sse-kms"}


def rows():
    with ROWS.open(newline="") as file:
        return list(csv.DictReader(file))


def demands(operation, source, target):
    """Whether HTTPS and whether V4 is demanded. `source` is the copy's; elsewhere it is None."""
    https = v4 = False
    for row in rows():
        row_target = row["target"] or ENCRYPTION_OF_TABLE[row["table"]]
        if (row["operation"], row_target, row["source"] or None) == (operation, target, source):
            https |= row["protocols"] == "https"
            v4 |= row["auth"] == "v4"
    if "sse-c" in (source, target):
        https = True
    return https, v4


def expectation(operation, source, target, scheme, signature):
    """None when it is allowed; else the code of the refusal and what its message names. Transport goes first."""
    https, v4 = demands(operation, source, target)
    if https and scheme == "http":
        return "InvalidRequest", "secure connection"
    if v4 and signature != "v4":
        return "InvalidArgument", "Signature Version 4"
    return None
