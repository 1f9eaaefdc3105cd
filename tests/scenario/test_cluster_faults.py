"""What goes wrong in a cluster: workers killed or stopped in the middle of everything, foreign records in the config topic, wrong
topics, peers that are slow or away. Afterwards every task runs exactly once, and neither topics nor committed offsets have gaps."""
from __future__ import annotations

import signal
import socket
import subprocess
import threading
import time

import pytest
from cluster import QUICK, ROUNDS, STRING, Group, Traffic, gauge, in_background, patiently, seed
from servers import eventually, free_port, http
from worker import BINARY


class Disturbance:
    """A group with traffic, one of whose workers is killed or stopped while something goes on."""

    idle = {"connector.class": "MockSource"}

    def __init__(self, group: Group, traffic: Traffic, rnd):
        self.group, self.traffic, self.rnd, self.runs_idle = group, traffic, rnd, False

    def converged(self):
        self.group.converged(self.traffic.connectors + self.runs_idle, self.traffic.tasks + self.runs_idle)

    # What goes on:
    def creation_of_a_connector(self, witness, _):
        witness.rest("PUT", "/connectors/idle/config", self.idle, timeout_s=20)

    def start_of_tasks(self, witness, _):
        witness.rest("POST", f"/connectors/{self.traffic.names['numbers']}/restart?includeTasks=true", timeout_s=20)

    def rebalance(self, _, third):
        """A worker goes and comes back, with its share of the work each time."""
        if self.group.engine(third) == "java":
            self.traffic.change(third, extra=str(self.rnd.random()))
            return
        third.stop()
        third.start(wait=False)

    def commits(self, *_):
        """Ten a second."""

    def write_of_configurations(self, witness, _):
        for _ in range(20):
            self.traffic.change(witness, extra=str(self.rnd.random()))

    def strike(self, role: str, how: str, what):
        leader = self.group.leader()
        others = [w for w in self.group.workers if w is not leader]
        self.rnd.shuffle(others)
        victim, witness, third = (leader, *others) if role == "leader" else (others[0], leader, others[1])
        print(f"{time.strftime('%T')} {what.__name__}: {role} {victim.name} ({self.group.engine(victim)}) {how}", flush=True)
        self.traffic.write(10)
        asked = in_background(lambda: what(witness, third))
        time.sleep(self.rnd.uniform(0, 0.3))
        if how == "stopped":  # fenced: it gives up its tasks before it does anything else
            victim.process.popen.send_signal(signal.SIGSTOP)
            time.sleep(2.5)
            victim.process.popen.send_signal(signal.SIGCONT)
        else:
            victim.kill()
            self.group.start(victim, wait=False)
        asked.join(60)
        if what == self.creation_of_a_connector:  # which may have died with its leader
            patiently(witness, "PUT", "/connectors/idle/config", self.idle)
            self.runs_idle = True
        self.converged()
        self.traffic.be_calm()
        self.traffic.copied_through()
        if what == self.creation_of_a_connector:
            patiently(witness, "DELETE", "/connectors/idle")
            self.runs_idle = False
            self.converged()

    def strike_all(self):
        for what in (self.creation_of_a_connector, self.start_of_tasks, self.rebalance, self.commits, self.write_of_configurations):
            for role in ("leader", "follower"):
                self.strike(role, "killed", what)
        for role in ("leader", "follower"):
            self.strike(role, "stopped", self.commits)


def test_killed_in_the_middle_of_everything(make_worker, topics, unique, tmp_path):
    group = Group(make_worker, unique("group"), ["kconnectd"] * 3)
    traffic = Traffic(group.workers, topics, tmp_path, unique("traffic"))
    group.converged(traffic.connectors, traffic.tasks)
    disturbance = Disturbance(group, traffic, seed())
    for _ in range(ROUNDS or 1):
        disturbance.strike_all()
    traffic.rest(group)
    traffic.check()


