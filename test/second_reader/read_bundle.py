#!/usr/bin/env python3
"""Reads a bundle with nothing but docs/formats, the Python standard library and `openssl`.

  read_bundle.py BUNDLE.zip [--device CODE] [--key VERIFIER_KEY]... [--every]

  --device CODE         also counts this device's slots of the period from the batches alone
  --key VERIFIER_KEY    a log's key that came another way; without one the keys in the bundle are
                        candidates, and the answer says so
  --every               every batch's signature; otherwise the last of each chain and one in 60:
                        the chain covers those between

It checks the container, the manifest, every digest, the head of each log and its first leaf, all
documents, every agent's chain, every section's hash, all inclusion and consistency proofs, and the
daily sums. It does not judge: states, causes and figures are for the verifier.

Prints one JSON object. Exit code 0: all of that holds; 1: it does not, the first reason is printed
instead; 2: wrong usage.
"""
import argparse
import base64
import json
import sys
import zlib
from datetime import date, timedelta
from pathlib import Path

# The folder of the tests stays as it is committed.
sys.dont_write_bytecode = True

from bundle_container import check_names, digest_hex, inflate, open_zip, read_daily, read_leaves
from bundle_container import read_proofs, read_records
from bundle_slots import AgentSlots, device_slots, expand_indexes, expand_runs, slot_interval
from read_evidence import BATCH_TYPE, TIME_MS_MAX, Mismatch, b64, document_hash, leaf_hash, need
from read_evidence import node_hash, note_key_hash, open_checkpoint, open_envelope, pae
from read_evidence import roots_by_consistency, sha256, verify

MANIFEST = "manifest.dsse.json"
PRIVATE = ("endpoints", "identity")
SIGNED_ONE_IN = 60
BEFORE_MS = 26 * 3_600_000
KEYLESS_REASONS = ("log_key_lost", "document_key_lost", "sentinel_missing", "sentinel_newer")
PERIOD_MAX_MS = 400 * 86_400_000
AGENTS_MAX = POLICY_LINES_MAX = 1_000
HEADER_MEMBERS = ("seen", "list", "boot", "run", "closed_to_ms", "clock", "events", "sections")


def split_hashes(data):
    need(len(data) % 32 == 0, "inclusion.bin ends inside a hash")
    return [data[at : at + 32] for at in range(0, len(data), 32)]


class Log:
    """One log of the bundle at its head; `after` is the next log, which was read before."""

    def __init__(self, files, number, keys, after):
        name = "logs/%d/%%s.txt" % number
        self.hashes = split_hashes(files["logs/%d/inclusion.bin" % number])
        note = files[name % "checkpoint"].decode()
        self.number, self.origin = number, note.split("\n")[0]
        need(self.origin in keys, "policy.txt names no key of " + self.origin)
        self.key = keys[self.origin]
        self.signed, root = open_checkpoint(note, self.origin, self.key)
        self.size, self.root = self.closed_at(after) or (self.signed, root)
        head = (self.origin, self.size)
        self.leaves = read_leaves(files[name % "leaves"], *head)
        title = "lanproof-consistency/v1"
        self.consistency = read_proofs(files[name % "consistency"], title, *head)
        self.days = read_daily(files[name % "daily"], *head)
        self.documents, self.opened, self.continued = {}, None, set()
        if self.size > self.signed:
            self.continues(self.signed, root)

    def closed_at(self, after):
        """The head that the next log names where this one's key was lost; None: it does not."""
        previous = (after and after.opened["previous"]) or {}
        behind = previous.get("log") == self.origin and 1 <= self.signed < previous["size"]
        if not behind or previous["reason"].split(":")[0] not in KEYLESS_REASONS:
            return None
        return None if after.key == self.key else (previous["size"], b64(previous["root"]))

    def take_documents(self, texts):
        """Every document hangs on a listed leaf of its own."""
        for index, leaf, _ in self.leaves:
            if leaf["kind"] == "batch":
                continue
            need((self.number, index) in texts, "document of leaf %d is missing" % index)
            self.documents[index] = (leaf, texts.pop((self.number, index)))

    def open(self):
        """Leaf 0 names the keys of the log."""
        leaf, text = self.documents.get(0, ({"kind": ""}, None))
        need(leaf["kind"] == "log-open", "log %d has no log-open at leaf 0" % self.number)
        need(document_hash(text) == b64(leaf["hash"]), "document hash of a log-open")
        claimed = json.loads(b64(json.loads(text)["payload"]))
        self.document_key = b64(claimed["document_key"])
        self.opened = json.loads(open_envelope(text, kind_type("log-open"), self.document_key))
        named = (self.opened["log"], b64(self.opened["log_key"]))
        need(named == (self.origin, self.key), "keys of log-open")

    def check_inclusion(self):
        """One proof of all listed leaves: what is not listed is there as hashes of whole parts."""
        leaves = [(index, leaf_hash(data)) for index, _, data in reversed(self.leaves)]
        hashes = self.hashes[::-1]

        def cover(low, high):
            if not leaves or leaves[-1][0] >= high:
                need(hashes != [], "log %d: inclusion.bin is too short" % self.number)
                return hashes.pop()
            if high - low == 1:
                return leaves.pop()[1]
            split = low + (1 << (high - low - 1).bit_length() - 1)
            return node_hash(cover(low, split), cover(split, high))

        root = cover(0, self.size)
        need(not leaves and not hashes, "log %d: inclusion.bin is too long" % self.number)
        need(root == self.root, "log %d: inclusion of the listed leaves" % self.number)

    def continues(self, size, root):
        """An older head of this log: the consistency proof leads from it to the bundle's."""
        need(size in self.consistency, "no consistency proof from size %d" % size)
        path = self.consistency[size]
        found = roots_by_consistency(root, size, self.size, path)
        need(found == (root, self.root), "log %d does not continue size %d" % (self.number, size))
        self.continued.add(size)


