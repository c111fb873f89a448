"""Slots of one device from batches alone, as docs/formats/batch.md ("From ticks to slots") and
docs/formats/targets.md ("When it holds") say."""
import re
from array import array

from read_evidence import need

WORST_FIRST = "lxnar"
FUTURE_MAX_MS = 60_000
CLOSE_LAG_MAX_MS = 3_600_000
ISSUED_EARLY_MAX_MS = 24 * 3_600_000
OFFSET_CHANGE_MAX_MS = 1_000
MINUTE_MS = 60_000


def expand_indexes(value):
    """`0-3,60` or [0, 1, 2, 3, 60] as a list of indexes."""
    if isinstance(value, list):
        return value
    out = []
    for part in value.split(",") if value else []:
        first, _, last = part.partition("-")
        out.extend(range(int(first), int(last or first) + 1))
    return out


def expand_runs(text, ticks):
    """`r12n3` as `rrrr…nnn`; one spelling only."""
    need(re.fullmatch("(?:[ranxl][1-9][0-9]*)+", text) is not None, "SECTION_RUNS " + text[:40])
    runs = [(code, int(count)) for code, count in re.findall("([a-z])([0-9]+)", text)]
    need(all(a[0] != b[0] for a, b in zip(runs, runs[1:])), "SECTION_RUNS: a letter twice")
    need(sum(count for _, count in runs) == ticks, "SECTION_TICKS")
    return "".join(code * count for code, count in runs)


def slot_interval(target):
    """The interval of the reachability probe; None: no slots."""
    probe = target["reachability"]
    entry = None if probe == "none" else target["probes"].get(probe)
    if isinstance(entry, list):
        entry = entry[0] if entry else None
    return None if entry is None else entry["interval_ms"]