def test_killed_beside_a_java_worker(make_either, topics, unique, tmp_path):
    """Which is killed, too, and leads now and then."""
    group = Group(make_either, unique("group"), ["kconnectd", "kconnectd", "java"], session__timeout__ms=3000, heartbeat__interval__ms=500)
    traffic = Traffic(group.workers, topics, tmp_path, unique("traffic"))
    group.converged(traffic.connectors, traffic.tasks)
    disturbance = Disturbance(group, traffic, seed())
    if ROUNDS:
        for _ in range(ROUNDS):
            disturbance.strike_all()
    else:
        for role in ("leader", "follower"):
            disturbance.strike(role, "killed", disturbance.write_of_configurations)
    traffic.rest(group)
    traffic.check()


def test_foreign_records_in_the_config_topic(make_worker, topics, unique, tmp_path):
    """Named in the log once, skipped, while running and at the next start."""
    group, out = unique("group"), tmp_path / "out.txt"
    w, t = make_worker(group=group, **QUICK), topics.create(unique("t"))
    w.put("sink", {"connector.class": "FileStreamSink", "topics": t, "file": str(out), "value.converter": STRING})
    w.wait_state("sink", tasks=1)
    garbage = [(b"connector-x", b"\xff\x00not json"), (b"connector-y", b'["a list"]'), (b"commit-sink", b'{"tasks":"many"}'),
               (b"task-sink-zero", b"{}"), (b"who-knows", b"{}"), (b"", b""), (b"target-state-sink", b'{"state":7}'),
               (b"session-key", b'{"key":"???"}'), (b"restart-connector-sink", b"[]")]
    topics.produce(f"{group}-configs", garbage)
    topics.produce(t, [(None, b"one")])
    eventually("the sink works", lambda: out.exists() and out.read_text() == "one\n", 30, w.process)
    w.put("sink2", {"connector.class": "FileStreamSink", "topics": t, "file": "/dev/null", "value.converter": STRING})
    w.wait_state("sink2", tasks=1)
    assert sorted(w.rest("GET", "/connectors")[1]) == ["sink", "sink2"]
    log = w.process.log.read_text(errors="replace")
    for key in ("connector-x", "connector-y", "commit-sink", "who-knows"):
        assert len([x for x in log.splitlines() if "ERROR" in x and f"{key}" in x]) == 1, key
    assert w.stop() == 0
    w.start()
    w.wait_state("sink", tasks=1)
    w.wait_state("sink2", tasks=1)
    assert sorted(w.rest("GET", "/connectors")[1]) == ["sink", "sink2"]