def read_policy(text, trusted):
    """origin -> log key; `trusted` are verifier keys that came another way."""
    keys = {}
    need(text.count("\n") <= POLICY_LINES_MAX, "policy.txt: lines")
    for line in text.splitlines():
        if not line.startswith("log "):
            continue
        # The base64 part may hold plus signs; name and key hash never do.
        name, hash_hex, encoded = line[4:].split("+", 2)
        raw = b64(encoded)
        need(len(raw) == 33 and raw[0] == 1, "policy.txt: type of a log key")
        need(note_key_hash(name, raw[1:]).hex() == hash_hex, "policy.txt: key hash of " + name)
        need(not trusted or line[4:] in trusted, "the log key in policy.txt is another one")
        keys[name] = raw[1:]
    need(keys != {}, "policy.txt names no log")
    return keys


def read_texts(files):
    """(log, leaf) -> envelope of every document."""
    texts = {}
    for line in files["documents.ndjson"].decode().split("\n")[:-1]:
        item = json.loads(line)
        need(list(item) == ["log", "leaf", "text"], "documents.ndjson: members")
        place = (item["log"], item["leaf"])
        need(not texts or place > max(texts), "documents.ndjson: order")
        texts[place] = item["text"]
    return texts


def kind_type(kind):
    return "application/vnd.lanproof.%s.v1+json" % kind


def open_logs(files, numbers, keys):
    """All logs, oldest first; log n + 1 names the very head of log n."""
    texts, logs = read_texts(files), {}
    # The newest first: where the key of a log was lost, the next one names its head.
    for number in sorted(numbers, reverse=True):
        log = logs[number] = Log(files, number, keys, logs.get(number + 1))
        log.check_inclusion()
        log.take_documents(texts)
        log.open()
    need(texts == {}, "a document without a leaf")
    logs = dict(sorted(logs.items()))
    for number, log in logs.items():
        if number == 1:
            need(log.opened["previous"] is None, "the first log names one before it")
            continue
        before, previous = logs[number - 1], log.opened["previous"] or {}
        head = (previous.get("log"), previous.get("size"), b64(previous.get("root", "")))
        need(head == (before.origin, before.size, before.root), "log-open names another head")
    return logs


