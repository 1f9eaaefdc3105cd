"""MirrorMaker's connectors: two brokers of their own (with an authorizer), the worker on the target one."""
from __future__ import annotations

import struct
import time
import uuid

import confluent_kafka
import pytest
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import (AclBinding, AclBindingFilter, AclOperation, AclPermissionType, AlterConfigOpType,
                                   ConfigEntry, ConfigResource, NewPartitions, ResourcePatternType, ResourceType)
from servers import Kafka, eventually
from topics import Topics
from worker import Worker

PACKAGE = "org.apache.kafka.connect.mirror."
BYTES = "org.apache.kafka.connect.converters.ByteArrayConverter"
BROKER = {"auto.create.topics.enable": "false", "super.users": "User:ANONYMOUS", "allow.everyone.if.no.acl.found": "true",
          "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer"}
INTERVALS = {"Source": ("refresh.topics", "sync.topic.configs", "sync.topic.acls"),
             "Checkpoint": ("refresh.groups", "emit.checkpoints", "sync.group.offsets"), "Heartbeat": ("emit.heartbeats",)}


class Side(Topics):
    """One cluster."""

    def __init__(self, broker: Kafka):
        super().__init__(broker.bootstrap)
        self.broker = broker

    def partitions(self, topic: str) -> int:
        found = self.admin.list_topics(timeout=20).topics.get(topic)
        return len(found.partitions) if found else 0

    def overrides(self, topic: str) -> dict:
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
        got = self.admin.describe_configs([resource])[resource].result(30)
        return {k: e.value for k, e in got.items() if e.source == 1}

    def alter(self, topic: str, name: str, value: str | None):
        op = AlterConfigOpType.DELETE if value is None else AlterConfigOpType.SET
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic,
                                  incremental_configs=[ConfigEntry(name, value, incremental_operation=op)])
        for future in self.admin.incremental_alter_configs([resource]).values():
            future.result(30)

    def allow(self, topic: str, principal: str, operation: AclOperation):
        acl = AclBinding(ResourceType.TOPIC, topic, ResourcePatternType.LITERAL, principal, "*", operation, AclPermissionType.ALLOW)
        self.admin.create_acls([acl])[acl].result(30)

    def acls(self, topic: str) -> set:
        wanted = AclBindingFilter(ResourceType.TOPIC, topic, ResourcePatternType.LITERAL, None, None, AclOperation.ANY,
                                  AclPermissionType.ANY)
        return {(a.principal, a.operation.name) for a in self.admin.describe_acls(wanted).result(30)}

    def commit(self, group: str, topic: str, offsets: dict, metadata: str = ""):
        parts = [TopicPartition(topic, p, o, metadata) for p, o in offsets.items()]

        def done():
            try:
                futures = self.admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(group, parts)], request_timeout=10)
                futures[group].result(20)
            except confluent_kafka.KafkaException:
                return False  # the coordinator is being made
            return self.committed(group, topic, max(offsets) + 1) == offsets
        eventually(f"commit of {group}", done, 60, every_s=0.3)


@pytest.fixture(scope="module")
def flow(folder):
    """Two brokers and a worker."""
    brokers = [Kafka(folder, "mirror-source", **BROKER),
               Kafka(folder, "mirror-target", **BROKER, **{"log.cleaner.max.compaction.lag.ms": "100000"})]
    group = "mirror-" + uuid.uuid4().hex[:6]
    worker = Worker(folder / group, brokers[1].bootstrap, group, "mirror").start()
    yield Flow(Side(brokers[0]), Side(brokers[1]), worker)
    try:
        assert worker.process.exited() or worker.stop() == 0, worker.process.tail()
    finally:
        for b in brokers:
            b.stop()


class Flow:
    def __init__(self, source: Side, target: Side, worker: Worker):
        self.source, self.target, self.worker = source, target, worker

    def config(self, kind: str, alias: str, **settings) -> dict:
        return {"connector.class": f"{PACKAGE}Mirror{kind}Connector", "tasks.max": "2", "source.cluster.alias": alias,
                "target.cluster.alias": "to", "source.cluster.bootstrap.servers": self.source.bootstrap,
                "target.cluster.bootstrap.servers": self.target.bootstrap, "replication.factor": "1",
                "offset-syncs.topic.replication.factor": "1", "checkpoints.topic.replication.factor": "1",
                "heartbeats.topic.replication.factor": "1", "sync.group.offsets.enabled": "true",
                **{f"{i}.interval.seconds": "1" for i in INTERVALS[kind]},
                **{k: BYTES for k in ("key.converter", "value.converter", "header.converter")},
                **{k.replace("__", "."): str(v) for k, v in settings.items()}}

    def start(self, kind: str, alias: str, tasks: int | None = None, **settings) -> str:
        name = f"{alias}-{kind.lower()}"
        self.worker.put(name, self.config(kind, alias, **settings))
        if tasks is not None:
            self.worker.wait_state(name, tasks=tasks)
        return name


