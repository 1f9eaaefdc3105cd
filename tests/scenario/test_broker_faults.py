"""One of three brokers dies or hangs under a cluster of workers: the one that coordinates the workers' group, leads the config topic,
coordinates a sink's group or a source's transactions; and all three restart in turn."""
from __future__ import annotations

import os
import re
import signal
import threading
import time

import pytest
from cluster import ROUNDS, Group, Traffic, patiently
from confluent_kafka.admin import AdminClient
from servers import KafkaCluster, eventually
from topics import Topics

pytestmark = pytest.mark.xdist_group("three brokers")  # which start once
WITH_JAVA = bool(os.environ.get("FAULT_JAVA"))  # one of the workers is a Java worker
REPLICATED = {f"{x}__storage__replication__factor": 3 for x in ("config", "offset", "status")}


class Brokers(KafkaCluster):
    """Whom to kill: always who has the role at that moment."""

    def __init__(self, folder, name: str):
        super().__init__(folder, name)
        self.topics = Topics(self.bootstrap)

    def metadata(self):
        return AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0}).list_topics(timeout=10)

    def leader(self, topic: str, partition: int = 0) -> int:
        def known():
            node = self.metadata().topics[topic].partitions[partition].leader
            return node if node > 0 else None
        return eventually(f"a leader of {topic}-{partition}", known, 30)

    def coordinator(self, key: str, topic: str = "__consumer_offsets") -> int:
        """Of the group, or with "__transaction_state" of the transactional id."""
        h = 0
        for c in key:
            h = (31 * h + ord(c)) & 0xffffffff
        return self.leader(topic, (h if h < 1 << 31 else (1 << 32) - h) % len(self.metadata().topics[topic].partitions))

    def whole(self):
        """Until every replica is in sync: another one may die then."""
        for b in self.brokers:
            b.wait_up()

        def in_sync():
            topics = self.metadata().topics.values()
            return all(sorted(p.isrs) == sorted(p.replicas) and p.leader > 0 for t in topics for p in t.partitions.values())
        eventually("all replicas in sync", in_sync, 60, every_s=0.2)


class Writer(threading.Thread):
    """Changes a connector's configuration all the time; what was accepted, and what was said when it was not."""

    def __init__(self, worker, name: str):
        super().__init__(daemon=True)
        self.worker, self.name, self.done, self.accepted, self.refused = worker, name, threading.Event(), 0, []
        self.start()

    def config(self, n: int) -> dict:
        return {"connector.class": "MockSource", "extra": str(n)}

    def run(self):
        n = 0
        while not self.done.is_set():
            n += 1
            status, body, _ = self.worker.rest("PUT", f"/connectors/{self.name}/config", self.config(n))
            if status in (200, 201):
                self.accepted += 1
            else:
                self.refused.append((status, body["message"]))

    def stop(self):
        self.done.set()
        self.join(100)
        assert not self.is_alive()
        for status, message in self.refused:
            assert status in (409, 500) and message, self.refused


@pytest.fixture(scope="module")
def brokers(folder):
    b = Brokers(folder, "three-brokers")
    yield b
    b.stop()


@pytest.fixture
def running(request, brokers, make_either, unique, tmp_path):
    exactly_once = request.param == "exactly-once"
    settings = {**REPLICATED, **({"exactly__once__source__support": "enabled"} if exactly_once else {})}
    engines = ["kconnectd"] * (3 - exactly_once)
    if WITH_JAVA:
        engines[-1] = "java"
        settings.update(session__timeout__ms=3000, heartbeat__interval__ms=500)
    group = Group(lambda **kw: make_either(bootstrap=brokers.bootstrap, **kw), unique("group"), engines, **settings)
    traffic = Traffic(group.workers, brokers.topics, tmp_path, unique("traffic"), exactly_once)
    group.converged(traffic.connectors, traffic.tasks)
    return group, traffic


def roles(brokers: Brokers, group: Group, traffic: Traffic) -> dict:
    """Name → the node that has the role now."""
    regular = {"the group's coordinator": lambda: brokers.coordinator(group.name),
               "the config topic's leader": lambda: brokers.leader(f"{group.name}-configs"),
               "the sink group's coordinator": lambda: brokers.coordinator(f"connect-{traffic.names['verify']}")}
    written = {"the leader of what a source writes": lambda: brokers.leader(traffic.copied)}
    transactional = {"the coordinator of a source's transactions":
                     lambda: brokers.coordinator(f"{group.name}-{traffic.names['lines']}-0", "__transaction_state"),
                     "the coordinator of the leader's transactions":
                     lambda: brokers.coordinator(f"connect-cluster-{group.name}", "__transaction_state")}
    if ROUNDS:
        return {**regular, **written, **(transactional if traffic.exactly_once else {})}
    return transactional if traffic.exactly_once else regular


