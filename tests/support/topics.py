"""Topics written and read by an independent client (confluent-kafka)."""
from __future__ import annotations

import time

import confluent_kafka
from confluent_kafka.admin import AdminClient, NewTopic


class Topics:
    def __init__(self, bootstrap: str):
        self.bootstrap = bootstrap
        self.admin = AdminClient({"bootstrap.servers": bootstrap})

    def create(self, name: str, partitions: int = 1, replicas: int = -1, **config) -> str:
        new = NewTopic(name, partitions, replicas, config={k.replace("_", "."): str(v) for k, v in config.items()})
        for future in self.admin.create_topics([new]).values():
            future.result(30)
        return name

    def produce(self, topic: str, records, partition: int | None = None):
        """records: (key, value) or (key, value, headers) of bytes; or (partition, key, value, headers)."""
        p = confluent_kafka.Producer({"bootstrap.servers": self.bootstrap, "linger.ms": 5})
        for record in records:
            part, key, value, headers = record if len(record) == 4 else (partition, *record, *[None] * (3 - len(record)))
            while True:
                try:
                    p.produce(topic, key=key, value=value, headers=headers, **({} if part is None else {"partition": part}))
                    break
                except BufferError:
                    p.poll(0.1)
        assert p.flush(60) == 0

    def read(self, topic: str, count: int, timeout_s: float = 60, settle_s: float = 0.5, distinct: bool = False) -> list:
        """At least `count` messages of a topic from its beginning (distinct: with so many different keys), and whatever more
        comes within settle_s, sorted by partition and offset."""
        c = confluent_kafka.Consumer({"bootstrap.servers": self.bootstrap, "group.id": "tests-reader",
                                      "enable.auto.commit": False, "auto.offset.reset": "earliest"})
        try:
            meta = c.list_topics(topic, 30).topics[topic]
            c.assign([confluent_kafka.TopicPartition(topic, p, 0) for p in meta.partitions])
            got, deadline, last = [], time.monotonic() + timeout_s, time.monotonic()

            def enough() -> bool:
                return len({m.key() for m in got} if distinct else got) >= count
            while time.monotonic() < deadline and (not enough() or time.monotonic() - last < settle_s):
                for m in c.consume(5000, 0.1):
                    if m.error() is None:
                        got.append(m)
                        last = time.monotonic()
            assert enough(), f"{topic}: {len(got)} messages, but not {count} {'different ' * distinct}ones within {timeout_s} s"
            return sorted(got, key=lambda m: (m.partition(), m.offset()))
        finally:
            c.close()

    def count(self, topic: str) -> int:
        c = confluent_kafka.Consumer({"bootstrap.servers": self.bootstrap, "group.id": "tests-reader"})
        try:
            parts = c.list_topics(topic, 30).topics[topic].partitions
            return sum(c.get_watermark_offsets(confluent_kafka.TopicPartition(topic, p), 30)[1] for p in parts)
        finally:
            c.close()

    def committed(self, group: str, topic: str, partitions: int) -> dict[int, int]:
        c = confluent_kafka.Consumer({"bootstrap.servers": self.bootstrap, "group.id": group})
        try:
            got = c.committed([confluent_kafka.TopicPartition(topic, p) for p in range(partitions)], 30)
            return {tp.partition: tp.offset for tp in got if tp.offset >= 0}
        finally:
            c.close()


def by_partition(messages) -> dict[int, list]:
    out: dict[int, list] = {}
    for m in messages:
        out.setdefault(m.partition(), []).append((m.key(), m.value(), m.headers() or []))
    return out
