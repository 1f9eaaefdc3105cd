"""`make bench`: what the worker costs, as ratios to a bare librdkafka consumer on the same machine in the same run.

Prints CPU-seconds per million records and records per CPU-second for: consuming only, S3 sink with bytes, S3 sink with JSON, S3
source; the sinks' ratio to consuming only, also without the threads that hash, sign and send what is stored; peak memory; idle memory; time from start to /health 200.

BENCH_RECORDS (default 1000000) records of 1 KB over 8 partitions. BENCH_STORE=file writes to a directory instead of an S3 server.
BENCH=json,transforms,rest,idle,bytes,sink,source chooses parts (default: all): JSON alone, a chain of transforms beside Java's classes
(data_plane.py), REST beside the Java worker (bench_rest.py, needs wrk), the idle worker, the sink with bytes, the sink with JSON, the source.
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
    print(f"{name:<30}{cpu_s * 1e6 / records:>18.2f}{rate:>22,.0f}{ratio}{peak}", flush=True)
    return rate


def thread_cpu_s(pid: int, prefix: str) -> float:
    """CPU seconds of the threads whose names begin with `prefix`."""
    total = 0.0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            name, fields = (task / "stat").read_text().split("(", 1)[1].rsplit(")", 1)
        except OSError:
            continue  # it has just ended
        if name.startswith(prefix):
            total += sum(map(int, fields.split()[11:13])) / os.sysconf("SC_CLK_TCK")
    return total


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

    def sink(self, name: str, topic: str, format: str, converter: str, base: float):
        """A fresh worker backs the topic up. Two rows: everything, and without the threads that sign and send."""
        w = self.worker(f"sink-{format}").start()
        begin = w.process.cpu_s()
        w.put("sink", {"connector.class": "io.confluent.connect.s3.S3SinkConnector", "tasks.max": "1", "topics": topic,
                       "flush.size": "100000", "rotate.schedule.interval.ms": "2000", "timezone": "UTC",
                       "storage.class": "io.confluent.connect.s3.storage.S3Storage",
                       "format.class": FORMATS + {"bytes": "bytearray.ByteArrayFormat", "json": "json.JsonFormat"}[format],
                       "key.converter": "org.apache.kafka.connect.converters.ByteArrayConverter", "value.converter": converter,
                       "value.converter.schemas.enable": "false", **self.store()})
        eventually("all committed", lambda: sum(self.topics.committed("connect-sink", topic, PARTITIONS).values()) >= RECORDS, 1500,
                   w.process, every_s=0.5)
        cpu, peak = w.process.cpu_s() - begin, w.process.memory_kib("VmHWM")
        upload = thread_cpu_s(w.process.popen.pid, "s3-upload")
        w.rest("DELETE", "/connectors/sink")
        w.stop()
        row(name, RECORDS, cpu, peak, base)
        row("  without the store's threads", RECORDS, cpu - upload, 0, base)

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


ALL_PARTS = ["json", "transforms", "rest", "idle", "bytes", "sink", "source"]


def with_servers(bench: Bench, parts: set[str]):
    if "idle" in parts:
        begin = time.monotonic()
        idle = bench.worker("idle").start()
        ready_s = time.monotonic() - begin
        time.sleep(3)
        idle_kib = idle.process.memory_kib()
        idle.stop()
        print(f"idle worker: {idle_kib / 1024:.1f} MiB; start to /health 200: {ready_s:.2f} s")
    if not parts & {"bytes", "sink", "source"}:
        return
    for kind in ["bytes"] + ["json"] * ("sink" in parts):
        bench.topics.create(kind, PARTITIONS)
        program("bench_produce", bench.kafka.bootstrap, kind, RECORDS, kind)
    print(f"{RECORDS} records of 1 KB, {PARTITIONS} partitions")
    print(f"{'':<30}{'CPU s / million':>18}{'records / CPU s':>22}{'ratio':>8}{'peak MiB':>14}")
    out = json.loads(re.search(r"\{.*\}", program("bench_consume", bench.kafka.bootstrap, "bytes", RECORDS)).group())
    base = row("consume only (librdkafka)", RECORDS, out["cpu_s"], out["peak_kib"], None)
    bytes_converter = "org.apache.kafka.connect.converters.ByteArrayConverter"
    if parts & {"bytes", "source"}:  # the source reads what the sink has written
        bench.sink("S3 sink, ByteArrayFormat", "bytes", "bytes", bytes_converter, base)
    if "sink" in parts:
        bench.sink("S3 sink, JSON to JsonFormat", "json", "json", "org.apache.kafka.connect.json.JsonConverter", base)
    if "source" in parts:
        row("S3 source, ByteArrayFormat", RECORDS, *bench.source("bytes", "restored"), base)


def main():
    parts = set(os.environ.get("BENCH", ",".join(ALL_PARTS)).split(","))
    if not parts <= set(ALL_PARTS):
        raise SystemExit(f"BENCH may name {', '.join(ALL_PARTS)}")
    if "rest" in parts:
        bench_rest.check_tools()
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
        with_servers(bench, parts)
    finally:
        bench.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
