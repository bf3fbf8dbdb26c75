#!/usr/bin/env python3
"""A second reader of the snapshot format, written from docs/format.md alone; [n] is its section n.

Usage: Scripts/verify.py [--rev REV] [REPOSITORY]      the work tree, or a revision of it
       (--group-above N, for tests: tables of over N segments are grouped, not of over 1,024)

Recomputes every digest, boundary, order, spelling, statistic and name, prints one line a table, and
exits 1 naming what differs. Needs Python 3.9, zstd and, for --rev, git; nothing of osodata.
"""
import base64, concurrent.futures, datetime, hashlib, json, math, os, re, stat, subprocess, sys
from json.encoder import encode_basestring as quoted

MASK = (1 << 64) - 1
LAYERS = {"raw", "staging", "intermediate", "marts", "meta"}
KEY_TYPES = {"bool", "bytes", "date", "decimal", "int64", "string", "timestamp", "uint256"}


class Wrong(Exception):
    """What differs, in words."""


def check(condition, what):
    if not condition:
        raise Wrong(what)


def number(value):  # [3] a double as ECMAScript and RFC 8785 spell it
    check(type(value) in (int, float) and math.isfinite(value), f"no number: {value!r}")
    mantissa, _, power = repr(abs(float(value))).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(digits) - len(fraction) + int(power or 0)  # value = 0.DIGITS times ten to this power
    digits = digits.rstrip("0")
    if not digits:
        return "0"
    if -6 < point <= 0:
        text = "0." + "0" * -point + digits
    elif point > 21 or point < 0:
        text = digits[0] + ("." + digits[1:] if digits[1:] else "") + f"e{point - 1:+d}"
    elif point >= len(digits):
        text = digits.ljust(point, "0")
    else:
        text = digits[:point] + "." + digits[point:]
    return "-" + text if value < 0 else text


def canonical(value):  # [3] any JSON value, in its one spelling
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(quoted(key) + ":" + canonical(value[key]) for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, str):
        check("\0" not in value, "U+0000 in a string")
        return quoted(value)
    if isinstance(value, float):
        return number(value)
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def cell(kind, value):  # [3] [4] -> (canonical text, what it sorts by); None sorts first
    if value is None:
        return "null", (0,)
    if kind == "json":
        text = canonical(value)
        return text, (1, text.encode())
    if kind.startswith("list<"):
        parts = [cell(kind[5:-1], element) for element in check_type(value, list, kind)]
        return "[" + ",".join(text for text, _ in parts) + "]", (1, tuple(order for _, order in parts))
    if kind == "bool":
        return str(check_type(value, bool, kind)).lower(), (1, value)
    if kind == "int64":
        check(-(2**63) <= check_type(value, int, kind) < 2**63, f"beyond int64: {value}")
        return str(value), (1, value)
    if kind == "double":
        return number(value), (1, float(value))
    text = quoted(check_type(value, str, kind))
    if kind == "string":
        check("\0" not in value, "U+0000 in a string")
        return text, (1, value.encode())
    if kind == "bytes":
        raw = base64.b64decode(value, validate=True)
        check(base64.b64encode(raw).decode() == value, f"base64 that is not canonical: {value}")
        return text, (1, raw)
    if kind == "uint256":
        check(re.fullmatch("0|[1-9][0-9]*", value, re.A) and int(value) < 2**256, f"no uint256: {value}")
        return text, (1, int(value))
    if kind == "date":
        check(re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.A), f"no date: {value}")
        datetime.date.fromisoformat(value)
        return text, (1, value)
    if kind == "timestamp":
        found = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{0,5}[1-9])?Z", value, re.A)
        check(found, f"no timestamp: {value}")
        datetime.datetime.fromisoformat(found[1])
        return text, (1, found[1] + (found[2] or ""))
    precision, scale = map(int, re.fullmatch(r"decimal\((\d+),(\d+)\)", kind).groups())
    point = rf"\.\d{{{scale}}}" if scale else ""
    unscaled = int(value.replace(".", ""))
    check(re.fullmatch(rf"-?(0|[1-9]\d*){point}", value, re.A), f"no {kind}: {value}")
    check(abs(unscaled) < 10**precision and not (value[0] == "-" and unscaled == 0), f"no {kind}: {value}")
    return text, (1, unscaled)


