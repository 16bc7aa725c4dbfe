#!/usr/bin/env python3
"""Figures of several nodes over one lake in MinIO (docs/benchmarks.md).

  visible    a row is written to node A and asked for on node B: from sending the write until B's answer has it, on an idle
             cluster and under a steady load of other rows
  layers     ingest into a local folder and into a bucket as the first layer, in turns: rows a CPU second of the server, and how
             long acknowledgements take
  catalog    a node's start on a catalog in the bucket of 5,000 hours with 20 files each, without a checkpoint and with one, once
             with the catalog's objects alone and once with (tiny) data files between them; and planning a query of one hour
  writers    rows a CPU second of one writer, and of two that write the same hours at once, each its own rows

    python bench/cluster.py [--only PART] [--catalog json|redis] [--rows 3000000] [--samples 500] [--turns 3]
"""
import argparse
import concurrent.futures
import datetime
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "test"))
from flight_read import cpu_seconds  # noqa: E402
from gigapi_testing.server import Server, find_binary, wait_until  # noqa: E402
from gigapi_testing.service import Minio, Redis  # noqa: E402

BENCH = REPOSITORY / "build/release/bench/gigapi_bench"


class Cluster:
    """MinIO, Redis if it is wanted, and nodes; all end with it."""

    def __init__(self, directory, catalog):
        self.directory = Path(directory)
        self.minio = Minio(self.directory / "minio").start()
        self.minio.client().make_bucket("bench")
        self.services = [self.minio]
        self.env = {**self.minio.layer(0, "s3", "bench"), "LOGLEVEL": "warn"}
        if catalog == "redis":
            redis = Redis(self.directory / "redis").start()
            self.services.append(redis)
            self.env |= {"GIGAPI_METADATA_TYPE": "redis", "GIGAPI_METADATA_URL": redis.url()}
        self.nodes = []

    def node(self, mode):
        node = Server(find_binary(), self.directory / f"node{len(self.nodes)}", {**self.env, "GIGAPI_MODE": mode})
        self.nodes.append(node.start())
        return node

    def know_each_other(self):
        for node in self.nodes:
            wait_until(lambda: [n["state"] for n in node.get("/api/v1/cluster").json()["nodes"]].count("alive")
                       == len(self.nodes), "the nodes know each other", 30)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for each in [*self.nodes, *self.services]:
            each.kill()


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))]


def visible(cluster, samples):
    writer, reader = cluster.node("writeonly"), cluster.node("readonly")
    cluster.know_each_other()

    def sample(count, first):
        took = []
        for i in range(first, first + count):
            begun = time.perf_counter()
            writer.write(f"seen,host=a id={i}i {time.time_ns()}")
            while int(reader.query(f"SELECT count(*) AS n FROM seen WHERE id = {i}")[0]["n"]) != 1:
                pass
            took.append((time.perf_counter() - begun) * 1e3)
        return {"median_ms": round(percentile(took, 0.5), 1), "p99_ms": round(percentile(took, 0.99), 1)}

    idle = sample(samples, 0)
    stop = threading.Event()

    def load():
        body = "\n".join(f"other,host=h{i % 100} v={i}i" for i in range(1_000))
        while not stop.wait(0.02):  # 50,000 rows a second
            writer.post("/write?db=mydb", body)

    loader = threading.Thread(target=load)
    loader.start()
    loaded = sample(samples, samples)
    stop.set()
    loader.join()
    return {"idle": idle, "under_load": loaded}