def text(raw: bytes, at: int) -> tuple[str, int]:
    (size,) = struct.unpack_from(">h", raw, at)
    return raw[at + 2:at + 2 + size].decode(), at + 2 + size


def content(m) -> tuple:
    return m.partition(), m.key(), m.value(), m.headers() or [], m.timestamp()[1]


def test_records_topics_and_what_changes_later(flow, unique):
    alias, t = unique("a"), unique("orders")
    flow.source.create(t, 3, retention_ms=86400001, min_insync_replicas=1)
    flow.source.produce(t, [(i % 3, k, v, h) for i, (k, v, h) in enumerate(
        (k, v, h) for k in (None, b"", b"k\0") for v in (None, b"", b"v\xff") for h in (
            None, [("b", b"1"), ("a", None), ("b", b"")]))])
    name = flow.start("Source", alias, tasks=2, topics=f"{t}.*")
    remote = f"{alias}.{t}"
    eventually("remote topic", lambda: flow.target.partitions(remote) == 3)
    assert [content(m) for m in flow.target.read(remote, 18)] == [content(m) for m in flow.source.read(t, 18)]
    assert flow.target.overrides(remote) == {"retention.ms": "86400001"}  # min.insync.replicas stays the target's own
    # a changed and a removed configuration, more partitions, another topic
    flow.source.alter(t, "retention.ms", "5000005")
    eventually("new value", lambda: flow.target.overrides(remote) == {"retention.ms": "5000005"})
    flow.source.alter(t, "retention.ms", None)
    eventually("no value", lambda: flow.target.overrides(remote) == {})
    flow.source.admin.create_partitions([NewPartitions(t, 5)])[t].result(30)
    later = flow.source.create(f"{t}-later")
    eventually("partition", lambda: flow.source.partitions(t) == 5)
    flow.source.produce(t, [(4, b"k", b"in 4", None)])
    flow.source.produce(later, [(b"k", b"later")])
    eventually("later topic", lambda: flow.target.partitions(f"{alias}.{later}") == 1)
    assert flow.target.read(f"{alias}.{later}", 1)[0].value() == b"later"
    assert flow.target.read(remote, 19)[-1].value() == b"in 4"
    flow.worker.delete(name)


def test_acls(flow, unique):
    alias, t = unique("a"), unique("t")
    flow.source.create(t)
    for principal, operation in (("User:r", AclOperation.READ), ("User:w", AclOperation.WRITE), ("User:all", AclOperation.ALL)):
        flow.source.allow(t, principal, operation)
    name = flow.start("Source", alias, topics=t)
    eventually("ACLs", lambda: flow.target.acls(f"{alias}.{t}") == {("User:r", "READ"), ("User:all", "READ")})
    flow.worker.delete(name)


def test_configuration_that_the_target_refuses(flow, unique):
    """The topic is made without it and filled. (The target does not let records wait that long before compaction.)"""
    alias, t = unique("a"), unique("t")
    flow.source.create(t, 2, min_compaction_lag_ms=200000)
    flow.source.produce(t, [(1, None, b"v", None)])
    name = flow.start("Source", alias, topics=t)
    eventually("topic", lambda: flow.target.partitions(f"{alias}.{t}") == 2)
    assert flow.target.read(f"{alias}.{t}", 1)[0].value() == b"v"
    assert "min.compaction.lag.ms" not in flow.target.overrides(f"{alias}.{t}")
    assert f"{alias}.{t}: the target refuses its configuration" in flow.worker.process.log.read_text()
    flow.worker.delete(name)


def test_names_of_the_identity_policy(flow, unique):
    t = unique("same.name")
    flow.source.create(t)
    flow.source.produce(t, [(b"k", b"v")])
    name = flow.start("Source", unique("a"), topics=t.replace(".", "[.]"),
                      replication__policy__class=PACKAGE + "IdentityReplicationPolicy")
    eventually("topic", lambda: flow.target.partitions(t) == 1)
    assert flow.target.read(t, 1)[0].value() == b"v"
    flow.worker.delete(name)