def check_type(value, kind, name):
    check(type(value) is kind, f"no {name}: {value!r}")
    return value


def siphash(data):  # [5] SipHash-2-4 with the key 00 01 … 0f
    a, b, c, d = 0x7469686173716475, 0x6B617F6D656E6665, 0x6B7F62616D677361, 0x7B6B696E727E6C7B
    whole = len(data) & ~7
    blocks = [int.from_bytes(data[i : i + 8], "little") for i in range(0, whole, 8)]
    blocks.append(int.from_bytes(data[whole:], "little") | (len(data) & 255) << 56)
    for turn, block in enumerate(blocks + [0]):
        last = turn == len(blocks)
        d ^= block
        c ^= 255 if last else 0
        for _ in (0, 1, 2, 3) if last else (0, 1):
            a = a + b & MASK
            b = (b << 13 | b >> 51) & MASK ^ a
            a = (a << 32 | a >> 32) & MASK
            c = c + d & MASK
            d = (d << 16 | d >> 48) & MASK ^ c
            a = a + d & MASK
            d = (d << 21 | d >> 43) & MASK ^ a
            c = c + b & MASK
            b = (b << 17 | b >> 47) & MASK ^ c
            c = (c << 32 | c >> 32) & MASK
        a ^= block
    return a ^ b ^ c ^ d


def size_of_frame(data):  # [1] what the zstd frame says it holds; it must say so, with a checksum
    check(data[:4] == b"\x28\xb5\x2f\xfd", "not a zstd frame")
    head, at = data[4], 5 + (0 if data[4] & 32 else 1) + (0, 1, 2, 4)[data[4] & 3]
    check(head & 4, "no checksum in the frame")
    check(head & 32 or head >> 6, "no content size in the frame")
    width = (1, 2, 4, 8)[head >> 6]
    return int.from_bytes(data[at : at + width], "little") + (256 if width == 2 else 0)


def next_text(text):  # [7] the least text above all that start with this one; None if there is none
    text = text.rstrip("\U0010ffff")
    code = ord(text[-1]) + 1 if text else 0
    return text[:-1] + chr(0xE000 if code == 0xD800 else code) if text else None


def unordered(kind):  # [7] types that have only `nulls`
    return kind in ("json", "bytes") or kind.startswith("list<")


def statistics(kind, cells):  # [7] of a column in a chunk, from its (text, order) pairs; values as texts
    found = {"nulls": sum(order == (0,) for _, order in cells)}
    values = {order: text for text, order in cells if order != (0,)}
    if unordered(kind):
        return found
    if values:
        low, high = values[min(values)], values[max(values)]
        if kind == "string":  # bounds of at most 16 bytes
            low, high = json.loads(low), json.loads(high)
            short = [text.encode()[:16].decode(errors="ignore") for text in (low, high)]
            high = high if short[1] == high else next_text(short[1])
            low, high = quoted(short[0]), None if high is None else quoted(high)
        found["min"] = low
        if high is not None:
            found["max"] = high
    if len(values) <= 8 and all(len(text.encode()) <= 64 for text in values.values()):
        found["set"] = [values[order] for order in sorted(values)]
    return found


def merged(kind, parts):  # [7] statistics of several parts together
    order = lambda text: cell(kind, json.loads(text))[1]
    found, filled = {"nulls": sum(part["nulls"] for part in parts)}, [part for part in parts if "min" in part]
    if filled:
        found["min"] = min((part["min"] for part in filled), key=order)
        if all("max" in part for part in filled):
            found["max"] = max((part["max"] for part in filled), key=order)
    if not unordered(kind) and all("set" in part for part in parts):
        values = sorted({text for part in parts for text in part["set"]}, key=order)
        if len(values) <= 8:
            found["set"] = values
    return found


def summed(columns, parts, heading):  # [6] [7] a segment of chunks, a table of segments
    lines = "".join(f"{heading[0]} {part['digest']} {part['rows']}\n" for part in parts)
    stats = {name: merged(kind, [part["stats"][name] for part in parts]) for name, kind, _ in columns}
    return described(sum(p["rows"] for p in parts), sum(p["bytes"] for p in parts), heading[1] + lines, stats)