def ingest(server, rows, *options):
    run = subprocess.run([str(BENCH), "ingest", "--port", str(server.port), "--pid", str(server.process.pid), "--rows", str(rows),
                          "--hosts", "1000", "--idle_window_s", "13", *options], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(run.stdout)


def layers(rows, turns):
    """By format and layer, the figures of each turn."""
    formats = {"line_protocol": ("--lines", "10000", "--connections", "4"), "msgpack": ("--format", "msgpack", "--lines", "1000")}
    figures = {}
    for _ in range(turns):
        for name, options in formats.items():
            for first in ("local", "s3"):
                with tempfile.TemporaryDirectory() as directory, Cluster(directory, "json") as cluster:
                    if first == "local":
                        cluster.env = {"LOGLEVEL": "warn"}
                    figure = ingest(cluster.node("aio"), rows, *options)
                of = figures.setdefault(name, {}).setdefault(first, {"rows_per_cpu_s": [], "ack_p50_ms": [], "ack_p99_ms": []})
                of["rows_per_cpu_s"].append(round(figure["rows_per_server_cpu_s"]))
                of["ack_p50_ms"].append(round(figure["ack_p50_ms"], 2))
                of["ack_p99_ms"].append(round(figure["ack_p99_ms"], 2))
    return figures


def start_of_reader(cluster):
    begun = time.perf_counter()
    reader = cluster.node("readonly")
    figures = {"files": reader.metrics()["gigapi_files"], "ready_after_s": round(time.perf_counter() - begun, 2),
               "cpu_s": round(cpu_seconds(reader.process.pid), 2)}
    return reader, figures


def write_checkpoint(cluster):
    """By a node that does nothing else; done when there is no new part for a while."""
    client = cluster.minio.client()

    def parts():
        return {key for key in client.sizes("bench", "lake/.gigapi/checkpoint/")}

    cluster.env |= {"GIGAPI_CATALOG_CHECKPOINT_INTERVAL_MS": "100", "GIGAPI_NO_MERGES": "true"}
    node = cluster.node("compaction")
    seen = set()
    wait_until(lambda: parts(), "there is a checkpoint", 120)
    while len(parts()) > len(seen):
        seen = parts()
        time.sleep(5)
    node.stop()
    cluster.nodes.remove(node)
    return len(seen)


def catalog(cluster, data_files, hours=5_000, files_of_an_hour=20):
    writer = cluster.node("aio")
    writer.write("cpu,host=a,region=r f0=1,f1=2,f2=3,f3=4,f4=5 1700000000000000000")
    wait_until(lambda: writer.metrics()["gigapi_buffer_rows"] == 0, "the row is in a file")
    writer.stop()
    cluster.nodes.clear()
    client = cluster.minio.client()
    (key,) = (key for key in client.sizes("bench") if "/hour=" in key and key.endswith("/metadata.json"))
    metadata, table = json.loads(client.get("bench", key)), key.split("/date=")[0]

    def put(hour):
        begin = datetime.datetime(2023, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(hours=hour)
        time_ns = int(begin.timestamp()) * 10**9
        files = [{**metadata["files"][0], "path": f"{hour:08d}-{i:04d}-4000-8000-000000000000.2.parquet",
                  "min_time": time_ns + i * 10**9, "max_time": time_ns + i * 10**9 + 1} for i in range(files_of_an_hour)]
        content = json.dumps({**metadata, "files": files}, separators=(",", ":")).encode()
        client, path = cluster.minio.client(), f"{table}/date={begin:%Y-%m-%d}/hour={begin:%H}"
        for file in files if data_files else ():
            client.put("bench", f"{path}/{file['path']}", b"x")
        client.put("bench", f"{path}/metadata.json", content)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(put, range(hours)))
    reader, without = start_of_reader(cluster)
    reader.stop()
    cluster.nodes.clear()
    parts = write_checkpoint(cluster)
    reader, figures = start_of_reader(cluster)
    figures |= {"checkpoint_parts": parts, "without_checkpoint": without}
    took = []
    for _ in range(50):
        begun = time.perf_counter()
        reader.query("EXPLAIN SELECT count(*) FROM cpu WHERE time >= '2023-01-02T00:00:00Z' AND time < '2023-01-02T01:00:00Z' AND f0 > 5")
        took.append((time.perf_counter() - begun) * 1e3)
    return {**figures, "plan_median_ms": round(percentile(took, 0.5), 1)}


def writers(cluster, rows, count):
    nodes = [cluster.node("writeonly") for _ in range(count)]
    cluster.know_each_other()
    runs = [subprocess.Popen([str(BENCH), "ingest", "--port", str(node.port), "--pid", str(node.process.pid), "--rows",
                              str(rows // count), "--lines", "10000", "--connections", "2", "--hosts", "1000",
                              "--idle_window_s", "13"], stdout=subprocess.PIPE, text=True) for node in nodes]
    figures = [json.loads(run.communicate()[0]) for run in runs]
    cpu_s = sum(figure["server_cpu_s"] for figure in figures)
    return {"writers": count, "rows_per_cpu_s": round(rows / cpu_s), "ack_p50_ms": [f["ack_p50_ms"] for f in figures],
            "ack_p99_ms": [f["ack_p99_ms"] for f in figures]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--catalog", choices=["json", "redis"], default="json")
    parser.add_argument("--rows", type=int, default=3_000_000)
    parser.add_argument("--samples", type=int, default=500)
    parser.add_argument("--only", choices=["visible", "layers", "catalog", "writers"])
    parser.add_argument("--turns", type=int, default=3)
    arguments = parser.parse_args()
    os.environ.setdefault("GIGAPI_BINARY", str(REPOSITORY / "build/release/gigapi"))
    figures = {"catalog": arguments.catalog}
    if arguments.only in (None, "layers"):
        figures["layers"] = layers(arguments.rows, arguments.turns)
    if arguments.only in (None, "visible"):
        with tempfile.TemporaryDirectory() as directory, Cluster(directory, arguments.catalog) as cluster:
            figures["visible"] = visible(cluster, arguments.samples)
    if arguments.only in (None, "catalog"):
        for data_files in (False, True):
            with tempfile.TemporaryDirectory() as directory, Cluster(directory, "json") as cluster:
                figures["catalog_and_files" if data_files else "catalog_alone"] = catalog(cluster, data_files)
    for count in (1, 2) if arguments.only in (None, "writers") else ():
        with tempfile.TemporaryDirectory() as directory, Cluster(directory, arguments.catalog) as cluster:
            figures[f"writers_{count}"] = writers(cluster, arguments.rows, count)
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
