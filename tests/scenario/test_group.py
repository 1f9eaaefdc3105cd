"""Workers of one group, in each protocol: work moves, any worker takes any request, restarts reach the owner, secrets stay
references."""
from __future__ import annotations

import signal
import time

import pytest
from servers import eventually

STRING = "org.apache.kafka.connect.storage.StringConverter"


def ask(worker, method: str, path: str, body=None, wanted=range(200, 300)):
    """Repeats what only says that the group is settling; returns (status, body)."""
    def probe():
        status, got, _ = worker.rest(method, path, body)
        return (status, got) if status in wanted else None
    return eventually(f"{method} {path}", probe, 60, worker.process)


def source(file, topic: str) -> dict:
    return {"connector.class": "FileStreamSource", "tasks.max": "1", "file": str(file), "topic": topic, "value.converter": STRING}


def homes(worker, names: list[str]) -> set[str] | None:
    """The ids of the workers that run the connectors and tasks; None while something does not run."""
    found = set()
    for name in names:
        status = worker.status(name)
        if not status or status["connector"]["state"] != "RUNNING" or [t["state"] for t in status["tasks"]] != ["RUNNING"]:
            return None
        found |= {status["connector"]["worker_id"], status["tasks"][0]["worker_id"]}
    return found


@pytest.fixture(params=["eager", "compatible", "sessioned"])
def group(request, make_worker, unique):
    settings = {"connect__protocol": request.param, "session__timeout__ms": 6000, "heartbeat__interval__ms": 1000}
    name = unique("group")
    return lambda: make_worker(group=name, **settings)


def test_work_moves_and_any_worker_answers(group, topics, unique, tmp_path):
    a = group()
    file = tmp_path / "in.txt"
    file.write_text("one\n")
    names = ["c0", "c1", "c2"]
    for n in names:
        a.put(n, source(file, topics.create(unique(n), 1)))
    ids = {f"127.0.0.1:{a.port}"}
    eventually("all on the first worker", lambda: homes(a, names) == ids, 60, a.process)

    b = group()
    ids.add(f"127.0.0.1:{b.port}")
    eventually("spread over both", lambda: homes(b, names) == ids, 60, b.process)
    for worker in (a, b):  # one of them leads, the other passes requests on; each runs something of the others'
        for n in names:
            assert ask(worker, "POST", f"/connectors/{n}/restart")[0] == 204
            assert ask(worker, "POST", f"/connectors/{n}/tasks/0/restart")[0] == 204
            assert ask(worker, "POST", f"/connectors/{n}/restart?includeTasks=true")[0] == 202
        eventually("running again", lambda: homes(worker, names) == ids, 60, worker.process)
    for worker, other in ((a, b), (b, a)):
        assert ask(worker, "PUT", "/connectors/c2/stop")[0] == 204
        other.wait_state("c2", "STOPPED", 0)
        assert ask(worker, "PUT", "/connectors/c2/resume")[0] == 202
        eventually("resumed", lambda: homes(other, names) == ids, 60, other.process)

    assert a.stop() == 0
    eventually("all on the second worker", lambda: homes(b, names) == {f"127.0.0.1:{b.port}"}, 60, b.process)
    assert ask(b, "DELETE", "/connectors/c0")[0] == 204
    eventually("forgotten", lambda: b.status("c0") is None, 60, b.process)
    assert sorted(b.rest("GET", "/connectors")[1]) == ["c1", "c2"]


def test_secrets_stay_references(make_worker, topics, unique, tmp_path):
    """What a config provider gives reaches the task, but no topic and no answer; a new value counts after a restart."""
    secrets, first, second = tmp_path / "s.properties", tmp_path / "first.txt", tmp_path / "second.txt"
    first.write_text("from the first\n")
    second.write_text("from the second\n")
    secrets.write_text(f"file={first}\n")
    worker = make_worker(config__providers="f",
                         config__providers__f__class="org.apache.kafka.common.config.provider.FileConfigProvider")
    topic = topics.create(unique("t"), 1)
    reference = "${f:%s:file}" % secrets
    worker.put("secret", source(reference, topic))
    worker.wait_state("secret", tasks=1)
    assert worker.rest("GET", "/connectors/secret/config")[1]["file"] == reference
    tasks = ask(worker, "GET", "/connectors/secret/tasks")[1]
    assert [t["config"]["file"] for t in tasks] == [reference]

    def partitions():
        return [o["partition"]["filename"] for o in worker.rest("GET", "/connectors/secret/offsets")[1]["offsets"]]
    eventually("read the first file", lambda: partitions() == [str(first)], 60, worker.process)
    secrets.write_text(f"file={second}\n")
    assert ask(worker, "POST", "/connectors/secret/restart")[0] == 204
    eventually("read the second file", lambda: sorted(partitions()) == sorted([str(first), str(second)]), 60, worker.process)
    assert [t["config"]["file"] for t in ask(worker, "GET", "/connectors/secret/tasks")[1]] == [reference]


@pytest.mark.parametrize("protocol", ["sessioned", "compatible"])
def test_who_leaves_says_so(make_worker, topics, unique, tmp_path, protocol):
    """Nobody waits for a worker that was told to stop, whether it followed or led."""
    name = unique("leave")
    group = [make_worker(group=name, scheduled__rebalance__max__delay__ms=60000, connect__protocol=protocol) for _ in range(3)]
    names = [f"c{i}" for i in range(6)]
    for n in names:
        (tmp_path / n).write_text("one\n")
        group[0].put(n, source(tmp_path / n, topics.create(unique(n), 1)))
    ids = {f"127.0.0.1:{w.port}" for w in group}
    eventually("spread over all", lambda: homes(group[0], names) == ids, 60)

    def leave(worker) -> float:
        """Seconds from SIGTERM until all runs on those who stay."""
        rest = [w for w in group if w is not worker]
        left = {f"127.0.0.1:{w.port}" for w in rest}
        begin = time.monotonic()
        worker.process.popen.send_signal(signal.SIGTERM)
        eventually("all on the others", lambda: (found := homes(rest[-1], names)) and found <= left, 30)
        took = time.monotonic() - begin
        print(f"{protocol}: {took:.2f} s")
        assert worker.stop() == 0
        group.remove(worker)
        return took

    first = group[0]
    assert leave(group[1]) < 5  # a follower; less than a second on a quiet machine
    assert "has left as announced" in first.process.log.read_text()
    group.append(make_worker(group=name, scheduled__rebalance__max__delay__ms=60000, connect__protocol=protocol))
    ids = {f"127.0.0.1:{w.port}" for w in group}
    eventually("spread over all", lambda: homes(group[0], names) == ids, 60)
    assert leave(group[0]) < 5  # the leader
    unsigned = group[0].rest("POST", "/kconnect/leaving", {"member": "x"})
    assert unsigned[0] == (400 if protocol == "sessioned" else 204), unsigned
    assert group[0].rest("POST", "/kconnect/leaving", {"member": 1})[0] == 400