def test_a_group_moves_to_the_target(flow, unique):
    """The group has consumed 700 and 1000 of 1000 records: on the target it begins at or before 700, and at the end."""
    alias, t, group = unique("a"), unique("t"), unique("group")
    flow.source.create(t, 2)
    flow.source.produce(t, [(i % 2, None, b"%d" % i, None) for i in range(2000)])
    flow.source.commit(group, t, {0: 700, 1: 1000}, "my metadata")
    flow.start("Source", alias, topics=t, tasks__max=1)
    remote, points = f"{alias}.{t}", f"{alias}.checkpoints.internal"
    flow.start("Checkpoint", alias, topics=t, groups=group)
    eventually("group offsets", lambda: flow.target.committed(group, remote, 2).get(1) == 1000)
    at = flow.target.committed(group, remote, 2)
    assert 0 < at[0] <= 700, at
    for m in flow.target.read(points, 2):
        name, end = text(m.key(), 0)
        topic, end = text(m.key(), end)
        assert (name, topic) == (group, remote) and struct.unpack_from(">h", m.value()) == (0,)
        assert text(m.value(), 18)[0].rstrip("\0") == "my metadata"
    # in use on the target: left alone; then idle again: forward, never back
    c = Consumer({"bootstrap.servers": flow.target.bootstrap, "group.id": group, "enable.auto.commit": False,
                  "session.timeout.ms": 6000})
    try:
        c.subscribe([remote])
        eventually("assignment", lambda: c.poll(0.1) is None and c.assignment())
        c.commit(offsets=[TopicPartition(remote, 0, 5), TopicPartition(remote, 1, 1000)], asynchronous=False)
        for _ in range(30):
            c.poll(0.1)
        assert flow.target.committed(group, remote, 2) == {0: 5, 1: 1000}
    finally:
        c.close()
    eventually("forward again", lambda: flow.target.committed(group, remote, 2) == at)
    flow.target.commit(group, remote, {0: 950, 1: 1000})
    flow.source.commit(group, t, {0: 720, 1: 1000})
    time.sleep(3)
    assert flow.target.committed(group, remote, 2) == {0: 950, 1: 1000}
    # a checkpoint task that starts anew does not translate worse than before
    before = flow.target.count(points)
    assert flow.worker.rest("POST", f"/connectors/{alias}-checkpoint/restart?includeTasks=true&onlyFailed=false")[0] == 202
    time.sleep(4)
    upstream = [struct.unpack_from(">qq", m.value(), 2) for m in flow.target.read(points, before)][before:]
    assert all(u == 720 for u, _ in upstream), upstream
    flow.worker.delete(f"{alias}-source")
    flow.worker.delete(f"{alias}-checkpoint")


def test_checkpoints_before_there_are_offset_syncs(flow, unique):
    """The checkpoint connector starts first: it waits for the topic of offset syncs instead of being useless for ever."""
    alias, to, t, group = unique("a"), unique("to"), unique("t"), unique("group")
    flow.source.create(t)
    flow.source.produce(t, [(None, b"%d" % i) for i in range(10)])
    flow.source.commit(group, t, {0: 10})
    flow.start("Checkpoint", alias, tasks=1, topics=t, groups=group, target__cluster__alias=to)
    time.sleep(2)
    flow.start("Source", alias, topics=t, target__cluster__alias=to)
    eventually("group offset", lambda: flow.target.committed(group, f"{alias}.{t}", 1) == {0: 10}, 90)
    flow.worker.delete(f"{alias}-source")
    flow.worker.delete(f"{alias}-checkpoint")


def test_heartbeats(flow, unique):
    alias = unique("a")
    name = flow.start("Heartbeat", alias, tasks=1)
    key = struct.pack(">h", len(alias)) + alias.encode() + b"\0\2to"

    def beats():
        return [m for m in flow.target.read("heartbeats", 1) if m.key() == key]
    got = eventually("three beats", lambda: (lambda b: b if len(b) >= 3 else None)(beats()))
    for m in got:
        version, at = struct.unpack(">hq", m.value())
        assert version == 0 and m.timestamp()[1] == at and abs(at / 1000 - time.time()) < 60
    assert flow.target.overrides("heartbeats")["cleanup.policy"] == "compact"
    flow.worker.delete(name)


