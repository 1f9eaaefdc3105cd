"""`make bench`: what the worker costs, as ratios to a bare librdkafka consumer on the same machine in the same run.

Prints CPU-seconds per million records and records per CPU-second for: consuming only, S3 sink with bytes, S3 sink with JSON, S3
source; the ratio to consuming the same topic only; the sinks also with s3.payload.signing=never (SHA-256 of what is sent over plain http
is a third of their time, over https nobody hashes it); peak memory; idle memory; time from start to /health 200.

BENCH_RECORDS (default 1000000) records of 1 KB over 8 partitions. BENCH_STORE=file writes to a directory instead of an S3 server.
BENCH=json,transforms,rest,cluster,idle,bytes,sink,source chooses parts (default: all): JSON alone, a chain of transforms beside Java's classes
(data_plane.py), REST beside the Java worker (bench_rest.py, needs wrk), groups of workers beside Java's (bench_cluster.py), the idle worker
and idle sink tasks (bench_idle.py), the sink with bytes, the sink with JSON, the source.
"""
from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import data_plane

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import bench_cluster  # noqa: E402
import bench_idle  # noqa: E402
import bench_rest  # noqa: E402
from servers import S3, Kafka, eventually  # noqa: E402
from topics import Topics  # noqa: E402
from worker import Worker  # noqa: E402

RECORDS = int(os.environ.get("BENCH_RECORDS", 1_000_000))
PARTITIONS = 8
PROGRAMS = pathlib.Path(os.environ.get("BENCHES", pathlib.Path(__file__).resolve().parents[2] / "build/plain/tests/bench"))
FORMATS = "io.confluent.connect.s3.format."


def program(name: str, *args) -> str:
    done = subprocess.run([PROGRAMS / name, *map(str, args)], capture_output=True, text=True, timeout=1800)
    if done.returncode != 0:
        raise SystemExit(f"{name} {args}: {done.stdout}{done.stderr}")
    return done.stdout


def row(name: str, records: int, cpu_s: float, peak_kib: int, base: float | None) -> float:
    rate = records / cpu_s
    ratio = f"{rate / base:8.2f}" if base else "    1.00"
    peak = f"{peak_kib / 1024:>14.1f}" if peak_kib else ""
    print(f"{name:<33}{cpu_s * 1e6 / records:>18.2f}{rate:>22,.0f}{ratio}{peak}", flush=True)
    return rate