class Window:
    """One grid of a device, from the minute in which a list with it held."""

    def __init__(self, agent, target, from_ms, first):
        self.agent, self.device, self.probe = agent, target["code"], target["reachability"]
        self.interval = slot_interval(target)
        self.from_ms, self.to_ms, self.first = from_ms, None, first
        self.base, self.codes, self.batches = 0, None, None

    def asks(self, target):
        return (self.probe, self.interval) == (target["reachability"], slot_interval(target))

    def keep(self, from_ms, to_ms):
        """Makes room for the slots that touch the period."""
        self.base = from_ms // self.interval
        size = -(-to_ms // self.interval) - self.base
        self.codes = bytearray(b"-" * size)
        self.batches = array("L", bytes(array("L").itemsize * size))

    def next(self, closed_ms):
        return max(self.first, closed_ms // self.interval)


class AgentSlots:
    """What one agent says about one device."""

    def __init__(self, agent, device, period, inside_ms):
        """`inside_ms`: a first batch known to a moment before it stands inside a history."""
        self.agent, self.device, self.period = agent, device, period
        self.inside_ms, self.resumed = inside_ms, False
        self.lists, self.in_force, self.targets = {}, None, []
        self.given, self.windows, self.old = [], [], {}
        self.epoch, self.closed_ms, self.applied = 0, None, None
        self.run, self.pending, self.headers = None, [], []

    def give_list(self, digest, targets):
        if digest not in self.lists:
            self.lists[digest] = targets
            self.given.append(targets)

    def enrol(self, epoch):
        if epoch > self.epoch:
            self.epoch, self.run, self.pending = epoch, None, []

    def batch(self, header, sections, recv_ms):
        """Takes a batch that follows the one before it; `sections` is name -> JSON or None."""
        self.enrol(header["epoch"])
        self.headers.append((header["epoch"], header["seq"]))
        self.use_clock(header)
        for event in header["events"]:
            if event["code"] == "list_applied" and "utc_ms" in event and "value" in event:
                self.applied = (event["value"], event["utc_ms"])
        one = {"list": header["list"], "recv_ms": recv_ms, "number": len(self.headers)}
        one["series"] = [part for said in sections.values() if said for part in said["series"]]
        one["closed_ms"], one["applied_ms"] = header["closed_to_ms"], None
        if self.applied is not None and self.applied[0] == header["list"]["version"]:
            one["applied_ms"] = self.applied[1]
        _, _, offset, synchronised = self.run
        if len(self.headers) == 1 and self.inside_ms is not None and synchronised:
            to_ms = header["closed_to_ms"]
            self.resumed = recv_ms >= to_ms - FUTURE_MAX_MS and to_ms < self.inside_ms
            if self.resumed and one["applied_ms"] is None and not self.carrying(one):
                one["applied_ms"] = to_ms // MINUTE_MS * MINUTE_MS
        if not synchronised:
            self.wait(one, header, offset)
            return
        for held, then in self.pending:
            for name in ("closed_ms", "applied_ms"):
                if held[name] is not None:
                    held[name] = None if then is None else held[name] - then + offset
            self.place(held, offset)
        self.pending = []
        self.place(one, offset)

    def wait(self, one, header, offset):
        """Nothing can be placed before the boot has a synchronised clock."""
        if any(event["code"] == "suspend" for event in header["events"]):
            self.pending, one["series"] = [], []
        self.pending.append((one, offset))

    def use_clock(self, header):
        if self.run is not None and self.run[0] != header["boot"]:
            self.pending = []
        if self.run is None or self.run[:2] != (header["boot"], header["run"]):
            self.run = (header["boot"], header["run"], None, False)
        boot, run, offset, synchronised = self.run
        samples = [(item["wall_ms"] - item["mono_ms"], item["sync"]) for item in header["clock"]]
        good = [value for value, sync in samples if sync]
        if synchronised:
            good = [value for value in good if abs(value - offset) <= OFFSET_CHANGE_MAX_MS]
        elif not good and offset is None and samples:
            offset = samples[0][0]
        if good:
            offset, synchronised = good[-1], True
        self.run = (boot, run, offset, synchronised)

    def place(self, one, offset):
        series = self.carrying(one)
        if not self.use_list(one, series, offset):
            series = []
        if self.closed_ms is None:
            return
        last, fresh, mine = None, {}, None
        for target, part, text, n0 in series:
            window = self.targets[target]
            if window is None or window.interval != part["i"] or window.probe != part["probe"]:
                continue
            i, sent = part["i"], part["t0"] + n0 * part["i"] + offset
            room = min(len(text), (one["recv_ms"] + FUTURE_MAX_MS - sent) // i + 1)
            first = max(0, window.next(self.closed_ms) - sent // i)
            if first < room:
                end = sent + (room - 1) * i
                last = end if last is None else max(last, end)
            if window.device == self.device:
                mine = window
                for j in range(first, room):
                    slot, code = sent // i + j, text[j]
                    held = fresh.get(slot)
                    if held is None or WORST_FIRST.index(code) < WORST_FIRST.index(held):
                        fresh[slot] = code
        if mine is not None:
            self.fill(mine, fresh, one["number"])
        closed = one["closed_ms"]
        if closed is None or closed > one["recv_ms"] + FUTURE_MAX_MS:
            closed = self.closed_ms
        behind = self.closed_ms if last is None else last - CLOSE_LAG_MAX_MS
        self.closed_ms = max(self.closed_ms, closed, behind)

    @staticmethod
    def fill(window, fresh, number):
        for slot, code in fresh.items():
            at = slot - window.base
            if 0 <= at < len(window.codes) and window.codes[at] == ord("-"):
                window.codes[at], window.batches[at] = ord(code), number

    def carrying(self, one):
        """(target, part, codes, first tick) of the series that carry states under its list."""
        known = self.named(one["list"])
        if known is None:
            return []
        probes = [target["reachability"] for target in known["targets"]]
        out = []
        for part in one["series"]:
            for target, text in zip(expand_indexes(part["targets"]), part["s"]):
                if part.get("check", 0) == 0 and probes[target] == part["probe"]:
                    out.append((target, part, expand_runs(text, part["n"]), part["n0"]))
        return out

    def named(self, named):
        known = self.lists.get(named["hash"])
        if known is None or known["version"] != named["version"]:
            return None
        old = self.in_force
        return known if old is None or known is old or known["version"] > old["version"] else None

    def use_list(self, one, series, offset):
        known = self.named(one["list"])
        if known is None or known is self.in_force:
            return known is not None
        if one["applied_ms"] is None and not series:
            return True
        begins = [part["t0"] + n0 * part["i"] + offset for _, part, _, n0 in series]
        said = min(begins) if one["applied_ms"] is None else one["applied_ms"]
        from_ms = said // MINUTE_MS * MINUTE_MS
        if from_ms > one["recv_ms"] + FUTURE_MAX_MS:
            from_ms = one["recv_ms"] // MINUTE_MS * MINUTE_MS
        if self.closed_ms is None:
            issued = known["issued_ms"] // MINUTE_MS * MINUTE_MS
            from_ms = max(from_ms, issued - ISSUED_EARLY_MAX_MS)
            self.closed_ms = from_ms
        elif from_ms < self.closed_ms:
            from_ms = -(-self.closed_ms // MINUTE_MS) * MINUTE_MS
        self.apply(known, from_ms)
        return True

    def apply(self, known, from_ms):
        before = {window.device: window for window in self.targets if window is not None}
        stay, targets = set(), []
        for target in known["targets"]:
            interval, old = slot_interval(target), before.get(target["code"])
            if not target["own"] or interval is None:
                targets.append(None)
            elif old is not None and old.asks(target):
                stay.add(old.device)
                targets.append(old)
            else:
                targets.append(self.begin(known, target, interval, from_ms))
        for device, window in before.items():
            if device not in stay:
                window.to_ms = from_ms
        self.in_force, self.targets = known, targets

    def brought_ms(self, known, target):
        """When the list was issued since which the target is asked alike."""
        asked = ("code", "own", "reachability")
        issued_ms = known["issued_ms"]
        for older in reversed(self.given[: self.given.index(known)]):
            same = [
                one
                for one in older["targets"]
                if all(one[name] == target[name] for name in asked)
                and slot_interval(one) == slot_interval(target)
            ]
            if not same:
                break
            issued_ms = older["issued_ms"]
        return issued_ms // MINUTE_MS * MINUTE_MS

    def begin(self, known, target, interval, from_ms):
        """A new grid begins behind the last slot of the device's old one."""
        old, first = self.old.get(target["code"]), from_ms // interval
        if old is not None:
            end = from_ms if old.to_ms is None else old.to_ms
            end = -(-end // old.interval) * old.interval
            first = max(first, -(-end // interval))
        window = Window(self.agent, target, from_ms, first)
        if self.resumed and self.in_force is None:
            window.from_ms = min(from_ms, self.brought_ms(known, target))
        self.old[window.device] = window
        if window.device == self.device:
            window.keep(*self.period)
            self.windows.append(window)
        return window


def owned(windows, from_ms, to_ms):
    """(window, from, to): of two agents the one whose window began last, then by its code."""
    edges = {from_ms, to_ms}
    for window in windows:
        edges.update({window.from_ms, to_ms if window.to_ms is None else window.to_ms})
    cuts, out = sorted(edges), []
    for begin, end in zip(cuts, cuts[1:]):
        having = [
            window
            for window in windows
            if window.from_ms <= begin and (window.to_ms is None or window.to_ms >= end)
        ]
        if having:
            owner = max(having, key=lambda window: (window.from_ms, window.agent))
            if out and out[-1][0] is owner:
                out[-1] = (owner, out[-1][1], end)
            else:
                out.append((owner, begin, end))
    return out


def device_slots(agents, from_ms, to_ms):
    """Counts and runs of the device's slots in [from_ms, to_ms); `-` is a slot without a tick."""
    windows = [window for agent in agents.values() for window in agent.windows]
    counts, runs, done = {}, [], 0
    for window, begin, end in owned(windows, from_ms, to_ms):
        i = window.interval
        first = -(-max(from_ms, begin // i * i, done) // i)
        for slot in range(first, -(-min(end, to_ms) // i)):
            at = slot - window.base
            code = chr(window.codes[at])
            counts[code] = counts.get(code, 0) + 1
            last = runs[-1] if runs else None
            if last is not None and (last["agent"], last["code"]) == (window.agent, code):
                if last["from_ms"] + last["slots"] * last["interval_ms"] == slot * i:
                    if last["interval_ms"] == i:
                        last["slots"] += 1
                        continue
            run = {"from_ms": slot * i, "interval_ms": i, "slots": 1, "code": code}
            number = window.batches[at]
            epoch, seq = agents[window.agent].headers[number - 1] if number else (None, None)
            runs.append({**run, "agent": window.agent, "epoch": epoch, "seq": seq})
        done = max(done, -(-min(end, to_ms) // i) * i)
    return {"counts": counts, "runs": runs}
