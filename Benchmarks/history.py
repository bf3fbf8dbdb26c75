#!/usr/bin/env python3
"""Makes a data repository of thousands of commits, times `log` and `history` in it, checks the answers.

Usage: Benchmarks/history.py PROGRAM [FOLDER] [COMMITS]      5,000 commits if none are named

The repository is written by git fast-import, from docs/format.md, without osodata, and holds three tables:
marts.daily_v1 grows by 20 rows a commit, marts.projects_v1 has one cell changed a commit, and marts.rare_v1
changes every hundredth commit. Needs Python 3.9, git, libzstd. Exits 1 if an answer is wrong.
"""
import ctypes, ctypes.util, hashlib, json, os, subprocess, sys, tempfile, time

MASK = (1 << 64) - 1
T = 65536  # class small
ZSTD = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
ZSTD.ZSTD_compressBound.restype = ctypes.c_size_t
ZSTD.ZSTD_compress2.restype = ctypes.c_size_t
ZSTD.ZSTD_createCCtx.restype = ctypes.c_void_p
CONTEXT = ctypes.c_void_p(ZSTD.ZSTD_createCCtx())
ZSTD.ZSTD_CCtx_setParameter(CONTEXT, 201, 1)  # the checksum


def compress(text):
    room = ZSTD.ZSTD_compressBound(ctypes.c_size_t(len(text)))
    out = ctypes.create_string_buffer(room)
    size = ZSTD.ZSTD_compress2(CONTEXT, out, ctypes.c_size_t(room), text, ctypes.c_size_t(len(text)))
    return out.raw[:size]


def siphash(data, k0=0x0706050403020100, k1=0x0F0E0D0C0B0A0908):
    v0, v1 = k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D
    v2, v3 = k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573
    words = [int.from_bytes(data[i : i + 8], "little") for i in range(0, len(data) - len(data) % 8, 8)]
    words.append((len(data) & 255) << 56 | int.from_bytes(data[len(data) - len(data) % 8 :], "little"))
    for step in words + [None]:
        if step is None:
            v2 ^= 0xFF
        else:
            v3 ^= step
        for _ in range(2 if step is not None else 4):
            v0 = (v0 + v1) & MASK
            v1 = ((v1 << 13 | v1 >> 51) & MASK) ^ v0
            v0 = (v0 << 32 | v0 >> 32) & MASK
            v2 = (v2 + v3) & MASK
            v3 = ((v3 << 16 | v3 >> 48) & MASK) ^ v2
            v0 = (v0 + v3) & MASK
            v3 = ((v3 << 21 | v3 >> 43) & MASK) ^ v0
            v2 = (v2 + v1) & MASK
            v1 = ((v1 << 17 | v1 >> 47) & MASK) ^ v2
            v2 = (v2 << 32 | v2 >> 32) & MASK
        if step is not None:
            v0 ^= step
    return v0 ^ v1 ^ v2 ^ v3


def compact(value):
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


class Chunk:
    """Some rows, with all that is said of them."""

    def __init__(self, rows, columns):
        self.text = "".join(compact_row for _, compact_row in rows).encode()
        self.rows, self.bytes = len(rows), len(self.text)
        self.digest = hashlib.sha256(self.text).hexdigest()
        self.statistics = {}
        for place, (name, kind) in enumerate(columns):
            values = sorted({row[place] for row, _ in rows})
            said = {"max": values[-1], "min": values[0], "nulls": 0}
            if len(values) <= 8:
                said["set"] = values
            self.statistics[name] = said


def merged(parts):
    out = {}
    for name in parts[0].statistics:
        all_of = [part.statistics[name] for part in parts]
        said = {"max": max(s["max"] for s in all_of), "min": min(s["min"] for s in all_of), "nulls": 0}
        if all("set" in s for s in all_of):
            values = sorted(set().union(*(s["set"] for s in all_of)))
            if len(values) <= 8:
                said["set"] = values
        out[name] = said
    return out


class Segment:
    def __init__(self, chunks):
        self.chunks = chunks
        self.rows, self.bytes = sum(c.rows for c in chunks), sum(c.bytes for c in chunks)
        lines = "".join(f"chunk {c.digest} {c.rows}\n" for c in chunks)
        self.digest = hashlib.sha256(lines.encode()).hexdigest()
        self.statistics = merged(chunks)

    def file(self):
        lines = ",\n".join(
            compact({"bytes": c.bytes, "digest": c.digest, "rows": c.rows, "statistics": c.statistics})
            for c in self.chunks
        )
        return (
            f'{{"bytes":{self.bytes},\n"chunks":[\n{lines}\n],\n"digest":"{self.digest}",\n'
            f'"format":"osodata.snapshot/1",\n"rows":{self.rows},\n'
            f'"statistics":{compact(self.statistics)}}}\n'
        )


