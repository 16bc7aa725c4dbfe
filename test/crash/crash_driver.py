#!/usr/bin/env python3
"""Kills a server with SIGKILL again and again while clients write, and counts every row afterwards.

Invariant: after each restart the lake holds exactly the rows that were acknowledged, each once, plus, of each request that
was in flight at the kill, either all accepted rows or none; what a restart has shown stays as it was shown. A request
spans two tables and several hours, may bring a new column, may have lines without a timestamp (whose arrival time must
survive), and may have lines that are refused (and must stay refused when the log is replayed).

    crash_driver.py --kills 500 [--durability fsync] [--seed 1]

The seed fixes the choices of the driver, not the timing of the machine. Used by test_crash.py and `make crash`.
"""
import argparse
import http.client
import os
import random
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import pyarrow.parquet

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from gigapi_testing.server import Server, find_binary, wait_until  # noqa: E402

DB = "crash"
TABLES = ("events", "other events")
ESCAPED = {"events": "events", "other events": r"other\ events"}
HOUR_NS = 3_600_000_000_000
BASE_NS = 1_750_000_000_000_000_000
WRITERS = 4
# Flushes and merges follow each other as fast as they can, so that most kills hit one in its middle.
SETTINGS = {"GIGAPI_SAVE_TIMEOUT_S": "0.03", "GIGAPI_MERGE_TIMEOUT_S": "0.05", "GIGAPI_DROP_DELAY_MS": "100",
            "GIGAPI_WAL_SEGMENT_BYTES": str(1 << 20), "LOGLEVEL": "info"}
# One flush frees many segments of the log: more than are kept for reuse.
RELEASE_SETTINGS = {**SETTINGS, "GIGAPI_SAVE_TIMEOUT_S": "1"}
RELEASED_SEGMENTS = 10
WAYS = ("at random", "in flush", "in commit", "in merge", "in start", "in drain", "in release")


class Batch:
    """One request: its lines, and the ids of the rows that the server should keep, by table."""

    def __init__(self, writer, number, rng, padding_bytes):
        self.ids = {table: [] for table in TABLES}
        lines = []
        size = rng.choice((1, 3, 20, 20, 100, 100, 1000))
        for i in range(size):
            row_id = (writer * 1_000_000 + number) * 1_000 + i
            table = rng.choice(TABLES)
            line = f"{ESCAPED[table]},writer=w{writer},parity={'odd' if i % 2 else 'even'} id={row_id}i,"
            if rng.random() < 0.02:
                lines.append(line + 'value="not a number" ' + str(BASE_NS))  # refused: value is a float
                continue
            line += f"value={row_id * 0.5}"
            if rng.random() < 0.01:
                line += f",grown_{rng.randrange(40)}={i}i"
            if padding_bytes:
                line += f',padding="{str(row_id).ljust(padding_bytes)}"'
            if rng.random() < 0.9:
                line += f" {BASE_NS + rng.randrange(3) * HOUR_NS + row_id}"
            lines.append(line)
            self.ids[table].append(row_id)
        self.refused = size - sum(map(len, self.ids.values()))
        self.body = "\n".join(lines).encode()


class Writer(threading.Thread):
    """Sends batches until the server goes away. One life of the server."""

    def __init__(self, number, driver):
        super().__init__(name=f"writer-{number}", daemon=True)
        self.number = number
        self.driver = driver
        self.acknowledged = []
        self.unknown = []
        self.problem = None

    def run(self):
        rng = random.Random(f"{self.driver.seed} {self.driver.life} {self.number}")
        connection = http.client.HTTPConnection("127.0.0.1", self.driver.server.port, timeout=60)
        try:
            while not self.driver.stop_writing.is_set():
                self.driver.batches[self.number] += 1
                batch = Batch(self.number, self.driver.batches[self.number], rng, self.driver.padding_bytes)
                self.unknown.append(batch)
                connection.request("POST", f"/write?db={DB}", batch.body)
                answer = connection.getresponse()
                text = answer.read().decode()
                if answer.status in (429, 503):
                    continue  # not kept, or not known: stays unknown
                if answer.status != (400 if batch.refused else 204):
                    self.problem = f"answer {answer.status} to {batch.refused} bad lines of {len(batch.body)} bytes: {text[:300]}"
                    return
                self.unknown.pop()
                self.acknowledged.append(batch)
        except (OSError, http.client.HTTPException):
            pass  # the kill
        finally:
            connection.close()