@pytest.mark.parametrize("running", ["at-least-once", "exactly-once"], indirect=True)
def test_one_of_three_brokers_dies(brokers, running):
    """Whatever it was in charge of moves; then it comes back. Configurations are written all the time."""
    group, traffic = running
    witness = group.workers[0]
    witness.put("idle", {"connector.class": "MockSource"})
    for _ in range(ROUNDS or 1):
        for role, node in roles(brokers, group, traffic).items():
            brokers.whole()
            traffic.write()
            writer = Writer(witness, "idle")
            victim = node()
            print(f"{time.strftime('%T')} {role}: broker {victim}", flush=True)
            brokers[victim].kill()
            traffic.write()
            eventually(f"moved: {role}", lambda: node() != victim, 30)
            traffic.copied_through()
            writer.stop()
            assert writer.accepted, writer.refused
            patiently(witness, "PUT", "/connectors/idle/config", writer.config(0))
            group.converged(traffic.connectors + 1, traffic.tasks + 1)
            assert witness.rest("GET", "/connectors/idle/config")[1] == {**writer.config(0), "name": "idle"}
            traffic.be_calm()
            brokers[victim].start(wait=False)
    brokers.whole()
    traffic.rest(group, 1)
    traffic.check()


@pytest.mark.parametrize("running", ["at-least-once", "exactly-once"][:ROUNDS + 1], indirect=True)
def test_all_brokers_are_restarted_in_turn(brokers, running):
    group, traffic = running
    for _ in range(ROUNDS or 1):
        for broker in brokers.brokers:
            brokers.whole()
            traffic.write()
            assert broker.process.stop(60) in (0, 143), broker.process.tail()
            traffic.write()
            broker.start()
            traffic.copied_through()
            group.converged(traffic.connectors, traffic.tasks)
            traffic.be_calm()
    traffic.rest(group)
    traffic.check()


def test_the_leader_of_one_topic_stays_away(brokers, make_worker, unique):
    """What is on the dead broker only waits for it; a source that may not wait that long fails with Java's words."""
    group = Group(lambda **kw: make_worker(bootstrap=brokers.bootstrap, **kw), unique("group"), ["kconnectd"] * 2, **REPLICATED)
    brokers.whole()
    topic = brokers.topics.create(unique("alone"), 1, 1, min_insync_replicas=1)
    config = {"connector.class": "VerifiableSource", "topic": topic, "throughput": "50"}
    group.workers[0].put("patient", config)
    group.workers[0].put("hasty", {**config, "producer.override.delivery.timeout.ms": "3000",
                                   "producer.override.request.timeout.ms": "1000"})
    group.converged(2, 2)
    eventually("records", lambda: brokers.topics.count(topic) > 20, 30)
    victim = brokers.leader(topic)
    brokers[victim].kill()
    try:
        trace = group.workers[0].wait_task_failed("hasty")
        assert "Unrecoverable exception from producer send callback" in trace, trace
        assert re.search(rf"Caused by: org.apache.kafka.common.errors.TimeoutException: Expiring \d+ record\(s\) for {topic}-0:[34]\d\d\d ms "
                         "has passed since batch creation. The request has not been sent, or no server response has been received yet.",
                         trace), trace
    finally:
        brokers[victim].start()
    brokers.whole()
    there = brokers.topics.count(topic)
    eventually("records go on", lambda: brokers.topics.count(topic) > there + 20, 30)
    status = group.workers[0].status("patient")
    assert [t["state"] for t in status["tasks"]] == ["RUNNING"], status
    patiently(group.workers[0], "POST", "/connectors/hasty/restart?includeTasks=true&onlyFailed=true")
    group.converged(2, 2)
    for name in ("patient", "hasty"):
        patiently(group.workers[0], "PUT", f"/connectors/{name}/stop")


def test_a_broker_hangs(brokers, make_worker, unique, tmp_path):
    """It takes connections and says nothing: what it was in charge of moves after its session, and it finds itself replaced."""
    quick = {"request__timeout__ms": 2000, "producer__request__timeout__ms": 2000, "consumer__request__timeout__ms": 2000,
             "consumer__default__api__timeout__ms": 5000}
    group = Group(lambda **kw: make_worker(bootstrap=brokers.bootstrap, **kw), unique("group"), ["kconnectd"] * 2, **REPLICATED, **quick)
    traffic = Traffic(group.workers, brokers.topics, tmp_path, unique("traffic"))
    for _ in range(ROUNDS or 1):
        brokers.whole()
        group.converged(traffic.connectors, traffic.tasks)
        traffic.write()
        victim = brokers.coordinator(group.name)
        hung = brokers[victim].process.popen
        hung.send_signal(signal.SIGSTOP)
        try:
            traffic.write()
            eventually("another coordinator", lambda: brokers.coordinator(group.name) != victim, 60)
            traffic.copied_through()
            group.converged(traffic.connectors, traffic.tasks)
        finally:
            hung.send_signal(signal.SIGCONT)
        traffic.be_calm()
    brokers.whole()
    traffic.rest(group)
    traffic.check()
