"""The zip file of a bundle and its text files, as docs/formats/bundle.md describes them."""
import struct
import zlib

from read_evidence import b64, leaf_bytes, need, read_leaf, sha256

FIXED_NAMES = ("documents.ndjson", "figures.json", "manifest.dsse.json", "policy.txt")
FIXED_NAMES += ("readme.en.txt", "readme.vi.txt", "verify.html", "verify.mjs")
OPTIONAL_NAMES = ("verify.html", "verify.mjs")
LOG_FILES = ("checkpoint.txt", "consistency.txt", "daily.txt", "inclusion.bin", "leaves.txt")
DATE_1980 = 0x0021
ENTRIES_MAX = 65_534
BYTES_MAX = 2**32 - 1
NUMBER_MAX = 2**53 - 1
LOGS_MAX = 1_000
LOG_LEAVES_MAX = 2**32


def known_name(name):
    """Whether a name is one of the bundle's list."""
    parts = name.split("/")
    if name in FIXED_NAMES:
        return True
    if len(parts) == 3 and parts[0] == "logs":
        return parts[1].isdecimal() and parts[1][0] != "0" and parts[2] in LOG_FILES
    if len(parts) == 2 and parts[0] == "batches" and parts[1].endswith(".bin"):
        date = parts[1][:-4]
        return len(date) == 10 and date.replace("-", "").isdecimal() and date[4] == date[7] == "-"
    return False


def open_zip(data):
    """name -> bytes of a zip file of the plainest kind; anything else is refused."""
    need(22 <= len(data) <= BYTES_MAX, "zip: length")
    central, count = directory_place(data)
    files, at, header, last = {}, central, 0, ""
    for _ in range(count):
        need(at + 46 <= len(data) - 22, "zip: directory ends early")
        fields = struct.unpack("<IHHHHHHIIIHHHHHII", data[at : at + 46])
        crc, size, length = fields[7], fields[9], fields[10]
        name = data[at + 46 : at + 46 + length].decode("ascii")
        plain = (0x02014B50, 20, 20, 0, 0, 0, DATE_1980, crc, size, size, length)
        need(fields == plain + (0, 0, 0, 0, 0, header), "zip: entry of " + name)
        need(name.isascii() and known_name(name) and name > last, "zip: name " + name)
        local = struct.pack(
            "<IHHHHHIIIHH", 0x04034B50, 20, 0, 0, 0, DATE_1980, crc, size, size, length, 0
        )
        begin = header + 30 + length
        need(data[header:begin] == local + name.encode(), "zip: local header of " + name)
        need(begin + size <= central, "zip: %s reaches into the directory" % name)
        content = data[begin : begin + size]
        need(zlib.crc32(content) == crc, "zip: CRC of " + name)
        files[name], last = content, name
        header, at = begin + size, at + 46 + length
    need(header == central and at == len(data) - 22, "zip: bytes that belong to nothing")
    return files


def directory_place(data):
    end = struct.unpack("<IHHHHIIH", data[-22:])
    central, count = end[6], end[3]
    need(end == (0x06054B50, 0, 0, count, count, end[5], central, 0), "zip: end record")
    need(0 < count <= ENTRIES_MAX and central + end[5] + 22 == len(data), "zip: directory place")
    return central, count


def check_names(files):
    """All files that must be there; returns the numbers of the logs."""
    for name in FIXED_NAMES:
        need(name in files or name in OPTIONAL_NAMES, "%s is missing" % name)
    logs = sorted({int(name.split("/")[1]) for name in files if name.startswith("logs/")})
    need(logs == list(range(1, len(logs) + 1)) != [], "logs are numbered from 1, without a hole")
    need(len(logs) <= LOGS_MAX, "too many logs")
    for number in logs:
        for name in LOG_FILES:
            need("logs/%d/%s" % (number, name) in files, "%s of log %d" % (name, number))
    return logs


def number(text):
    need(text.isascii() and text.isdecimal() and str(int(text)) == text, "number " + text[:40])
    need(int(text) <= NUMBER_MAX, "number too large")
    return int(text)


def read_lines(data, title, origin, size):
    """The lines behind the first one, which must name the log's head."""
    text = data.decode()
    need(text.endswith("\n"), title + ": no newline at the end")
    lines = text[:-1].split("\n")
    need(lines[0] == "%s %s %d" % (title, origin, size), title + ": first line")
    need(size <= LOG_LEAVES_MAX, title + ": size")
    return lines[1:]


def read_leaves(data, origin, size):
    """(index, leaf, bytes) of every line, ascending below the size."""
    out, last = [], -1
    for line in read_lines(data, "lanproof-leaves/v1", origin, size):
        fields = line.split(" ")
        need(len(fields) == 8, "leaves.txt: fields")
        index = number(fields[0])
        need(last < index < size, "leaves.txt: order of %d" % index)
        leaf = {"kind": fields[1], "hash": fields[6], "recv_ms": number(fields[7])}
        leaf["site"], leaf["agent"] = (None if item == "-" else item for item in fields[2:4])
        leaf["epoch"], leaf["seq"] = number(fields[4]), number(fields[5])
        encoded = leaf_bytes(leaf)
        read_leaf(encoded)
        out.append((index, leaf, encoded))
        last = index
    return out


def read_proofs(data, title, origin, size):
    """index or older size -> hashes."""
    out, last = {}, -1
    for line in read_lines(data, title, origin, size):
        first, *hashes = line.split(" ")
        need(number(first) > last, title + ": order")
        last = number(first)
        out[last] = [b64(item) for item in hashes]
        need(all(len(item) == 32 for item in out[last]), title + ": hash")
    return out


def read_daily(data, origin, size):
    """Days of the log; the leaves add up to its size."""
    days, first, last = [], 0, ""
    for line in read_lines(data, "lanproof-daily/v1", origin, size):
        day, *counts = line.split(" ")
        at, leaves, batches, documents = (number(item) for item in counts)
        need(day > last and at == first, "daily.txt: order of " + day)
        need(leaves >= batches + documents and leaves > 0, "daily.txt: counts of " + day)
        days.append((day, at, leaves, batches, documents))
        first, last = first + leaves, day
    need(first == size, "daily.txt: leaves do not add up")
    return days


def read_records(data, name):
    """(header, signature, sections) of a file of batches; a section None is withheld."""
    out, at = [], 0
    while at < len(data):
        length = u32(data, at, name)
        end = at + 4 + length
        need(end <= len(data), name + ": record ends early")
        need(data[at + 4 : at + 8] == b"LPB1", name + ": magic")
        parts, at = [], at + 8
        while at < end:
            size = u32(data, at, name)
            need(at + 4 + size <= end, name + ": part ends early")
            parts.append(data[at + 4 : at + 4 + size])
            at += 4 + size
        need(len(parts) >= 2 and len(parts[1]) == 64, name + ": parts")
        need(0 < len(parts[0]) <= 65_536 and len(parts) <= 10, name + ": header or sections")
        out.append((parts[0], parts[1], [part or None for part in parts[2:]]))
    return out


def u32(data, at, name):
    need(at + 4 <= len(data), name + ": length ends early")
    return int.from_bytes(data[at : at + 4], "big")


def inflate(data, cap=8 * 1024 * 1024):
    """One gzip member, nothing behind it, not more than the cap."""
    reader = zlib.decompressobj(31)
    out = reader.decompress(data, cap + 1)
    need(len(out) <= cap and reader.eof and not reader.unused_data, "not one gzip member")
    return out


def digest_hex(data):
    return sha256(data).hex()
