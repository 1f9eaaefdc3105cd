"""The scenario of the README: two topics of nine partitions, backed up and restored under new names."""
from __future__ import annotations

import json
import random

PARTITIONS = 9
STRING = "org.apache.kafka.connect.storage.StringConverter"
JSON = "org.apache.kafka.connect.json.JsonConverter"
BYTES = "org.apache.kafka.connect.converters.ByteArrayConverter"
JSON_FORMAT = "io.confluent.connect.s3.format.json.JsonFormat"
BYTES_FORMAT = "io.confluent.connect.s3.format.bytearray.ByteArrayFormat"


def sink_config(bucket, topics: list[str], **more) -> dict:
    return {"connector.class": "io.confluent.connect.s3.S3SinkConnector", "tasks.max": "2", "topics": ",".join(topics),
            "s3.bucket.name": bucket.name, "s3.region": "us-east-1", "store.url": bucket.s3.url, "flush.size": "10",
            "storage.class": "io.confluent.connect.s3.storage.S3Storage", "format.class": JSON_FORMAT,
            "key.converter": STRING, "value.converter": JSON, "value.converter.schemas.enable": "false",
            "store.kafka.keys": "true", "keys.format.class": JSON_FORMAT, "store.kafka.headers": "true",
            "headers.format.class": JSON_FORMAT, "rotate.schedule.interval.ms": "1500", "timezone": "UTC",
            **{k.replace("__", "."): v for k, v in more.items()}}


def source_config(bucket, suffix: str, **more) -> dict:
    return {"connector.class": "io.confluent.connect.s3.source.S3SourceConnector", "tasks.max": "2",
            "s3.bucket.name": bucket.name, "s3.region": "us-east-1", "store.url": bucket.s3.url, "format.class": JSON_FORMAT,
            "store.kafka.keys": "true", "store.kafka.headers": "true", "s3.poll.interval.ms": "500",
            "key.converter": STRING, "value.converter": JSON, "value.converter.schemas.enable": "false",
            "transforms": "Rename", "transforms.Rename.type": "org.apache.kafka.connect.transforms.RegexRouter",
            "transforms.Rename.regex": f"source-topic-(.*){suffix}", "transforms.Rename.replacement": f"sink-topic-$1{suffix}",
            **{k.replace("__", "."): v for k, v in more.items()}}


class Backup:
    """Source topics with records, and what must be in the sink topics."""

    def __init__(self, topics, suffix: str, seed: int = 1):
        self.topics, self.random = topics, random.Random(seed)
        self.sources = [f"source-topic-{n}{suffix}" for n in (1, 2)]
        self.sinks = [f"sink-topic-{n}{suffix}" for n in (1, 2)]
        self.sent: dict[str, dict[int, list]] = {}
        for t in self.sources + self.sinks:
            topics.create(t, PARTITIONS)

    def produce(self, per_partition: int):
        """Adds records to every partition of both source topics."""
        for source, sink in zip(self.sources, self.sinks):
            records = []
            for p in range(PARTITIONS):
                mine = self.sent.setdefault(sink, {}).setdefault(p, [])
                for i in range(len(mine), len(mine) + per_partition):
                    key = f"{source}/{p}/{i}".encode()
                    value = json.dumps({"id": i, "text": "é\"\\ " * self.random.randrange(4), "n": None, "f": 1.5, "big": 2**62,
                                        "list": [1, {"a": [True]}]}, separators=(",", ":"), ensure_ascii=False).encode()
                    headers = [("origin", source.encode()), ("n", str(i).encode()), ("n", b"again")]
                    mine.append((key, value, headers))
                    records.append((p, key, value, headers))
            self.topics.produce(source, records)

    def total(self, sink: str) -> int:
        return sum(len(r) for r in self.sent[sink].values())

    def check_restored(self, by_partition, timeout_s: float = 120, duplicates: bool = False):
        """Each record in its partition, in order, equal in key, value and headers. With `duplicates` a record may come again
        (a source killed between sending and committing), but none may be missing or overtake."""
        for sink in self.sinks:
            got = by_partition(self.topics.read(sink, self.total(sink), timeout_s, distinct=duplicates))
            for p, want in self.sent[sink].items():
                have = got.get(p, [])
                if duplicates:
                    have = first_occurrences(have)
                assert [r[0] for r in have] == [r[0] for r in want], f"{sink}/{p}: keys differ"
                assert have == want, f"{sink}/{p}"


def first_occurrences(records: list) -> list:
    seen, out = set(), []
    for r in records:
        if r[0] not in seen:
            seen.add(r[0])
            out.append(r)
    return out
