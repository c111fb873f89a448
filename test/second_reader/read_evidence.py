#!/usr/bin/env python3
"""A second, independent reader of LanProof evidence, written from docs/formats alone.

It uses the Python standard library and, for Ed25519, the `openssl` command (3.0 or newer).

  read_evidence.py vectors DIR    checks the vector files of the repository
  read_evidence.py export DIR     checks an exported folder

Layout of an exported folder (one agent; all base64 is RFC 4648 section 4, padded):

  keys.json        {"agent": base64, "document": base64, "log": base64, "origin": text}
                   raw 32-byte Ed25519 public keys and the origin of the log
  enrol.json       the DSSE envelope of the enrol document of the agent's epoch
  holes/*.json     optional: DSSE envelopes of hole statements, signed by the agent
  batches/<epoch>-<seq>.hdr               the header's bytes as they were signed
  batches/<epoch>-<seq>.sig               64 bytes: the signature
  batches/<epoch>-<seq>.<section>.bin     the section's bytes as the header's hash covers them
                   (for `endpoints` and `identity`: 16 salt bytes, then gzip);
                   a missing file is counted as withheld
  leaves.txt       one line a leaf of this agent (enrol, holes, batches; more are allowed):
                   index TAB base64 of the leaf's bytes
  checkpoint.txt   the signed checkpoint (C2SP note)
  proofs.json      [{"epoch": n, "seq": n, "leaf_index": n, "hashes": [base64, ...]}]
                   inclusion proofs of batch leaves in the tree of checkpoint.txt

The folder holds one epoch from its seq 1; seqs may be missing only where a hole says so. Batches
behind the last proof are chained but not proved to be in the log; their number is printed.

Exit code 0: everything holds; 1: it does not, the first reason is printed; 2: wrong usage.
"""
import base64
import gzip
import hashlib
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

SPKI_PREFIX = bytes.fromhex("302a300506032b6570032100")
BATCH_TYPE = "application/vnd.lanproof.batch.v1+json"
HOLE_TYPE = "application/vnd.lanproof.hole.v1+json"
ENROL_TYPE = "application/vnd.lanproof.enrol.v1+json"
REQUEST_TYPE = "application/vnd.lanproof.request.v1"
ROTATE_TYPE = "application/vnd.lanproof.rotate.v1+json"
PRIVATE_SECTIONS = ("endpoints", "identity")
# The end of the year 9999.
TIME_MS_MAX = 253_402_300_799_999
# The vector's certificates expire; what counts is that they were in force when it was stamped.
TOKEN_CHECKED_S = 1_795_480_000


class Mismatch(Exception):
    """The evidence does not hold."""


def need(condition, what):
    if not condition:
        raise Mismatch(what)


def b64(text):
    data = base64.b64decode(text, validate=True)
    need(base64.b64encode(data).decode() == text, "base64 is not canonical")
    return data


def sha256(data):
    return hashlib.sha256(data).digest()


def pae(payload_type, payload):
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def small_order(point):
    """Whether a point (a key, or R of a signature) has order 1, 2, 4 or 8, in any encoding."""
    y = int.from_bytes(point, "little") & (2**255 - 1)
    p = 2**255 - 19
    if y % p in (0, 1, p - 1):
        return True
    # A point of order 8 doubles to one with y = 0, so x^2 = -y^2: the curve is d y^4 + 2 y^2 = 1.
    d = -121665 * pow(121666, -1, p) % p
    return (d * pow(y, 4, p) + 2 * y * y - 1) % p == 0


def verify(public_key, message, signature):
    """Ed25519 by openssl, which reads the message and the signature from files."""
    if small_order(public_key) or small_order(signature[:32]):
        return False
    if len(public_key) != 32 or len(signature) != 64:
        return False
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("key.der", "message", "signature")]
        for path, data in zip(paths, (SPKI_PREFIX + public_key, message, signature)):
            path.write_bytes(data)
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-rawin"]
        command += ["-inkey", paths[0], "-in", paths[1], "-sigfile", paths[2]]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


def open_envelope(text, payload_type, public_key):
    envelope = json.loads(text)
    need(set(envelope) == {"payloadType", "payload", "signatures"}, "odd envelope members")
    need(envelope["payloadType"] == payload_type, "payload type is not " + payload_type)
    payload = b64(envelope["payload"])
    message = pae(payload_type, payload)
    signatures = [b64(item["sig"]) for item in envelope["signatures"]]
    need(any(verify(public_key, message, sig) for sig in signatures), "envelope signature")
    return payload


