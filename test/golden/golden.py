"""Golden tables of SNMP devices, made with the programs of Net-SNMP and nothing of this project.

Usage: golden.py 1|2c COMMUNITY ADDRESS:PORT...
Writes one JSON object: place -> table. Numbers come from `snmpget` and `snmpwalk` (version 1) or
`snmpbulkwalk` only.

Rules of the table, in this file's own words:
- uptime      sysUpTime (null where absent) and the other clocks that the device has, as they are;
              a negative snmpEngineTime is no time and left out.
- physical    ifType is 6, 62, 69 or 117, and ifConnectorPresent is not 2 (false): Windows lists
              its filter drivers as Ethernet rows without a connector.
- oper, admin 1 is up, 2 is down, anything else "other".
- speed_mbps  ifSpeed / 1,000,000. Where ifSpeed is absent, 0 or 4294967295, and where ifHighSpeed
              is more than ifSpeed can hold, ifHighSpeed. ifHighSpeed of 0 or above 1,600,000 (some
              switches give bit/s) is not believed. Nothing left means unknown: null.
- duplex      dot3StatsDuplexStatus of physical ports: 2 half, 3 full, else unknown; null without.
- half_up     the ports that are half and up: those alone are a fault.
- has_64_bit  the port has ifHCInOctets. octets is the input counter of that width.
- errors      ifInErrors, ifOutErrors, ifInDiscards, ifOutDiscards; null where absent.
- EtherLike   dot3StatsTable of physical ports only; null where absent.
- texts       bytes of ifName, ifDescr, ifAlias, sysName and sysDescr in hexadecimal, at most 255;
              ifPhysAddress as a MAC address where it has 6 bytes that are not all 0.
"""

import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

IF_ENTRY = "1.3.6.1.2.1.2.2.1"
IF_X_ENTRY = "1.3.6.1.2.1.31.1.1.1"
DOT3_ENTRY = "1.3.6.1.2.1.10.7.2.1"
PHYSICAL = {6, 62, 69, 117}
SPEED_IS_HIGH = 4294967295
HIGH_SPEED_MBPS_MAX = 1_600_000
TEXT_BYTES_MAX = 255
SCALARS = {
    "sysUpTime": "1.3.6.1.2.1.1.3.0",
    "snmpEngineBoots": "1.3.6.1.6.3.10.2.1.2.0",
    "snmpEngineTime": "1.3.6.1.6.3.10.2.1.3.0",
    "hrSystemUptime": "1.3.6.1.2.1.25.1.1.0",
    "ifTableLastChange": "1.3.6.1.2.1.31.1.5.0",
}
TEXTS = {"sys_name": "1.3.6.1.2.1.1.5.0", "sys_descr": "1.3.6.1.2.1.1.1.0"}
# No MIB files, numeric OIDs, bare numbers for enumerations and ticks, every string in hex.
OPTIONS = ["-m", "", "-OnetUx", "-t", "5", "-r", "1"]
ROW = re.compile(r"^\.([0-9.]+) = (.*)$")
HEX_LINE = re.compile(r"^([0-9A-F]{2} ?)+$")


def lines(program, asked, *oids):
    version, community, place = asked
    command = [program, f"-v{version}", *OPTIONS, "-c", community, place, *oids]
    done = subprocess.run(command, capture_output=True, check=False, encoding="latin1")
    # Version 1 calls a missing object an error, and snmpget then asks for the others alone.
    if done.returncode != 0 and version != "1":
        raise SystemExit(f"{program} {place}: {done.stderr.strip()}")
    rows = []
    for line in done.stdout.split("\n"):
        if ROW.match(line):
            rows.append(line)
        elif rows and HEX_LINE.match(line):
            # Long strings continue on the next line.
            rows[-1] += " " + line
    return [ROW.match(row).groups() for row in rows]


def value(text):
    """A number, the hex of a string, or None for anything else."""
    if text.startswith("No Such") or text.startswith("No more"):
        return None
    if text.startswith("Hex-STRING:"):
        return text[len("Hex-STRING:"):].replace(" ", "").lower()
    if text.strip() == '""':
        return ""
    number = re.fullmatch(r"(?:(?:INTEGER|Counter32|Gauge32|Counter64): )?(-?\d+)", text.strip())
    return int(number.group(1)) if number else None