def described(rows, size, text, stats):  # what a manifest should say of a chunk, segment or table
    spelled = {}
    for name, found in stats.items():
        found = {**found, "set": "[" + ",".join(found["set"]) + "]"} if "set" in found else found
        spelled[name] = "{" + ",".join(f"{quoted(key)}:{found[key]}" for key in sorted(found)) + "}"
    digest = hashlib.sha256(text.encode()).hexdigest()
    return {"rows": rows, "bytes": size, "digest": digest, "stats": stats, "statistics": spelled}


def check_stated(stated, found, what):  # what it does say
    stated = {**stated, "statistics": {name: canonical(value) for name, value in stated["statistics"].items()}}
    for name in ("rows", "bytes", "digest"):
        check(stated[name] == found[name], f"{what}: {name} is stated as {stated[name]}, found {found[name]}")
    for name in stated["statistics"].keys() | found["statistics"].keys():
        left, right = stated["statistics"].get(name), found["statistics"].get(name)
        check(left == right, f"{what}: statistics of {name} are stated as {left}, found {right}")


def read(where, path):
    root, revision = where
    if revision is None:
        with open(os.path.join(root, path), "rb") as file:
            return file.read()
    return run("git", "-C", root, "cat-file", "blob", f"{revision}:{path}")


def run(*command, data=None):
    done = subprocess.run(command, input=data, capture_output=True)
    check(done.returncode == 0, f"{' '.join(command)}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def read_manifest(where, path):  # [8] canonical JSON with its line breaks
    text = read(where, path).decode()
    value, members = json.loads(text), []
    check(value["format"] == "osodata.snapshot/1", f"{path}: the format is {value['format']}")
    for name in sorted(value):
        spelled = canonical(value[name])
        if name in ("columns", "groups", "segments", "chunks") and isinstance(value[name], list) and value[name]:
            spelled = "[\n" + ",\n".join(map(canonical, value[name])) + "\n]"
        members.append(quoted(name) + ":" + spelled)
    check(text == "{" + ",\n".join(members) + "}\n", f"{path} is not spelled as a manifest")
    return value


def check_row(line, columns):  # [2] [3] -> the (text, order) pair of each cell
    row = json.loads(line)
    check(isinstance(row, dict) and list(row) == [name for name, _, _ in columns], "columns differ")
    cells = [cell(kind, row[name]) for name, kind, _ in columns]
    spelled = ",".join(quoted(name) + ":" + text for (name, _, _), (text, _) in zip(columns, cells))
    check("{" + spelled + "}" == line, f"not in its canonical spelling: {line[:200]}")
    for (name, _, nullable), (_, order) in zip(columns, cells):
        check(nullable or order != (0,), f"{name} is null")
    check(columns[-1][0] != "_n" or row["_n"] > 0, "_n is less than 1")
    return cells


def check_segment(where, folder, columns, width, target, is_last):  # [4] [5]: `width` cells make the key
    stated = read_manifest(where, folder + "/segment.json")
    chunks, counts, cuts, size, count, before, first, ended = [], [], [], 0, 0, None, None, False
    for chunk in stated["chunks"]:
        path = f"{folder}/{chunk['digest'][:32]}.ndjson.zst"
        data = read(where, path)
        raw = run("zstd", "-dcq", data=data)
        check(size_of_frame(data) == len(raw), f"{path}: the frame states another size")
        text, rows = raw.decode(), []
        lines = text.split("\n")
        check(lines.pop() == "" and lines, f"{path}: no newline at the end")
        for line in lines:
            try:
                cells = check_row(line, columns)
                key, length = [order for _, order in cells[:width]], len(line.encode()) + 1
                check(length <= 1 << 24, "the row is too long")
                check(before is None or before < key, "not in the order of keys, or a key twice")
                check(not ended, "a segment should have ended before this row")
            except (Wrong, ValueError, TypeError) as error:
                raise Wrong(f"{path}:{len(rows) + 1}: {error}") from None
            first, before = key if first is None else first, key
            hashed = siphash(("[" + ",".join(text for text, _ in cells[:width]) + "]").encode())
            if size and size + length > 4 * target:
                cuts, size, count = cuts + [count], 0, 0
            size, count, ended = size + length, count + 1, hashed * 64 * target >> 64 < length
            if ended or size >= target // 4 and hashed * (3 * target // 4) >> 64 < length:
                cuts, size, count = cuts + [count], 0, 0
            rows.append(cells)
        stats = {name: statistics(kind, pairs) for (name, kind, _), *pairs in zip(columns, *rows)}
        chunks.append(described(len(rows), len(raw), text, stats))
        check_stated(chunk, chunks[-1], path)
        counts.append(len(rows))
    cuts += [count] if count else []
    check(cuts == counts, f"{folder}: chunks of {counts} rows, should be {cuts}")
    check(ended or is_last, f"{folder}: the segment should not end here")
    found = summed(columns, chunks, ("chunk", ""))
    check_stated(stated, found, folder)
    return {**found, "first": first, "last": before, "chunks": len(chunks)}


def read_groups(where, folder, head, columns):  # [1] [8] -> (folder, segment) of each segment, all groups checked
    pairs, bounds, placed = [], [], []
    for stated in head["groups"]:
        inside = f"{folder}/{stated['digest'][:32]}"
        listed = read_manifest(where, inside + "/group.json")
        parts = [{**s, "stats": stated_statistics(s)} for s in listed["segments"]]
        found = summed(columns, parts, ("segment", ""))
        check_stated(listed, found, inside + "/group.json")
        check_stated(stated, found, inside)
        check(stated["segments"] == len(parts), f"{inside}: {len(parts)} segments")
        pairs += [(f"{inside}/{s['digest'][:32]}", s) for s in listed["segments"]]
        bounds.append(len(pairs))
    cuts = [place for place, (_, s) in enumerate(pairs, 1) if int(s["digest"][:2], 16) < 4 or place == len(pairs)]
    check(bounds == cuts, f"{folder}: groups end at the segments {bounds}, should at {cuts}")
    return pairs


def stated_statistics(stated):  # of a line, values as texts
    spell = lambda found: {k: [canonical(v) for v in x] if k == "set" else x if k == "nulls" else canonical(x) for k, x in found.items()}
    return {name: spell(found) for name, found in stated["statistics"].items()}


def check_table(where, folder, files, pool, most):  # [2] [4] [6] [8] -> a line about it, and its digest
    check("manifest.json" in files, "there is no manifest.json")
    head = read_manifest(where, folder + "/manifest.json")
    columns = [(c["name"], c["type"], c["nullable"]) for c in head["columns"]]
    names, key, width = [name for name, _, _ in columns], head["key"], len(head["key"]) or len(columns) - 1
    check(all(re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name, re.A) for name in names), "column names")
    check(len({name.lower() for name in names}) == len(names) and names[: len(key)] == key, "columns twice, or the key not first")
    for _, kind, nullable in columns[: len(key)]:
        check(kind.split("(")[0] in KEY_TYPES and not nullable, f"a key column of type {kind}")
    check(("_n" in names) == (not key) and (key or columns[-1] == ("_n", "int64", False)), "_n is misplaced")
    target = {"large": 1 << 20, "small": 1 << 16}[head["class"]]
    if "groups" in head:
        pairs = read_groups(where, folder, head, columns)
    else:
        pairs = [(f"{folder}/{segment['digest'][:32]}", segment) for segment in head["segments"]]
    folders, segments = [path for path, _ in pairs], [segment for _, segment in pairs]
    check(("groups" in head) == (len(segments) > most), f"{len(segments)} segments are grouped, or should be")
    jobs = [pool.submit(check_segment, where, path, columns, width, target, path == folders[-1]) for path in folders]
    parts = [job.result() for job in jobs]
    for stated, found, path in zip(segments, parts, folders):
        check_stated(stated, found, path)
        check(stated["chunks"] == found["chunks"], f"{path}: {found['chunks']} chunks")
    for left, right in zip(parts, parts[1:]):
        check(left["last"] < right["first"], "segments out of order")
    lines = [f"format osodata.snapshot/1\nclass {head['class']}\n"]
    lines += [f"column {name} {kind} {str(nullable).lower()}\n" for name, kind, nullable in columns]
    found = summed(columns, parts, ("segment", "".join(lines + [f"key {name}\n" for name in key])))
    check_stated(head, found, folder)
    known = {"manifest.json", "provenance.json"}
    known.update(f"{group['digest'][:32]}/group.json" for group in head.get("groups", []))
    for path, stated in zip(folders, segments):
        inside = os.path.relpath(path, folder)
        known.add(inside + "/segment.json")
        listed = read_manifest(where, path + "/segment.json")["chunks"]
        known.update(f"{inside}/{chunk['digest'][:32]}.ndjson.zst" for chunk in listed)
    check(files.keys() | {"provenance.json"} == known, f"files differ: {sorted(files.keys() ^ known)}")
    check(all(files.values()), f"no plain files: {sorted(path for path, plain in files.items() if not plain)}")
    return f"{found['rows']} rows, {len(parts)} segments, {sum(p['chunks'] for p in parts)} chunks", found["digest"]