class Keys:
    """Which key an agent signed with: by epoch, seq and place in the log, never by a time."""

    def __init__(self):
        self.epochs, self.revoked = {}, []

    def enrol(self, said, digest, place):
        whose = (said["agent"], said["epoch"])
        known = self.epochs.setdefault(whose, {"hash": digest, "at": place})
        need(known["hash"] == digest, "two enrolments of one epoch")
        known.setdefault("keys", [(1, b64(said["agent_key"]))])

    def rotate(self, said):
        keys = self.epochs[(said["agent"], said["epoch"])]["keys"]
        need(keys[-1][1] == b64(said["old_key"]), "rotate: not the key before")
        need(said["after_seq"] + 1 >= keys[-1][0], "rotate: goes back")
        keys.append((said["after_seq"] + 1, b64(said["new_key"])))

    def of(self, agent, epoch, seq):
        known = self.epochs.get((agent, epoch))
        need(known is not None, "epoch %d of %s was never enrolled" % (epoch, agent))
        return [key for first, key in known["keys"] if first <= seq][-1]

    def of_hole(self, said):
        """Its batches' key; if it ends with that one, also the newest so far."""
        whose = (said["agent"], said["epoch"])
        signers = [self.of(*whose, said["from_seq"])]
        later = [one for one in self.epochs[whose]["keys"] if one[0] > said["from_seq"]]
        if later and said["to_seq"] < later[0][0]:
            signers.append(later[-1][1])
        return signers

    def counts(self, agent, epoch, place):
        """False: a revocation says that this batch is not the agent's word."""
        return not any((agent, epoch) == of and place >= begin for of, begin in self.revoked)


def open_document(logs, keys, log, leaf, text):
    """The payload, once its hash is the leaf's and the right key signed it."""
    need(document_hash(text) == b64(leaf["hash"]), "document hash of a " + leaf["kind"])
    kind = kind_type(leaf["kind"])
    claimed = json.loads(b64(json.loads(text)["payload"]))
    if leaf["kind"] == "rotate":
        open_envelope(text, kind, b64(claimed["old_key"]))
        return json.loads(open_envelope(text, kind, b64(claimed["new_key"])))
    if leaf["kind"] == "hole":
        return json.loads(open_by_any(text, kind, keys.of_hole(claimed)))
    # A restored collector ledgers some documents again: the document key of an older log counts.
    candidates = [one.document_key for one in logs.values() if one.number <= log.number]
    return json.loads(open_by_any(text, kind, candidates))


def open_by_any(text, kind, candidates):
    """The payload; the last of the keys is tried first, and the first one must fit."""
    for key in reversed(candidates[1:]):
        try:
            return open_envelope(text, kind, key)
        except Mismatch:
            continue
    return open_envelope(text, kind, candidates[0])