def get(asked, oids):
    found = {oid: value(text) for oid, text in lines("snmpget", asked, *oids)}
    return {oid: found.get(oid) for oid in oids}


def table(asked, entry):
    """column -> ifIndex -> value"""
    columns = {}
    program = "snmpwalk" if asked[0] == "1" else "snmpbulkwalk"
    for oid, text in lines(program, asked, entry):
        arcs = oid[len(entry) + 1:].split(".")
        read = value(text)
        if oid.startswith(entry + ".") and len(arcs) == 2 and read is not None:
            columns.setdefault(int(arcs[0]), {})[int(arcs[1])] = read
    return columns


def state(number):
    return {1: "up", 2: "down"}.get(number, "other")


def speed_mbps(speed, high):
    if high is None or not 0 < high <= HIGH_SPEED_MBPS_MAX:
        high = None
    if speed in (None, 0, SPEED_IS_HIGH):
        return high
    if high is not None and high * 1_000_000 > SPEED_IS_HIGH:
        return high
    return speed / 1_000_000


def port(basic, extra, dot3, index):
    def cell(table, column):
        return table.get(column, {}).get(index)

    physical = cell(basic, 3) in PHYSICAL and cell(extra, 17) != 2

    def ether(column):
        return cell(dot3, column) if physical else None

    octets = cell(extra, 6) if cell(extra, 6) is not None else cell(basic, 10)
    duplex = ether(19)
    return {
        "physical": physical,
        "oper": state(cell(basic, 8)),
        "admin": state(cell(basic, 7)),
        "speed_mbps": speed_mbps(cell(basic, 5), cell(extra, 15)),
        "duplex": None if duplex is None else {2: "half", 3: "full"}.get(duplex, "unknown"),
        "has_64_bit": cell(extra, 6) is not None,
        "octets": None if octets is None else str(octets),
        "in_errors": cell(basic, 14),
        "out_errors": cell(basic, 20),
        "in_discards": cell(basic, 13),
        "out_discards": cell(basic, 19),
        "alignment_errors": ether(2),
        "fcs_errors": ether(3),
        "late_collisions": ether(8),
        "excessive_collisions": ether(9),
        "last_change_ticks": cell(basic, 9),
        "discontinuity_ticks": cell(extra, 19),
    }


def ports(basic, extra, dot3):
    """Every ifIndex of ifTable and ifXTable."""
    rows = {index for table in (basic, extra) for column in table.values() for index in column}
    return {str(index): port(basic, extra, dot3, index) for index in sorted(rows)}


def texts(basic, extra):
    columns = {"if_name": extra.get(1), "if_descr": basic.get(2), "if_alias": extra.get(18)}
    result = {}
    for name, column in columns.items():
        for index, text in (column or {}).items():
            result.setdefault(str(index), {})[name] = text[:2 * TEXT_BYTES_MAX]
    for index, mac in basic.get(6, {}).items():
        if len(mac) == 12 and mac != "000000000000":
            result.setdefault(str(index), {})["mac"] = ":".join(re.findall("..", mac))
    return result


def device(asked):
    clocks = get(asked, list(SCALARS.values()))
    named = get(asked, list(TEXTS.values()))
    basic, extra, dot3 = (table(asked, e) for e in (IF_ENTRY, IF_X_ENTRY, DOT3_ENTRY))
    rows = ports(basic, extra, dot3)
    found = {name: clocks[oid] for name, oid in SCALARS.items() if clocks[oid] is not None}
    if found.get("snmpEngineTime", 0) < 0:
        del found["snmpEngineTime"]
    half_up = [int(i) for i, row in rows.items() if (row["duplex"], row["oper"]) == ("half", "up")]
    return {
        "uptime": {"sysUpTime": None, **found},
        "system": {
            name: named[oid][:2 * TEXT_BYTES_MAX]
            for name, oid in TEXTS.items()
            if named[oid] is not None
        },
        "ports": rows,
        "half_up": half_up,
        "texts": texts(basic, extra),
    }


def main():
    version, community, *places = sys.argv[1:]
    with ThreadPoolExecutor(max_workers=4) as pool:
        tables = pool.map(lambda place: device((version, community, place)), places)
        json.dump(dict(zip(places, tables)), sys.stdout)


main()