def list_files(where):  # [1] the path of everything below snapshots/ that is no folder, and if it is a plain file
    root, revision = where
    if revision:
        listing = run("git", "-C", root, "ls-tree", "-r", "-z", "--full-tree", revision, "snapshots/")
        for line in listing.decode().split("\0")[:-1]:
            yield line.split("\t", 1)[1], line.startswith("100644 ")
        return
    for at, folders, names in os.walk(os.path.join(root, "snapshots")):
        for path in [os.path.join(at, name) for name in names + folders]:
            mode = os.lstat(path).st_mode
            if not stat.S_ISDIR(mode):
                yield os.path.relpath(path, root), stat.S_ISREG(mode) and not mode & 0o111


def main(arguments):
    most = 1024
    if "--group-above" in arguments[:-1]:
        place = arguments.index("--group-above")
        most = int(arguments[place + 1])
        del arguments[place : place + 2]
    revision = arguments.pop(1) if arguments[:1] == ["--rev"] and arguments[1:] else None
    root = (arguments[1:] if revision else arguments) or [os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]
    where, tables, strays, warehouse = (root[0], revision), {}, set(), ""
    for path, plain in list_files(where):
        parts = path.split("/", 3)
        if len(parts) == 4 and parts[1] in LAYERS and re.fullmatch("[a-z][a-z0-9_]{0,119}", parts[2], re.A):
            tables.setdefault("/".join(parts[:3]), {})[parts[3]] = plain
        elif len(parts) > 2:
            strays.add("/".join(parts[:3]))
    for stray in sorted(strays):
        print(f"{stray}: DIFFERS: in no table")
    wrong = len(strays)
    with concurrent.futures.ProcessPoolExecutor() as pool:
        for folder in sorted(tables, key=lambda folder: folder.encode()):
            name = ".".join(folder.split("/")[1:])
            try:
                text, digest = check_table(where, folder, tables[folder], pool, most)
                print(f"{name}: {text}, agrees: {digest}")
                warehouse += f"{name} {digest}\n" if not name.startswith("meta.") else ""
            except (Wrong, ValueError, TypeError, KeyError, OSError) as error:
                wrong += 1
                print(f"{name}: DIFFERS: {type(error).__name__ if not isinstance(error, Wrong) else ''} {error}")
    digest = hashlib.sha256(warehouse.encode()).hexdigest()
    print(f"{len(tables)} tables, {wrong} differ; warehouse {digest}")
    if revision:
        trailer = run("git", "-C", root[0], "show", "-s", "--format=%(trailers:key=Osodata-Warehouse,valueonly)", revision)
        if trailer.strip() not in (b"", digest.encode()):
            wrong += 1
            print(f"the commit states another warehouse digest: {trailer.decode().strip()}")
    return 1 if wrong or not tables else 0


if __name__ == "__main__":
    sys.setrecursionlimit(10000)
    sys.set_int_max_str_digits(0)
    sys.exit(main(sys.argv[1:]))