class Bench:
    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.kafka = Kafka(folder)
        self.topics = Topics(self.kafka.bootstrap)
        self.s3 = None if os.environ.get("BENCH_STORE") == "file" else S3(folder)
        self.bucket = "bench"
        if self.s3:
            self.s3.client().create_bucket(Bucket=self.bucket)
        else:
            (folder / "store" / self.bucket).mkdir(parents=True)

    def close(self):
        self.kafka.stop()
        if self.s3:
            self.s3.stop()

    def store(self) -> dict:
        url = self.s3.url if self.s3 else f"file://{self.folder}/store"
        return {"s3.bucket.name": self.bucket, "s3.region": "us-east-1", "store.url": url}

    def worker(self, name: str) -> Worker:
        env = {"AWS_ACCESS_KEY_ID": S3.access, "AWS_SECRET_ACCESS_KEY": S3.secret}
        return Worker(self.folder / name, self.kafka.bootstrap, name, env=env)

    def consume(self, topic: str) -> float:
        """Records per CPU-second of a bare consumer, the median of three runs."""
        runs = [json.loads(re.search(r"\{.*\}", program("bench_consume", self.kafka.bootstrap, topic, RECORDS)).group())
                for _ in range(3)]
        out = sorted(runs, key=lambda run: run["cpu_s"])[1]
        return row(f"consume {topic} only (librdkafka)", RECORDS, out["cpu_s"], out["peak_kib"], None)

    def sink(self, name: str, topic: str, base: float, **more):
        """A fresh worker backs the topic up, in five objects a partition."""
        format, converter = {"bytes": ("bytearray.ByteArrayFormat", "org.apache.kafka.connect.converters.ByteArrayConverter"),
                             "json": ("json.JsonFormat", "org.apache.kafka.connect.json.JsonConverter")}[topic]
        connector = f"sink-{topic}-{len(more)}"
        w = self.worker(connector).start()
        begin = w.process.cpu_s()
        w.put(connector, {"connector.class": "io.confluent.connect.s3.S3SinkConnector", "tasks.max": "1", "topics": topic,
                       "flush.size": str(RECORDS // PARTITIONS // 5), "storage.class": "io.confluent.connect.s3.storage.S3Storage",
                       "format.class": FORMATS + format, "value.converter": converter, "value.converter.schemas.enable": "false",
                       "key.converter": "org.apache.kafka.connect.converters.ByteArrayConverter", **self.store(), **more})
        eventually("all committed", lambda: sum(self.topics.committed(f"connect-{connector}", topic, PARTITIONS).values()) >= RECORDS,
                   1500, w.process, every_s=0.5)
        cpu, peak = w.process.cpu_s() - begin, w.process.memory_kib("VmHWM")
        w.rest("DELETE", f"/connectors/{connector}")
        w.stop()
        row(name, RECORDS, cpu, peak, base)

    def sinks(self, name: str, topic: str, base: float):
        self.sink(name, topic, base)
        if self.s3:
            self.sink("  with s3.payload.signing=never", topic, base, **{"s3.payload.signing": "never"})

    def source(self, topic: str, target: str) -> tuple[float, int]:
        self.topics.create(target, PARTITIONS)
        w = self.worker("source").start()
        begin = w.process.cpu_s()
        w.put("source", {"connector.class": "io.confluent.connect.s3.source.S3SourceConnector", "tasks.max": "1",
                         "format.class": FORMATS + "bytearray.ByteArrayFormat", "format.bytearray.separator": "\\n",
                         "topics.dir": "topics", "record.batch.max.size": "2000", "store.kafka.keys": "false",
                         "store.kafka.headers": "false", "value.converter": "org.apache.kafka.connect.converters.ByteArrayConverter",
                         "transforms": "r", "transforms.r.type": "org.apache.kafka.connect.transforms.RegexRouter",
                         "transforms.r.regex": topic, "transforms.r.replacement": target, **self.store()})
        eventually("all restored", lambda: self.topics.count(target) >= RECORDS, 1500, w.process, every_s=0.5)
        cpu, peak = w.process.cpu_s() - begin, w.process.memory_kib("VmHWM")
        w.stop()
        return cpu, peak


ALL_PARTS = ["json", "transforms", "rest", "cluster", "idle", "bytes", "sink", "source"]


def with_servers(bench: Bench, parts: set[str]):
    if "idle" in parts:
        begin = time.monotonic()
        idle = bench.worker("idle").start()
        ready_s = time.monotonic() - begin
        time.sleep(3)
        idle_kib = idle.process.memory_kib()
        idle.stop()
        print(f"idle worker: {idle_kib / 1024:.1f} MiB; start to /health 200: {ready_s:.2f} s")
        bench_idle.compare(bench.kafka.bootstrap, bench.folder, PROGRAMS)
    if not parts & {"bytes", "sink", "source"}:
        return
    for kind in ["bytes"] + ["json"] * ("sink" in parts):
        bench.topics.create(kind, PARTITIONS)
        program("bench_produce", bench.kafka.bootstrap, kind, RECORDS, kind)
    print(f"{RECORDS} records of 1 KB, {PARTITIONS} partitions")
    print(f"{'':<33}{'CPU s / million':>18}{'records / CPU s':>22}{'ratio':>8}{'peak MiB':>14}")
    base = bench.consume("bytes")
    if parts & {"bytes", "source"}:  # the source reads what the sink has written
        bench.sinks("S3 sink, ByteArrayFormat", "bytes", base)
    if "sink" in parts:
        bench.sinks("S3 sink, JSON to JsonFormat", "json", bench.consume("json"))
    if "source" in parts:
        row("S3 source, ByteArrayFormat", RECORDS, *bench.source("bytes", "restored"), base)


def main():
    parts = set(os.environ.get("BENCH", ",".join(ALL_PARTS)).split(","))
    if not parts <= set(ALL_PARTS):
        raise SystemExit(f"BENCH may name {', '.join(ALL_PARTS)}")
    if "rest" in parts:
        bench_rest.check_tools()
    if parts & {"cluster", "idle"}:
        bench_cluster.check_tools()
    if "json" in parts:
        data_plane.json_alone()
    if "transforms" in parts:
        data_plane.transforms()
    if parts <= {"json", "transforms"}:
        return
    folder = pathlib.Path(tempfile.mkdtemp(prefix="kconnectd-bench-"))
    bench = Bench(folder)
    try:
        if "rest" in parts:
            bench_rest.compare(bench.kafka.bootstrap, folder)
        if "cluster" in parts:
            bench_cluster.compare(bench.kafka.bootstrap, folder)
        with_servers(bench, parts)
    finally:
        bench.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