def document_hash(text):
    envelope = json.loads(text)
    return sha256(pae(envelope["payloadType"], b64(envelope["payload"])))


def leaf_bytes(leaf):
    lines = ["lanproof-leaf/v1", leaf["kind"], leaf["site"] or "-", leaf["agent"] or "-"]
    lines += [str(leaf["epoch"]), str(leaf["seq"]), leaf["hash"], str(leaf["recv_ms"])]
    return "".join(line + "\n" for line in lines).encode()


def read_leaf(data):
    lines = data.decode().split("\n")
    need(len(lines) == 9 and lines[0] == "lanproof-leaf/v1", "leaf header or lines")
    leaf = {"kind": lines[1], "site": None if lines[2] == "-" else lines[2]}
    leaf["agent"] = None if lines[3] == "-" else lines[3]
    leaf.update(epoch=int(lines[4]), seq=int(lines[5]), hash=lines[6], recv_ms=int(lines[7]))
    need(leaf_bytes(leaf) == data and len(b64(leaf["hash"])) == 32, "leaf spelling")
    need(leaf["recv_ms"] <= TIME_MS_MAX, "leaf of a time behind the year 9999")
    return leaf


def leaf_hash(data):
    return sha256(b"\x00" + data)


def node_hash(left, right):
    return sha256(b"\x01" + left + right)