def test_positions_can_be_changed(flow, unique):
    alias, t = unique("a"), unique("t")
    flow.source.create(t)
    flow.source.produce(t, [(None, b"%d" % i) for i in range(10)])
    name = flow.start("Source", alias, tasks=1, topics=t)
    key = {"cluster": alias, "partition": 0, "topic": t}
    url = f"/connectors/{name}/offsets"
    eventually("position", lambda: flow.worker.rest("GET", url)[1]["offsets"] == [{"partition": key, "offset": {"offset": 9}}])
    assert flow.worker.rest("PUT", f"/connectors/{name}/stop")[0] == 204
    flow.worker.wait_state(name, "STOPPED", tasks=0)
    status, got, _ = flow.worker.rest("PATCH", url, {"offsets": [{"partition": {"topic": t, "partition": 0}, "offset": {"offset": 6}}]})
    assert status == 500 and "is missing the 'cluster' key, which is required" in got["message"]
    status, got, _ = flow.worker.rest("PATCH", url, {"offsets": [{"partition": key, "offset": {"offset": 6}}]})
    assert status == 200, got
    assert flow.worker.rest("PUT", f"/connectors/{name}/resume")[0] == 202
    assert [int(m.value()) for m in flow.target.read(f"{alias}.{t}", 13)] == [*range(10), 7, 8, 9]
    flow.worker.delete(name)


def test_killed_in_the_middle(flow, unique):
    """Nothing is lost and the order is kept; what was not acknowledged may come twice."""
    alias, t, count = unique("a"), unique("t"), 60000
    flow.source.create(t, 2)
    flow.source.produce(t, [(i % 2, None, b"%d" % i, None) for i in range(count)])
    name = flow.start("Source", alias, topics=t, tasks__max=1)
    remote = f"{alias}.{t}"
    eventually("some records", lambda: flow.target.partitions(remote) and flow.target.count(remote) > 0, every_s=0.01)
    flow.worker.kill()
    flow.worker.start()
    eventually("all records", lambda: flow.target.count(remote) >= count)
    got = flow.target.read(remote, count)
    for p in (0, 1):
        numbers = [int(m.value()) for m in got if m.partition() == p]
        assert set(numbers) == set(range(p, count, 2))
        seen = -1
        for n in numbers:
            assert n <= seen + 2 or seen < 0, (seen, n)  # steps back are repetitions; no step leaves one out
            seen = n
    flow.worker.delete(name)


def test_source_that_is_away(flow, unique):
    """The source broker stops and comes back: mirroring goes on, and a connector made meanwhile begins."""
    alias, t = unique("a"), unique("t")
    flow.source.create(t)
    flow.source.produce(t, [(None, b"before")])
    name = flow.start("Source", alias, tasks=1, topics=t)
    remote = f"{alias}.{t}"
    eventually("first record", lambda: flow.target.partitions(remote) and flow.target.count(remote) == 1)
    flow.source.broker.stop()
    late = unique("b")
    flow.start("Source", late, topics=t)
    time.sleep(2)
    assert flow.worker.rest("GET", "/")[0] == 200
    flow.source.broker.start()
    flow.source.produce(t, [(None, b"after")])
    eventually("second record", lambda: flow.target.count(remote) == 2, 90)
    flow.worker.wait_state(f"{late}-source", tasks=1, timeout_s=90)
    eventually("the other flow", lambda: flow.target.count(f"{late}.{t}") == 2, 90)
    assert flow.worker.status(name)["tasks"][0]["state"] == "RUNNING"
    flow.worker.delete(name)
    flow.worker.delete(f"{late}-source")


@pytest.mark.parametrize("change,says", [
    ({"source.cluster.alias": None}, 'Missing required configuration "source.cluster.alias" which has no default value.'),
    ({"emit.offset-syncs.enabled": "false"}, "MirrorSourceConnector can't setup offset-syncs feature while emit.offset-syncs.enabled"),
    ({"refresh.topics.interval.seconds": "0"}, "refresh.topics.interval.seconds"),
    ({"replication.policy.class": "no.such.Policy"}, "Class no.such.Policy could not be found."),
])
def test_refused(flow, change, says):
    config = {k: v for k, v in (flow.config("Source", "x") | change).items() if v is not None}
    status, got, _ = flow.worker.rest("PUT", "/connectors/refused/config", config)
    assert status == 400 and says in got["message"], got


@pytest.mark.parametrize("change,says", [
    ({"source.cluster.bootstrap.servers": ""}, "source.cluster.bootstrap.servers"),
    ({"topics": "*bad"}, "topics"),
    ({"source.cluster.security.protocol": "NONSENSE"}, "security.protocol"),
])
def test_failed_at_start(flow, unique, change, says):
    name = unique("failed")
    flow.worker.put(name, flow.config("Source", "x", topics="none") | change)
    got = eventually("FAILED", lambda: (lambda s: s if s and s["connector"]["state"] == "FAILED" else None)(flow.worker.status(name)))
    assert says in got["connector"]["trace"] and got["tasks"] == []
    flow.worker.delete(name)