class CrashDriver:
    def __init__(self, binary, work, durability="fsync", seed=1, out=sys.stderr):
        self.seed = seed
        self.random = random.Random(seed)
        self.out = out
        self.server = Server(binary, Path(work) / f"root-{durability}-{seed}", {"GIGAPI_DURABILITY": durability})
        self.life = 0
        self.ways = []  # of the lives to come
        self.padding_bytes = 0
        self.batches = [0] * WRITERS
        self.present = {table: set() for table in TABLES}  # ids that must be there
        self.times = {table: {} for table in TABLES}       # id -> time, as first seen
        self.stop_writing = threading.Event()
        self.kills = Counter()

    def run(self, kills):
        # A writer that waits for its file sends too little between two flushes to fill a log.
        ways = [way for way in WAYS if way != "in release" or self.server.env["GIGAPI_DURABILITY"] != "flush"]
        while len(self.ways) < kills:
            self.ways += self.random.sample(ways, len(ways))
        self.ways = self.ways[:kills]
        self.server.start(**self.settings())
        try:
            while self.ways:
                self.one_life()
            self.last_life()
        finally:
            self.server.kill()

    # ---- one life --------------------------------------------------------------------------------------------------
    def settings(self):
        """Of the life that begins now: what it needs to be killed as it will be."""
        return RELEASE_SETTINGS if self.ways and self.ways[0] == "in release" else SETTINGS

    def one_life(self):
        self.life += 1
        how = self.ways.pop(0)
        self.padding_bytes = 4000 if how == "in release" else 0
        self.stop_writing.clear()
        writers = [Writer(n, self) for n in range(WRITERS)]
        for writer in writers:
            writer.start()
        if how == "in release":
            self.wait_for_release(writers)
        else:
            self.wait_for_instant(how)
        if how == "in drain":
            self.server.process.terminate()
            time.sleep(self.random.uniform(0, 0.1))
        self.server.kill()
        self.stop_writing.set()
        for writer in writers:
            writer.join()
            assert writer.problem is None, writer.problem
        if how == "in start":
            self.server.spawn()
            time.sleep(self.random.uniform(0, 0.2))
            self.server.kill()
        self.kills[how] += 1
        self.server.start(**self.settings())
        acknowledged = [b for w in writers for b in w.acknowledged]
        unknown = [b for w in writers for b in w.unknown]
        self.check_rows(acknowledged, unknown)
        print(f"crash: kill {self.life} {how}: {len(acknowledged)} requests acknowledged, {len(unknown)} in flight, "
              f"{sum(map(len, self.present.values()))} rows in all", file=self.out, flush=True)

    def wait_for_instant(self, how):
        """Lets the writers work for a while, then until the wanted work of the server is seen to have begun."""
        time.sleep(self.random.uniform(0.05, 0.6))
        begun = {"in flush": lambda name: name.endswith(".tmp"),
                 "in commit": lambda name: name.endswith(".bak"),
                 "in merge": lambda name: name.endswith((".2.parquet", ".3.parquet", ".2.parquet.tmp", ".3.parquet.tmp"))}.get(how)
        if begun is None:
            return
        known = set(self.file_names())
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline:
            if any(begun(name) and name not in known for name in self.file_names()):
                return

    def wait_for_release(self, writers):
        """Lets the log grow, then mostly lets the writers end, so that no later segment tells of the release, and waits for
        the flush that frees the log's segments: until the first of those that are not kept is removed."""
        wait_until(lambda: len(self.segments()) > RELEASED_SEGMENTS, "the log has many segments", 5, self.server.log_tail)
        if self.random.random() < 0.75:
            self.stop_writing.set()
            for writer in writers:
                writer.join()
        known = self.segments()
        wait_until(lambda: known - self.segments(), "a flush frees segments of the log", 5, self.server.log_tail)
        time.sleep(self.random.choice((0, 0.005, 0.05)))

    def segments(self):
        return {name for name in os.listdir(self.server.root / ".gigapi" / "wal") if name.endswith(".wal")}

    def file_names(self):
        for _, _, names in os.walk(self.server.root):
            yield from names

    # ---- checks ----------------------------------------------------------------------------------------------------
    def check_rows(self, acknowledged, unknown):
        found = {table: self.read_table(table) for table in TABLES}
        for batch in acknowledged:
            for table in TABLES:
                self.present[table].update(batch.ids[table])
        for batch in unknown:
            there = {(table, i) for table in TABLES for i in batch.ids[table] if i in found[table]}
            expected = {(table, i) for table in TABLES for i in batch.ids[table]}
            assert not there or there == expected, \
                f"{self.where()}: a request in flight was kept in part: {len(there)} of {len(expected)} rows"
            if there:
                for table in TABLES:
                    self.present[table].update(batch.ids[table])
        for table in TABLES:
            lost = self.present[table] - found[table].keys()
            alien = found[table].keys() - self.present[table]
            assert not lost, f"{self.where()}: {len(lost)} acknowledged rows of {table} are lost, such as {sorted(lost)[:5]}"
            assert not alien, f"{self.where()}: {len(alien)} rows of {table} nobody may have, such as {sorted(alien)[:5]}"
            self.check_times(table, found[table])

    def check_times(self, table, found):
        known = self.times[table]
        changed = [i for i, t in known.items() if found[i] != t]
        assert not changed, f"{self.where()}: the times of {len(changed)} rows changed, such as {changed[0]}: " \
                            f"{known[changed[0]]} -> {found[changed[0]]}"
        self.times[table] = found

    def read_table(self, table):
        """id -> time of every row; fails on an id that is there twice."""
        answer = self.server.post(f"/query?db={DB}&format=csv", json_query(f'SELECT id, epoch_ns(time) FROM "{table}"'))
        if answer.status_code != 200 and not self.present[table]:
            return {}  # nothing was ever written
        assert answer.status_code == 200, answer.text
        rows = [tuple(map(int, line.split(","))) for line in answer.text.splitlines()[1:]]
        return self.unique(table, rows)

    def unique(self, table, rows):
        found = dict(rows)
        if len(found) != len(rows):
            doubled = [i for i, n in Counter(i for i, _ in rows).items() if n > 1]
            raise AssertionError(f"{self.where()}: {len(doubled)} rows of {table} are there more than once, such as {doubled[:5]}")
        return found

    def check_no_leftovers(self):
        """Of a server that has ended in order: its folders hold what metadata.json names, and nothing half written."""
        for folder, metadata in self.server.partitions(DB).items():
            files = {Path(f["path"]).name for f in metadata["files"]}
            dropped = {Path(p).name for p in metadata["drop_queue"]}
            there = {p.name for p in folder.iterdir()} - {"metadata.json"}
            assert files <= there, f"{self.where()}: {sorted(files - there)} of {folder} do not exist"
            assert there <= files | dropped, f"{self.where()}: {sorted(there - files - dropped)} in {folder} belong to nothing"

    def last_life(self):
        """An orderly end; then the Parquet files alone must hold every row."""
        code = self.server.stop()
        assert code == 0, f"SIGTERM ended with {code}\n{self.server.log_tail()}"
        self.check_no_leftovers()
        for table in TABLES:
            rows = []
            for folder, metadata in self.server.partitions(DB).items():
                if folder.parents[1].name not in (table, table.replace(" ", "%20")):
                    continue
                for entry in metadata["files"]:
                    part = pyarrow.parquet.read_table(folder / Path(entry["path"]).name, columns=["id", "time"], partitioning=None)
                    rows += zip(part["id"].to_pylist(), part["time"].cast("int64").to_pylist())
            found = self.unique(table, rows)
            assert found.keys() == self.present[table], \
                f"files of {table} hold {len(found)} rows, {len(self.present[table])} were acknowledged"
            self.check_times(table, found)

    def where(self):
        return f"after kill {self.life} (seed {self.seed})"


def json_query(sql):
    return '{"query": "' + sql.replace('"', '\\"') + '"}'


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--durability", default="fsync", choices=("fsync", "os", "flush"))
    parser.add_argument("--seed", type=int, default=int(time.time()))
    args = parser.parse_args()
    work = tempfile.mkdtemp(prefix="gigapi-crash-")
    driver = CrashDriver(find_binary(), work, args.durability, args.seed)
    print(f"crash: seed {args.seed}, root {driver.server.root}", file=sys.stderr)
    try:
        driver.run(args.kills)
    except AssertionError as failure:
        print(f"crash: failed, the root is kept: {failure}", file=sys.stderr)
        sys.exit(1)
    shutil.rmtree(work)
    rows = sum(map(len, driver.present.values()))
    print(f"crash: {sum(driver.kills.values())} kills passed, 0 failed, {rows} rows, {dict(driver.kills)}")


if __name__ == "__main__":
    main()