class Table:
    """A table that remembers its cuts: a change cuts anew from the chunk it is in."""

    def __init__(self, name, columns, key):
        self.name, self.columns, self.key = name, columns, key
        self.rows, self.segments, self.cuts = [], [], {}

    def line(self, row):
        return "{" + ",".join(f'"{n}":{compact(v)}' for (n, _), v in zip(self.columns, row)) + "}\n"

    def cut(self, row, length):
        key = tuple(row[: self.key])
        if key not in self.cuts:
            self.cuts[key] = siphash(compact(list(key)).encode())
        h = self.cuts[key]
        return (h * 64 * T) >> 64 < length, (h * (3 * T // 4)) >> 64 < length

    def build(self, first_row=0):
        """Makes the chunks anew from the one that holds row `first_row`."""
        start, kept = 0, 0
        while kept < len(self.segments) and start + self.segments[kept].rows <= first_row:
            start += self.segments[kept].rows
            kept += 1
        old = {c.digest: c for s in self.segments[kept:] for c in s.chunks}
        segments, chunks, current, size = self.segments[:kept], [], [], 0
        # A chunk that ends before the row stays too.
        for chunk in self.segments[kept].chunks if kept < len(self.segments) else []:
            if start + chunk.rows > first_row:
                break
            chunks.append(chunk)
            start += chunk.rows

        def end_chunk():
            nonlocal current, size
            text = "".join(line for _, line in current).encode()
            digest = hashlib.sha256(text).hexdigest()
            chunks.append(old.get(digest) or Chunk(current, self.columns))
            current, size = [], 0

        for row in self.rows[start:]:
            line = self.line(row)
            length = len(line.encode())
            if size > 0 and size + length > 4 * T:
                end_chunk()
            current.append((row, line))
            ends_segment, ends_chunk = self.cut(row, length)
            if ends_segment or size + length >= T // 4 and ends_chunk:
                end_chunk()
                if ends_segment:
                    segments.append(Segment(chunks))
                    chunks = []
            else:
                size += length
        if current:
            end_chunk()
        if chunks:
            segments.append(Segment(chunks))
        self.segments = segments

    def manifest(self):
        key = [name for name, _ in self.columns[: self.key]]
        lines = "format osodata.snapshot/1\nclass small\n"
        lines += "".join(
            f"column {n} {k} {'false' if i < self.key else 'true'}\n" for i, (n, k) in enumerate(self.columns)
        )
        lines += "".join(f"key {n}\n" for n in key)
        lines += "".join(f"segment {s.digest} {s.rows}\n" for s in self.segments)
        columns = ",\n".join(
            compact({"id": i + 1, "name": n, "nullable": i >= self.key, "type": k})
            for i, (n, k) in enumerate(self.columns)
        )
        segments = ",\n".join(
            compact(
                {"bytes": s.bytes, "chunks": len(s.chunks), "digest": s.digest, "rows": s.rows,
                 "statistics": s.statistics}
            )
            for s in self.segments
        )
        return (
            f'{{"bytes":{sum(s.bytes for s in self.segments)},\n"class":"small",\n'
            f'"columns":[\n{columns}\n],\n"digest":"{hashlib.sha256(lines.encode()).hexdigest()}",\n'
            f'"format":"osodata.snapshot/1",\n"key":{compact(key)},\n'
            f'"last_column_id":{len(self.columns)},\n"rows":{len(self.rows)},\n'
            f'"segments":[\n{segments}\n],\n"statistics":{compact(merged(self.segments))}}}\n'
        )


class Writer:
    """Feeds git fast-import."""

    def __init__(self, folder):
        subprocess.run(["git", "init", "-q", "-b", "main", folder], check=True)
        self.process = subprocess.Popen(
            ["git", "-C", folder, "fast-import", "--quiet"], stdin=subprocess.PIPE
        )
        self.pipe, self.mark, self.there = self.process.stdin, 0, {}

    def blob(self, data):
        self.mark += 1
        self.pipe.write(b"blob\nmark :%d\ndata %d\n%s\n" % (self.mark, len(data), data))
        return self.mark

    def folder(self, table):
        """The lines of a commit that bring a table's folder up to date."""
        path = f"snapshots/{table.name.replace('.', '/')}"
        before, now, lines = self.there.get(path, {}), {}, []
        for segment in table.segments:
            folder = f"{path}/{segment.digest[:32]}"
            now[folder] = True
            if folder in before:
                continue
            lines.append(f"M 100644 :{self.blob(segment.file().encode())} {folder}/segment.json")
            for chunk in segment.chunks:
                mark = self.there.get(chunk.digest)
                if mark is None:
                    mark = self.there[chunk.digest] = self.blob(compress(chunk.text))
                lines.append(f"M 100644 :{mark} {folder}/{chunk.digest[:32]}.ndjson.zst")
        lines = [f"D {folder}" for folder in before if folder not in now] + lines
        self.there[path] = now
        lines.append(f"M 100644 :{self.blob(table.manifest().encode())} {path}/manifest.json")
        if not before:
            lines.append(f"M 100644 :{self.blob(b'{}')} {path}/provenance.json")
        return lines

    def commit(self, number, lines):
        when = 1_600_000_000 + 86_400 * number
        message = f"run: {number}\n\nOsodata-Run: {hashlib.sha256(str(number).encode()).hexdigest()[:16]}\n"
        data = message.encode()
        head = f"commit refs/heads/main\ncommitter A <a@example.org> {when} +0000\ndata {len(data)}\n"
        self.pipe.write(head.encode() + data + "".join(line + "\n" for line in lines).encode() + b"\n")

    def finish(self, folder):
        self.pipe.close()
        if self.process.wait() != 0:
            sys.exit("git fast-import failed")
        subprocess.run(["git", "-C", folder, "gc", "-q"], check=True)


def make(folder, commits):
    """Writes the repository; gives the stars that each commit set in marts.projects_v1."""
    writer = Writer(folder)
    columns = [("day", "date"), ("project", "string"), ("stars", "int64"), ("note", "string")]
    daily = Table("marts.daily_v1", columns, 2)
    projects = Table("marts.projects_v1", [("project", "string"), *columns[2:], ("rank", "int64")], 1)
    rare = Table("marts.rare_v1", columns, 2)
    # Text that no dictionary foresees, or all tables would be one chunk.
    note = lambda *of: hashlib.sha256(repr(of).encode()).hexdigest()[:16]
    projects.rows = [[f"project-{i:05d}", 0, note(i), i] for i in range(2000)]
    changed = []
    for number in range(commits):
        day = time.strftime("%Y-%m-%d", time.gmtime(1_600_000_000 + 86_400 * number))
        daily.rows += [[day, f"project-{i:05d}", number + i, note(number, i)] for i in range(0, 2000, 100)]
        # The last chunk ends with the table, not at a cut.
        daily.build(max(len(daily.rows) - 21, 0))
        place = number * 7919 % 2000
        projects.rows[place][1] += number
        changed.append((projects.rows[place][0], projects.rows[place][1]))
        projects.build(0 if number == 0 else place)
        lines = writer.folder(daily) + writer.folder(projects)
        if number % 100 == 0:
            rare.rows.append([day, "rare", number, note(number)])
            rare.build()
            lines += writer.folder(rare)
        writer.commit(number, lines)
    writer.finish(folder)
    return changed


def timed(program, folder, *arguments):
    """Standard output, and the median time of five runs."""
    times = []
    for _ in range(5):
        start = time.perf_counter()
        done = subprocess.run([program, *arguments, "-C", folder], capture_output=True, text=True)
        times.append(time.perf_counter() - start)
        if done.returncode != 0:
            sys.exit(f"{arguments}: {done.stderr}")
    return done.stdout, sorted(times)[2]


def main():
    program = os.path.abspath(sys.argv[1])
    folder = sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp(prefix="osodata-history-")
    commits = int(sys.argv[3]) if len(sys.argv) > 3 else 5000
    start = time.time()
    changed = make(folder, commits)
    print(f"{commits} commits in {folder}, made in {time.time() - start:.0f} s", file=sys.stderr)
    print(f"\n## History of {commits:,} commits\n\n| | time, median of 5 | read |\n| --- | --- | --- |")
    wrong = 0

    def report(what, seconds, isRight, more=""):
        nonlocal wrong
        wrong += not isRight
        print(f"| `{what}` | {seconds:.2f} s | {more}{'' if isRight else ' WRONG'} |", flush=True)

    for table, count in [("daily_v1", commits), ("rare_v1", (commits + 99) // 100)]:
        for limit in [20, 1_000_000]:
            arguments = ["log", f"marts.{table}", "--limit", str(limit), "--json"]
            out, seconds = timed(program, folder, *arguments)
            report(" ".join(arguments), seconds, len(json.loads(out)) == min(count, limit))
    first = changed[0][0]
    expected = [stars for project, stars in changed if project == first]
    day = time.strftime("%Y-%m-%d", time.gmtime(1_600_000_000 + 86_400 * (commits // 2)))
    cases = [
        (["marts.projects_v1", first], len({stars for stars in expected} | {0}), expected[-1]),
        (["marts.daily_v1", day, "project-00100"], 1, commits // 2 + 100),
        (["marts.rare_v1", "2020-09-13", "rare"], 1, 0),
    ]
    for key, count, stars in cases:
        out, seconds = timed(program, folder, "history", *key, "--json")
        answer = json.loads(out)
        last = next(c["after"] for c in answer["changes"][0]["cells"] if c["column"] == "stars")
        read = ", ".join(f"{answer[name]} {name.split('_')[0]}" for name in
                         ["versions", "manifests_read", "lists_read", "chunks_read"])
        report(" ".join(["history", *key]), seconds,
               len(answer["changes"]) == count and last == stars, read)
    return 1 if wrong else 0


sys.exit(main())
