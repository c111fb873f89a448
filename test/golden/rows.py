"""Whether a server gives every row of a recording as it stands in the file.

Usage: rows.py COMMUNITY ADDRESS:PORT=FILE...
Reads the whole device with `snmpbulkwalk`, reads the file with a reader of its own, and writes
JSON: file -> { rows, wrong }, where wrong lists at most ten OIDs that differ in type or value.
"""

import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

OPTIONS = ["-v2c", "-m", "", "-OnetUx", "-t", "5", "-r", "1", "-Cr50"]
ROW = re.compile(r"^\.([0-9.]+) = (.*)$")
HEX_LINE = re.compile(r"^([0-9A-F]{2} ?)+$")
NAMES = {"2": "INTEGER: ", "65": "Counter32: ", "66": "Gauge32: ", "67": "", "70": "Counter64: "}


def served(community, place):
    rows = []
    done = subprocess.run(["snmpbulkwalk", *OPTIONS, "-c", community, place, ".1"],
                          capture_output=True, check=True, encoding="latin1")
    for line in done.stdout.split("\n"):
        if ROW.match(line):
            rows.append(line)
        elif rows and HEX_LINE.match(line):
            rows[-1] += " " + line
    return {oid: re.sub(r"\s+", " ", text).strip()
            for oid, text in (ROW.match(row).groups() for row in rows)
            if not text.startswith("No more variables")}


def expected(tag, text):
    """The value as Net-SNMP prints it, or None where the file leaves it open."""
    if ":" in tag:
        return None
    kind = tag.rstrip("x")
    raw = bytes.fromhex(text.decode("ascii")) if tag.endswith("x") else text
    if kind == "4":
        return "Hex-STRING: " + raw.hex(" ").upper() if raw else '""'
    if kind == "64":
        return "IpAddress: " + (".".join(map(str, raw)) if tag.endswith("x") else raw.decode())
    if kind == "6":
        return "OID: ." + text.decode("ascii")
    return NAMES[kind] + text.decode("ascii")


def recorded(file):
    rows = {}
    with open(file, "rb") as source:
        for line in source.read().split(b"\n"):
            oid, _, rest = line.rstrip(b"\r").partition(b"|")
            tag, _, text = rest.partition(b"|")
            if re.fullmatch(rb"[0-9.]+", oid):
                rows[oid.decode()] = expected(tag.decode(), text)
    return rows


def check(community, pair):
    place, file = pair.split("=", 1)
    got, want = served(community, place), recorded(file)
    wrong = [oid for oid in sorted({*got, *want})
             if oid not in got or oid not in want or want[oid] not in (None, got[oid])]
    return file, {"rows": len(got), "wrong": wrong[:10]}


def main():
    community, *pairs = sys.argv[1:]
    # Reading the files takes as long as serving them does; the two share the time.
    with ThreadPoolExecutor(max_workers=2) as pool:
        json.dump(dict(pool.map(lambda pair: check(community, pair), pairs)), sys.stdout)


main()