@pytest.mark.parametrize("which", ["config", "offset", "status"])
def test_a_topic_that_is_not_compacted_is_refused(make_worker, topics, unique, which):
    group = unique("group")
    name = topics.create(f"{group}-{which}s" if which != "status" else f"{group}-status", 1, cleanup_policy="delete")
    w = make_worker(group=group, start=False)
    done = subprocess.run([BINARY, "distributed", w.properties], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done.stderr  # Java's herder thread ends the process the same way
    assert f"Topic '{name}' supplied via the '{which}.storage.topic' property is required to have 'cleanup.policy=compact'" in done.stderr


@pytest.mark.parametrize("which", [["config", "offset", "status"], ["config"], ["offset"], ["status"]], ids="-".join)
def test_two_clusters_with_one_set_of_topics(make_worker, unique, topics, tmp_path, which):
    """By mistake: both run everything, or see the other's statuses. Neither falls over, and once the mistake is mended the rest goes on."""
    one, two = unique("one"), unique("two")
    shared = {f"{x}__storage__topic": f"{one}-{x}" for x in ("config", "offset", "status")}
    own = {f"{x}__storage__topic": f"{two}-{x}" for x in ("config", "offset", "status") if x not in which}
    a, b = make_worker(group=one, **shared, **QUICK), make_worker(group=two, **{**shared, **own}, **QUICK)
    t, inp, out = topics.create(unique("t")), tmp_path / "in.txt", tmp_path / "out.txt"
    inp.touch()
    source = {"connector.class": "FileStreamSource", "topic": t, "file": str(inp), "value.converter": STRING}
    sink = {"connector.class": "FileStreamSink", "topics": t, "file": str(out), "value.converter": STRING}
    for w in (a,) if "config" in which else (a, b):
        w.put("source", source)
        w.put("sink", sink)
    for w in (a, b):
        eventually("known to both", lambda: gauge(w, "kafka_connect_worker_connector_count") == 2, 30, w.process)
        assert w.rest("GET", "/health")[0] == 200
    assert b.stop() == 0
    # Two leaders may have written task configurations across each other: then no task runs until they are made again. And the last
    # word on statuses, or a tombstone of one that runs, may be the other cluster's.
    for name in ("source", "sink"):
        assert a.rest("POST", f"/connectors/{name}/restart")[0] == 204
        eventually(f"a task of {name}", lambda: a.rest("GET", f"/connectors/{name}/tasks")[1], 30, a.process)
        patiently(a, "POST", f"/connectors/{name}/restart?includeTasks=true")
        patiently(a, "POST", f"/connectors/{name}/tasks/0/restart")
        a.wait_state(name, tasks=1)
    inp.write_text("".join(f"{i}\n" for i in range(20)))
    eventually("lines", lambda: out.exists() and sorted(map(int, out.read_text().split())) == list(range(20)), 30, a.process)


class SlowDoor(threading.Thread):
    """Passes connections on to a port, what clients send after a while."""

    def __init__(self, to_port: int):
        super().__init__(daemon=True)
        self.to_port, self.delay_s, self.server = to_port, 0.0, socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.start()

    def run(self):
        while True:
            client, _ = self.server.accept()
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        server = socket.create_connection(("127.0.0.1", self.to_port))
        threading.Thread(target=self.copy, args=(client, server, True), daemon=True).start()
        self.copy(server, client, False)

    def copy(self, a, b, slowly: bool):
        while data := a.recv(65536):
            time.sleep(self.delay_s if slowly else 0)
            b.sendall(data)
        b.shutdown(socket.SHUT_WR)


def test_leader_that_is_slow_or_cannot_be_reached(make_worker, unique):
    group = unique("group")
    leader = make_worker(group=group, start=False, **QUICK)
    door = SlowDoor(leader.port)
    text = leader.properties.read_text()
    leader.properties.write_text(f"{text}rest.advertised.port={door.port}\n")
    leader.start()
    follower = make_worker(group=group, **QUICK)
    config = {"connector.class": "MockSource"}
    follower.put("mock", config)
    door.delay_s = 2
    begin = time.monotonic()
    assert follower.rest("PUT", "/connectors/mock/config", {**config, "extra": "1"})[0] == 200
    assert time.monotonic() - begin > 2
    assert http("GET", follower.url + "/connectors", timeout_s=2)[0] == 200  # the others need not wait
    door.delay_s = 0
    leader.wait_state("mock", tasks=1)
    assert leader.stop() == 0
    eventually("the other leads", lambda: gauge(follower, "kafka_connect_worker_leader") == 1, 30, follower.process)

    away = make_worker(group=group, start=False, **QUICK)
    away.properties.write_text(f"{away.properties.read_text()}rest.advertised.port={free_port()}\n")
    away.start()
    assert follower.stop() == 0
    eventually("leads", lambda: gauge(away, "kafka_connect_worker_leader") == 1, 30, away.process)
    follower.start()
    status, body, _ = follower.rest("PUT", "/connectors/mock/config", config)
    assert status == 500 and body["message"] == (
        "IO Error trying to forward REST request: java.net.ConnectException: Connection refused"), body
    away.wait_state("mock", tasks=1)
