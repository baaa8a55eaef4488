"""What the published rows demand under `strict`: whatever any document demands. Deliberately naive."""

import csv
import functools
from pathlib import Path

ROWS = Path(__file__).resolve().parents[1] / "data" / "seed-rows.csv"

ENCRYPTIONS = ("none", "sse-kms", "sse-obs", "sse-c")
ENCRYPTION_OF_TABLE = {"SSE-C": "sse-c", "SSE-KMS": "sse-kms"}

# SSE-C without a customer key in the request: the upload has fixed it.
WITHOUT_KEY = {"CompleteMultipartUpload"}

INSECURE = ("InvalidRequest", "secure connection")
NOT_V4 = ("InvalidArgument", "Signature Version 4")


@functools.cache
def rows():
    with ROWS.open(newline="") as file:
        return list(csv.DictReader(file))


def operations():
    """Every operation that a row names."""
    return {row["operation"] for row in rows()}


def pairs(operation):
    """Every pair of source and target that some document has a row for."""
    found = {(row["source"], row["target"]) for row in rows() if row["operation"] == operation}
    return sorted(found)


def demands(operation, target, source=None):
    """Whether HTTPS and whether V4 is demanded. `source` is the copy's; elsewhere it is None."""
    https = v4 = False
    for document in {row["seed"] for row in rows()}:
        about = [
            row
            for row in rows()
            if row["seed"] == document
            and row["operation"] == operation
            and (row["target"] or ENCRYPTION_OF_TABLE[row["table"]]) == target
        ]
        matching = [row for row in about if (row["source"] or None) == source]
        # A document that demands the same for every source it knows demands it for one that it does not know.
        if not matching and len({(row["protocols"], row["auth"]) for row in about}) == 1:
            matching = about
        for row in matching:
            https |= row["protocols"] == "https"
            v4 |= row["auth"] == "v4"
    if "sse-c" in (source, target) and operation not in WITHOUT_KEY:
        https = True
    return https, v4


def expectation(operation, target, client, source=None):
    """None when it is allowed; else the code of the refusal and what its message names. Transport goes first."""
    https, v4 = demands(operation, target, source)
    if https and client.scheme == "http":
        return INSECURE
    if v4 and client.version != "v4":
        return NOT_V4
    return None