class Reader:
    """Walks documents and batches together, in the order of their leaves."""

    def __init__(self, logs, manifest, records, options):
        self.logs, self.manifest, self.records, self.options = logs, manifest, records, options
        self.keys, self.heads, self.agents, self.lists = Keys(), {}, {}, {}
        self.newest_day, self.used, self.pruned = "", 0, set()
        self.unsigned, self.honoured = {}, set()
        names = ("documents", "withheld_documents", "batches", "signatures", "holes", "epochs")
        names += ("sections", "withheld_sections", "unreadable", "seen", "breaks", "disowned")
        self.counts = dict.fromkeys(names, 0)

    def run(self):
        # A revocation may reach behind its own leaf, so keys are read first.
        for document in self.all_documents():
            self.key_document(*document)
        for log in self.logs.values():
            for index, leaf, _ in log.leaves:
                if leaf["kind"] == "batch":
                    self.batch(log, index, leaf)
                else:
                    self.document(log, index, leaf)
        need(self.used == len(self.records), "a batch without a leaf")
        for chain in self.heads.values():
            self.check_signature(chain)
        for agent, what in self.unsigned.items():
            trusted = self.options.key or agent in self.honoured
            need(trusted, what + ": saw a head that the log did not sign")

    def all_documents(self):
        for log in self.logs.values():
            for index, (leaf, text) in log.documents.items():
                yield log, index, leaf, text

    def key_document(self, log, index, leaf, text):
        site = self.manifest["site"]
        need(leaf["site"] in (None, site), "a document of another site")
        self.counts["documents"] += 1
        if text is None:
            need(self.manifest["masked"] and leaf["kind"] == "note", "a withheld " + leaf["kind"])
            self.counts["withheld_documents"] += 1
            return
        said = open_document(self.logs, self.keys, log, leaf, text)
        if leaf["agent"] is not None:
            need(said["agent"] == leaf["agent"] and said["site"] == site, "agent of a document")
        if leaf["kind"] == "enrol":
            self.keys.enrol(said, b64(leaf["hash"]), (log.number, index))
        elif leaf["kind"] == "prune":
            self.pruned.update((said["section"], month) for month in said["months"])
        elif leaf["kind"] == "rotate":
            self.keys.rotate(said)
        elif leaf["kind"] == "revoke":
            number = next(one.number for one in self.logs.values() if one.origin == said["log"])
            of = (said["agent"], said["epoch"])
            self.keys.revoked.append((of, (number, said["from_leaf"])))

    def document(self, log, index, leaf):
        text = log.documents[index][1]
        if text is None:
            return
        said = json.loads(b64(json.loads(text)["payload"]))
        if leaf["kind"] == "anchor":
            for one in self.logs.values():
                if one.origin == said["log"] and said["size"] <= one.size:
                    one.continues(said["size"], b64(said["root"]))
        elif leaf["kind"] == "targets":
            self.lists[leaf["hash"]] = said
            self.slots(leaf["agent"]).give_list(leaf["hash"], said)
        elif leaf["kind"] == "hole":
            self.hole(leaf["agent"], said)

    def slots(self, agent):
        if agent not in self.agents:
            period = (self.manifest["from_ms"], self.manifest["to_ms"])
            inside = self.manifest["begin_ms"] - BEFORE_MS
            inside = None if self.manifest["begin"] is None else inside
            self.agents[agent] = AgentSlots(agent, self.options.device, period, inside)
        return self.agents[agent]

    def chain(self, agent):
        """Head of the agent's chain in the bundle, from the batch that the manifest names."""
        if agent not in self.heads:
            found = [one for one in self.manifest["agents"] if one["agent"] == agent]
            need(len(found) == 1, "the manifest does not name " + agent)
            epoch, seq, before = (found[0][name] for name in ("epoch", "before_seq", "before_hash"))
            enrolled = self.keys.epochs[(agent, epoch)]["hash"]
            head = (epoch, seq, enrolled if before is None else b64(before))
            self.heads[agent] = {"head": head, "pending": None, "last": None}
        return self.heads[agent]

    def hole(self, agent, said):
        if not any(one["agent"] == agent for one in self.manifest["agents"]):
            return
        chain = self.chain(agent)
        self.enter(agent, chain, said["epoch"])
        epoch, seq, _ = chain["head"]
        if said["epoch"] < epoch or said["to_seq"] <= seq:
            return
        need(said["from_seq"] == seq + 1, "a hole that does not follow")
        self.check_signature(chain)
        chain["head"] = (epoch, said["to_seq"], b64(said["next_prev"]))
        chain["last"] = None
        self.counts["holes"] += 1

    def enter(self, agent, chain, epoch):
        if epoch > chain["head"][0]:
            need((agent, epoch) in self.keys.epochs, "epoch %d of %s" % (epoch, agent))
            self.check_signature(chain)
            enrolled = self.keys.epochs[(agent, epoch)]["hash"]
            chain["head"], chain["last"] = (epoch, 0, enrolled), None
            self.counts["epochs"] += 1

    def check_signature(self, chain):
        if chain["pending"] is not None:
            key, message, signature, what = chain["pending"]
            need(verify(key, message, signature), "signature of " + what)
            self.counts["signatures"] += 1
            chain["pending"] = None

    def batch(self, log, index, leaf):
        need(self.used < len(self.records), "batch of leaf %d is missing" % index)
        name, header, signature, sections = self.records[self.used]
        self.used += 1
        what = "batch %s %d/%d" % (leaf["agent"], leaf["epoch"], leaf["seq"])
        message = pae(BATCH_TYPE, header)
        need(sha256(message) == b64(leaf["hash"]), what + ": hash of the leaf")
        self.check_file(name, leaf)
        said = json.loads(header)
        for member in ("site", "agent", "epoch", "seq"):
            need(said[member] == leaf[member], what + ": %s of the leaf" % member)
        need(leaf["site"] == self.manifest["site"], what + ": site")
        chain = self.chain(leaf["agent"])
        self.enter(leaf["agent"], chain, leaf["epoch"])
        epoch, seq, digest = chain["head"]
        need((leaf["epoch"], leaf["seq"]) == (epoch, seq + 1), what + ": seq after %d" % seq)
        follows = b64(said["prev"]) == digest
        if not follows:
            # The agent itself may have signed a false link: both sides are in the log then.
            need(chain["last"] is not None, what + ": prev")
            self.check_signature(chain)
            self.counts["breaks"] += 1
        self.sign(chain, leaf, message, signature, what)
        chain["head"], chain["last"] = (leaf["epoch"], leaf["seq"], sha256(message)), index
        self.counts["batches"] += 1
        read = self.read_sections(said, sections, what, iso_day(leaf["recv_ms"] // 86_400_000)[:7])
        counts = self.keys.counts(leaf["agent"], leaf["epoch"], (log.number, index))
        self.counts["disowned"] += not counts
        if not follows or said.get("v") != 1 or not all(name in said for name in HEADER_MEMBERS):
            self.counts["unreadable"] += 1
            return
        self.check_seen(log, index, said["seen"], what, leaf["agent"])
        self.slots(leaf["agent"]).batch(said, read, leaf["recv_ms"])

    def sign(self, chain, leaf, message, signature, what):
        key = self.keys.of(leaf["agent"], leaf["epoch"], leaf["seq"])
        changed = chain.get("key") not in (None, key)
        if changed or self.options.every or self.counts["batches"] % SIGNED_ONE_IN == 0:
            self.check_signature(chain)
        chain["key"], chain["pending"] = key, (key, message, signature, what)

    def check_file(self, name, leaf):
        """A batch lies in the file of the newest day that any batch so far was received."""
        days = leaf["recv_ms"] // 86_400_000
        self.newest_day = max(self.newest_day or days, days)
        need(name == "batches/%s.bin" % iso_day(self.newest_day), "a batch in the wrong file")

    def read_sections(self, said, sections, what, month):
        named = said["sections"]
        need(len(named) == len(sections), what + ": sections")
        read = {}
        for entry, data in zip(named, sections):
            self.counts["sections"] += 1
            if data is None:
                masked = self.manifest["masked"] and entry["name"] in PRIVATE
                pruned = (entry["name"], month) in self.pruned
                need(masked or pruned, what + ": %s is withheld" % entry["name"])
                self.counts["withheld_sections"] += 1
                continue
            need(len(data) == entry["bytes"], what + ": length of " + entry["name"])
            need(sha256(data) == b64(entry["sha256"]), what + ": hash of " + entry["name"])
            plain = inflate(data[16:] if entry["name"] in PRIVATE else data)
            if entry["name"] != "identity":
                read[entry["name"]] = self.result_section(said, entry["name"], plain)
        return read

    def result_section(self, said, name, plain):
        """None: it breaks the rules of batch.md, so nothing of it is read."""
        listed = self.lists.get(said.get("list", {}).get("hash"))
        if listed is None:
            return None
        try:
            section = json.loads(plain)
            for part in section["series"]:
                check_series(part, listed["targets"], name)
            return section
        except (Mismatch, ValueError, KeyError, TypeError, IndexError):
            self.counts["unreadable"] += 1
            return None

    def check_seen(self, log, index, seen, what, agent):
        ahead = seen["log"] == log.origin and seen["size"] > index
        if "checkpoint" not in seen:
            if ahead:
                self.unsigned.setdefault(agent, what)
            return
        lines = seen["checkpoint"].split("\n")
        found = [one for one in self.logs.values() if one.origin == lines[0]]
        if not any(signed(seen["checkpoint"], one.key) for one in found or self.logs.values()):
            # The agent's own word, unless the log's key was exchanged: then none of its is good.
            self.unsigned.setdefault(agent, what)
            return
        need(not ahead, what + ": saw more than there was")
        need(len(found) == 1, what + ": saw a log that is not here")
        self.honoured.add(agent)
        found[0].continues(int(lines[1]), b64(lines[2]))
        self.counts["seen"] += 1


def signed(note, key):
    try:
        open_checkpoint(note, note.split("\n")[0], key)
        return True
    except (Mismatch, ValueError, IndexError):
        return False


def check_series(part, targets, section):
    need(part["probe"] in ("icmp", "tcp", "arp", "snmp", "echo_large", "dns", "http"), "probe")
    need(1 <= part["n"] <= 3600 and part["n0"] >= 0, "SECTION_TICKS")
    indexes = expand_indexes(part["targets"])
    need(len(indexes) == len(part["s"]) == len(set(indexes)), "SECTION_FORMAT")
    for index, text in zip(indexes, part["s"]):
        target = targets[index]
        need((target["kind"] == "pc") == (section == "endpoints"), "SECTION_TARGET")
        expand_runs(text, part["n"])
        if part["probe"] == target["reachability"] and part.get("check", 0) == 0:
            need(part["i"] == slot_interval(target), "SECTION_INTERVAL")


def iso_day(days):
    """Date of a number of days since 1970-01-01."""
    return (date(1970, 1, 1) + timedelta(days=days)).isoformat()


def read_manifest(files, logs):
    """The document key of the last log signed the hash of every other file."""
    last = logs[max(logs)]
    text = files[MANIFEST].decode()
    payload = open_envelope(text, "application/vnd.in-toto+json", last.document_key)
    statement = json.loads(payload)
    need(statement["_type"] == "https://in-toto.io/Statement/v1", "statement type")
    need(statement["predicateType"] == "urn:lanproof:bundle:v1", "predicate type")
    told = [(item["name"], item["digest"]["sha256"]) for item in statement["subject"]]
    own = [(name, digest_hex(files[name])) for name in sorted(files) if name != MANIFEST]
    for name, digest in own:
        need((name, digest) in told, "digest of " + name)
    need(told == own, "the manifest names other files")
    manifest = statement["predicate"]
    need(manifest["v"] == 1, "version of the manifest")
    need(0 < manifest["to_ms"] - manifest["from_ms"] <= PERIOD_MAX_MS, "period")
    times = [manifest[name] for name in ("to_ms", "begin_ms", "end_ms")]
    times += [manifest["as_of"][name] for name in ("to_ms", "at_ms")]
    need(max(times) <= TIME_MS_MAX, "a time behind the year 9999")
    need(len(manifest["agents"]) <= AGENTS_MAX, "agents")
    need(manifest["begin_ms"] % 60_000 == 0, "begin_ms is no whole minute")
    need((manifest["as_of"]["log"], manifest["as_of"]["size"]) == (last.origin, last.size), "as_of")
    return manifest


def read_bundle(options):
    files = open_zip(Path(options.bundle).read_bytes())
    numbers = check_names(files)
    keys = read_policy(files["policy.txt"].decode(), options.key)
    logs = open_logs(files, numbers, keys)
    manifest = read_manifest(files, logs)
    records = []
    for name in sorted(name for name in files if name.startswith("batches/")):
        records += [(name, *record) for record in read_records(files[name], name)]
    reader = Reader(logs, manifest, records, options)
    reader.run()
    check_days(logs)
    out = {"site": manifest["site"], "from_ms": manifest["from_ms"], "to_ms": manifest["to_ms"]}
    out["keys"] = "compared" if options.key else "candidates"
    out["heads"] = [
        {"log": one.origin, "size": one.size, "root": base64.b64encode(one.root).decode()}
        for one in logs.values()
    ]
    # Leaves from `signed` on: only the next log's key stands for them.
    out["tails"] = [
        {"log": one.origin, "signed": one.signed, "closed": one.size}
        for one in logs.values()
        if one.signed < one.size
    ]
    out["checked"] = {
        "files": len(files),
        "inclusion": sum(len(one.leaves) for one in logs.values()),
        "consistency": sum(len(one.continued) for one in logs.values()),
        "consistency_unused": sum(
            len(one.consistency) - len(one.continued) for one in logs.values()
        ),
        **reader.counts,
    }
    if options.device is not None:
        known_to = min(manifest["to_ms"], manifest["as_of"]["to_ms"])
        out["device"] = options.device
        out["slots"] = device_slots(reader.agents, manifest["from_ms"], known_to)
    return out


def check_days(logs):
    """No day lists more of the site than the log says that it had."""
    for log in logs.values():
        for day, first, leaves, batches, documents in log.days:
            span = [leaf for index, leaf, _ in log.leaves if first <= index < first + leaves]
            listed = sum(leaf["kind"] == "batch" for leaf in span)
            papers = sum(leaf["kind"] != "batch" and leaf["site"] is not None for leaf in span)
            need(listed <= batches and papers <= documents, "daily.txt: counts of " + day)


def main(arguments):
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("bundle")
    parser.add_argument("--device")
    parser.add_argument("--key", action="append", default=[])
    parser.add_argument("--every", action="store_true")
    try:
        options = parser.parse_args(arguments)
    except SystemExit:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        print(json.dumps(read_bundle(options), indent=2))
    except (Mismatch, ValueError, KeyError, TypeError, AttributeError, IndexError, OSError,
            EOFError, StopIteration, RecursionError, zlib.error) as error:
        print("MISMATCH %s: %s" % (type(error).__name__, error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
