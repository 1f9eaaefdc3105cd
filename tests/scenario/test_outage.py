"""The only broker goes away for a while. OUTAGE_SECONDS sets how long: the timeouts of group and consumers are a sixth of it and less,
so that the same things happen in an outage of seconds. With a minute they are everybody's defaults, with three delivery.timeout.ms
passes, too."""
from __future__ import annotations

import os
import threading
import time

import pytest
from cluster import ROUNDS, Group, Traffic, patiently
from servers import Kafka
from topics import Topics

OUTAGE_S = float(os.environ.get("OUTAGE_SECONDS") or 12)


class Asked(threading.Thread):
    """A write that an outage meets."""

    def __init__(self, worker, path: str, body: dict):
        super().__init__(daemon=True)
        self.worker, self.path, self.body, self.answer = worker, path, body, None
        self.begin = time.monotonic()
        self.start()

    def run(self):
        self.answer = (*self.worker.rest("PUT", self.path, self.body, timeout_s=100)[:2], time.monotonic() - self.begin)

    def expect(self, limit_s: float, *errors: str):
        """Done, or refused after that time for one of these reasons (or while the group settles)."""
        self.join(100)
        status, body, took_s = self.answer
        print(f"{took_s:.1f} s: {status} {body}", flush=True)
        if status == 500:
            assert body["message"].startswith(errors) and limit_s - 2 < took_s < limit_s + 10, self.answer
        else:
            assert status in (200, 409), self.answer


@pytest.mark.parametrize("exactly_once", [False, True][:ROUNDS + 1])
def test_the_only_broker_is_away_for_a_while(folder, make_worker, unique, tmp_path, exactly_once):
    """Workers answer what they know; what is to be written waits, as long as Java's requests do. Then all goes on."""
    broker = Kafka(folder, unique("only"), heap="384m")
    session_ms = int(OUTAGE_S * 1000 / 6)
    times = {"session__timeout__ms": session_ms, "heartbeat__interval__ms": session_ms * 3 // 10,
             "rebalance__timeout__ms": session_ms * 6, "consumer__session__timeout__ms": session_ms,
             "consumer__heartbeat__interval__ms": session_ms * 3 // 10}
    if exactly_once:
        times["exactly__once__source__support"] = "enabled"
    try:
        group = Group(lambda **kw: make_worker(bootstrap=broker.bootstrap, **kw), unique("group"), ["kconnectd"] * 2, **times)
        traffic = Traffic(group.workers, Topics(broker.bootstrap), tmp_path, unique("traffic"), exactly_once)
        idle = {"connector.class": "MockSource"}
        group.workers[0].put("idle", idle)
        for _ in range(ROUNDS or 1):
            group.converged(traffic.connectors + 1, traffic.tasks + 1)
            traffic.write()
            broker.kill()
            back = time.monotonic() + OUTAGE_S
            traffic.write()
            at_once = Asked(group.workers[0], "/connectors/idle/config", {**idle, "extra": str(back)})
            later = None
            while time.monotonic() < back:
                for w in group.workers:
                    for path in ("/", "/connectors", "/connectors?expand=status", "/connectors/idle/config", "/connectors/idle/tasks"):
                        begin = time.monotonic()
                        status, body, _ = w.rest("GET", path)
                        assert status == 200 and time.monotonic() - begin < 2, (path, status, body)
                time.sleep(1)
                if not later and time.monotonic() > back - OUTAGE_S / 2:  # all know by now that they are on their own
                    later = Asked(group.workers[1], "/connectors/idle/config", {**idle, "extra": f"{back} again"})
            broker.start()
            at_once.expect(30, "Error writing connector configuration to Kafka", "Failed to write to config topic; this may be due to "
                           "a transient error and the request can be safely retried", "IO Error trying to forward REST request: ")
            later.expect(90, "Request timed out. The worker is currently ", "IO Error trying to forward REST request: ")
            patiently(group.workers[0], "PUT", "/connectors/idle/config", idle)
            group.converged(traffic.connectors + 1, traffic.tasks + 1, 120)
            traffic.copied_through()
            traffic.be_calm()
        traffic.rest(group, 1)
        traffic.check()
        for w in group.workers:
            assert w.stop() == 0, w.process.tail()
    finally:
        broker.stop()