def tree_root(leaves):
    """RFC 6962 section 2.1, word for word."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(tree_root(leaves[:k]), tree_root(leaves[k:]))


def root_by_inclusion(leaf, index, size, proof):
    """The root that an audit path leads to, by recursion from the top of the tree."""
    need(0 <= index < size, "leaf index outside the tree")
    if size == 1:
        need(not proof, "audit path too long")
        return leaf
    need(bool(proof), "audit path too short")
    k = 1 << (size - 1).bit_length() - 1
    if index < k:
        return node_hash(root_by_inclusion(leaf, index, k, proof[:-1]), proof[-1])
    return node_hash(proof[-1], root_by_inclusion(leaf, index - k, size - k, proof[:-1]))


def roots_by_consistency(older_root, older, newer, proof, whole=True):
    """(root of the older tree, root of the newer tree) that a consistency proof leads to."""
    if older == newer:
        if whole:
            need(not proof, "consistency proof too long")
            return older_root, older_root
        need(len(proof) == 1, "consistency proof length")
        return proof[0], proof[0]
    need(bool(proof), "consistency proof too short")
    k = 1 << (newer - 1).bit_length() - 1
    rest, last = proof[:-1], proof[-1]
    if older <= k:
        left_old, left_new = roots_by_consistency(older_root, older, k, rest, whole)
        return left_old, node_hash(left_new, last)
    right_old, right_new = roots_by_consistency(older_root, older - k, newer - k, rest, False)
    return node_hash(last, right_old), node_hash(last, right_new)


def note_key_hash(name, public_key):
    return sha256(name.encode() + b"\n\x01" + public_key)[:4]


def open_note(note, name, public_key):
    need(note.endswith("\n") and "\n\n" in note, "note shape")
    at = note.rindex("\n\n")
    text, lines = note[: at + 1], note[at + 2 : -1].split("\n")
    good = 0
    for line in lines:
        match = re.fullmatch("\u2014 (\\S+) (\\S+)", line)
        need(match is not None, "note signature line")
        data = b64(match.group(2))
        if match.group(1) == name and data[:4] == note_key_hash(name, public_key):
            need(verify(public_key, text.encode(), data[4:]), "note signature")
            good += 1
    need(good > 0, "no note signature by " + name)
    return text


def open_checkpoint(note, origin, public_key):
    lines = open_note(note, origin, public_key).split("\n")
    need(len(lines) == 4 and lines[0] == origin and lines[3] == "", "checkpoint lines")
    need(re.fullmatch("0|[1-9][0-9]*", lines[1]) is not None, "checkpoint size")
    root = b64(lines[2])
    need(len(root) == 32, "checkpoint root")
    return int(lines[1]), root


def open_tlog_proof(text, leaf, origin, public_key):
    head, checkpoint = text.split("\n\n", 1)
    lines = head.split("\n")
    need(lines.pop(0) == "c2sp.org/tlog-proof@v1", "tlog-proof header")
    if lines[0].startswith("extra "):
        b64(lines.pop(0)[6:])
    match = re.fullmatch("index (0|[1-9][0-9]*)", lines.pop(0))
    need(match is not None, "tlog-proof index")
    size, root = open_checkpoint(checkpoint, origin, public_key)
    path = [b64(line) for line in lines]
    need(root_by_inclusion(leaf_hash(leaf), int(match.group(1)), size, path) == root, "inclusion")


def check_keys(vector):
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    for key in vector["keys"]:
        digest = sha256(b64(key["public_key"]))
        need(b64(key["keyid"]) == digest, "keyid")
        value = int.from_bytes(digest[:5], "big")
        code = "".join(alphabet[value >> shift & 31] for shift in range(35, -1, -5))
        need(key["short_code"] == code[:4] + "-" + code[4:], "short code")


def check_dsse(vector):
    for case in vector:
        payload = b64(case["payload"])
        need(pae(case["payload_type"], payload) == b64(case["pae"]), "PAE bytes")
        key = b64(case["public_key"])
        need(open_envelope(case["envelope"], case["payload_type"], key) == payload, "payload")


def check_documents(vector):
    for case in vector:
        kind = "application/vnd.lanproof.%s.v1+json" % case["kind"]
        json.loads(open_envelope(case["envelope"], kind, b64(case["public_key"])))
        need(document_hash(case["envelope"]) == b64(case["hash"]), "document hash")


def check_ledger_documents(vector):
    """Members beside the documents are keys of those who vouch from outside; openssl reads both."""
    check_documents(vector["documents"])
    root = b64(vector["tsa_root"])
    name, hash_hex, encoded = vector["witness_key"].split("+", 2)
    witness = b64(encoded)
    need(witness[0] == 4 and len(witness) == 33, "witness key type")
    key_hash = sha256(name.encode() + b"\n" + witness)[:4]
    need(key_hash.hex() == hash_hex, "witness key hash")
    for case in vector["documents"]:
        said = json.loads(b64(json.loads(case["envelope"])["payload"]))
        if case["kind"] == "rotate":
            need(case["second_key"] == said["new_key"], "new key of a rotation")
            open_envelope(case["envelope"], ROTATE_TYPE, b64(said["old_key"]))
            open_envelope(case["envelope"], ROTATE_TYPE, b64(said["new_key"]))
        if case["kind"] != "anchor":
            continue
        lines = "%s\n%d\n%s\n" % (said["log"], said["size"], said["root"])
        if said["kind"] == "rfc3161":
            check_time_stamp(b64(said["proof"]), lines.encode(), root)
            continue
        match = re.fullmatch("\u2014 (\\S+) (\\S+)\n", b64(said["proof"]).decode())
        need(match is not None and match.group(1) == name, "cosignature line")
        data = b64(match.group(2))
        time = int.from_bytes(data[4:12], "big")
        text = "cosignature/v1\ntime %d\n%s" % (time, lines)
        need(data[:4] == key_hash and verify(witness[1:], text.encode(), data[12:]), "cosignature")


def check_time_stamp(token, data, root):
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, name) for name in ("token", "data", "root.der", "root.pem")]
        for path, content in zip(paths, (token, data, root)):
            path.write_bytes(content)
        pem = ["openssl", "x509", "-inform", "DER", "-in", paths[2], "-out", paths[3]]
        subprocess.run(pem, capture_output=True, check=True)
        command = ["openssl", "ts", "-verify", "-token_in", "-in", paths[0], "-data", paths[1]]
        command += ["-CAfile", paths[3], "-attime", str(TOKEN_CHECKED_S)]
        result = subprocess.run(command, capture_output=True, check=False)
        need(result.returncode == 0, "time-stamp")


def check_header(header, signature, public_key, previous):
    """Checks one link; returns the new head (epoch, seq, hash) and the parsed header."""
    message = pae(BATCH_TYPE, header)
    need(verify(public_key, message, signature), "batch signature")
    fields = json.loads(header)
    epoch, seq, digest = previous
    need((fields["epoch"], fields["seq"]) == (epoch, seq + 1), "epoch or seq after %d" % seq)
    need(b64(fields["prev"]) == digest, "prev of seq %d" % fields["seq"])
    return (epoch, seq + 1, sha256(message)), fields


def check_chain(vector):
    head = (1, 0, document_hash(vector["enrol"]))
    for batch in vector["batches"]:
        key, signature = b64(vector["public_key"]), b64(batch["signature"])
        head, _ = check_header(b64(batch["header"]), signature, key, head)
        need(head[2] == b64(batch["hash"]), "batch hash")


def check_leaf(vector):
    for leaf in vector:
        data = b64(leaf["bytes"])
        need(leaf_bytes(leaf) == data, "leaf bytes of " + leaf["kind"])
        need(read_leaf(data)["kind"] == leaf["kind"], "leaf kind")
        need(leaf_hash(data) == b64(leaf["leaf_hash"]), "leaf hash")


def check_tree(vector):
    leaves = [b64(leaf) for leaf in vector["leaves"]]
    roots = {}
    for case in vector["roots"]:
        roots[case["size"]] = b64(case["root"])
        need(tree_root(leaves[: case["size"]]) == roots[case["size"]], "root")
    for case in vector["inclusion"]:
        path = [b64(item) for item in case["proof"]]
        index, size = case["index"], case["size"]
        found = root_by_inclusion(leaf_hash(leaves[index]), index, size, path)
        need(found == roots[size], "inclusion of %d in %d" % (index, size))
    for case in vector["consistency"]:
        older, newer, path = case["from"], case["to"], [b64(item) for item in case["proof"]]
        if older == 0:
            need(not path, "consistency from the empty tree")
            continue
        found = roots_by_consistency(roots[older], older, newer, path)
        need(found == (roots[older], roots[newer]), "consistency %(from)d to %(to)d" % case)


def check_note(vector):
    name, key = vector["name"], b64(vector["public_key"])
    note, checkpoint, proof = vector["note"], vector["checkpoint"], vector["tlog_proof"]
    encoded = base64.b64encode(b"\x01" + key).decode()
    verifier_key = "%s+%s+%s" % (name, note_key_hash(name, key).hex(), encoded)
    need(verifier_key == vector["verifier_key"], "verifier key")
    need(open_note(note["signed"], name, key) == note["text"], "note text")
    size, root = open_checkpoint(checkpoint["checkpoint"], name, key)
    need((size, root) == (checkpoint["size"], b64(checkpoint["root"])), "checkpoint")
    for text in (proof["without_extra"], proof["with_extra"]):
        open_tlog_proof(text, b64(proof["leaf"]), name, key)


def check_request_auth(vector):
    for case in vector:
        scheme, value = case["authorization"].split(" ")
        keyid, nonce, signature = value.split(":")
        message = "%s\n%s\n%s" % (case["method"], case["path"], nonce)
        key = b64(case["public_key"])
        need(scheme == "LanProof" and nonce == case["nonce"], "authorization header")
        need(b64(keyid) == sha256(key), "keyid of the request")
        need(verify(key, pae(REQUEST_TYPE, message.encode()), b64(signature)), "request signature")


VECTORS = {
    "keys": check_keys,
    "dsse": check_dsse,
    "documents": check_documents,
    "ledger-documents": check_ledger_documents,
    "papers": check_documents,
    "chain": check_chain,
    "leaf": check_leaf,
    "tree": check_tree,
    "note": check_note,
    "request-auth": check_request_auth,
}


def read_vectors(folder):
    for name, check in VECTORS.items():
        try:
            check(json.loads((folder / (name + ".json")).read_text(encoding="utf-8")))
        except Mismatch as error:
            raise Mismatch("%s: %s" % (name, error)) from error
        print("ok " + name)


def read_holes(folder, agent_key, enrol):
    """Statements by their first seq, and the hashes of their documents."""
    holes, hashes = {}, []
    for path in sorted(folder.glob("holes/*.json")):
        text = path.read_text(encoding="utf-8")
        hole = json.loads(open_envelope(text, HOLE_TYPE, agent_key))
        whose = [hole[name] == enrol[name] for name in ("site", "agent", "epoch")]
        need(all(whose) and hole["from_seq"] <= hole["to_seq"], "hole %s" % path.name)
        holes[hole["from_seq"]] = hole
        hashes.append(document_hash(text))
    return holes, hashes


def read_sections(folder, stem, fields):
    """Checks the hash and the gzip of every section that is there; counts the others."""
    withheld = 0
    for section in fields.get("sections", []):
        path = folder / "batches" / ("%s.%s.bin" % (stem, section["name"]))
        if not path.exists():
            withheld += 1
            continue
        data = path.read_bytes()
        need(len(data) == section["bytes"], "length of %s" % path.name)
        need(sha256(data) == b64(section["sha256"]), "hash of %s" % path.name)
        json.loads(gzip.decompress(data[16:] if section["name"] in PRIVATE_SECTIONS else data))
    return withheld


def read_export(folder):
    keys = json.loads((folder / "keys.json").read_text(encoding="utf-8"))
    agent, document, log = (b64(keys[name]) for name in ("agent", "document", "log"))
    enrol_text = (folder / "enrol.json").read_text(encoding="utf-8")
    enrol = json.loads(open_envelope(enrol_text, ENROL_TYPE, document))
    need(b64(enrol["agent_key"]) == agent, "enrol names another agent key")
    need(enrol["log"] == keys["origin"], "enrol names another log")

    names = [re.fullmatch(r"(\d+)-(\d+)\.hdr", path.name) for path in folder.glob("batches/*.hdr")]
    order = sorted((int(match.group(1)), int(match.group(2))) for match in names)
    need(order != [], "no batches")
    holes, logged = read_holes(folder, agent, enrol)
    head = (enrol["epoch"], 0, document_hash(enrol_text))
    logged.append(head[2])
    hashes, withheld = {}, 0
    for epoch, seq in order:
        while head[1] + 1 < seq and head[1] + 1 in holes:
            hole = holes[head[1] + 1]
            head = (head[0], hole["to_seq"], b64(hole["next_prev"]))
        stem = "%d-%d" % (epoch, seq)
        header = (folder / "batches" / (stem + ".hdr")).read_bytes()
        signature = (folder / "batches" / (stem + ".sig")).read_bytes()
        head, fields = check_header(header, signature, agent, head)
        need(fields["site"] == enrol["site"] and fields["agent"] == enrol["agent"], "whose batch")
        hashes[(epoch, seq)] = head[2]
        withheld += read_sections(folder, stem, fields)

    leaves = {}
    for line in (folder / "leaves.txt").read_text(encoding="utf-8").splitlines():
        index, data = line.split("\t")
        leaves[int(index)] = b64(data)
    known = {read_leaf(data)["hash"] for data in leaves.values()}
    need(all(base64.b64encode(item).decode() in known for item in logged), "document without leaf")
    size, root = open_checkpoint(
        (folder / "checkpoint.txt").read_text(encoding="utf-8"), keys["origin"], log
    )
    proofs = json.loads((folder / "proofs.json").read_text(encoding="utf-8"))
    for proof in proofs:
        where = "proof of seq %d" % proof["seq"]
        data = leaves.get(proof["leaf_index"])
        need(data is not None, where + ": leaf is missing")
        leaf = read_leaf(data)
        need(leaf["kind"] == "batch" and leaf["site"] == enrol["site"], where + ": leaf kind")
        need((leaf["epoch"], leaf["seq"]) == (proof["epoch"], proof["seq"]), where + ": leaf seq")
        need(b64(leaf["hash"]) == hashes.get((leaf["epoch"], leaf["seq"])), where + ": batch hash")
        path = [b64(item) for item in proof["hashes"]]
        found = root_by_inclusion(leaf_hash(data), proof["leaf_index"], size, path)
        need(found == root, where + ": inclusion")
    need(proofs != [], "no inclusion proofs")
    proved = max((proof["epoch"], proof["seq"]) for proof in proofs)
    counts = (len(order), len(holes), withheld, sum(item > proved for item in order), size)
    print("ok %d batches, %d holes, %d sections withheld, %d unproved, tree of %d leaves" % counts)


def main(arguments):
    commands = {"vectors": read_vectors, "export": read_export}
    if len(arguments) != 2 or arguments[0] not in commands:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        commands[arguments[0]](Path(arguments[1]))
    except (Mismatch, ValueError, KeyError, TypeError, AttributeError, OSError, EOFError) as error:
        print("MISMATCH %s: %s" % (type(error).__name__, error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
