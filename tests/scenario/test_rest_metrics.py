"""GET /kconnect/metrics: the format, and that the numbers are those of what was done."""
from __future__ import annotations

import re
import urllib.parse

from servers import eventually

SAMPLE = re.compile(r'([a-z_]+)(\{[a-z_]+="(?:[^"\\\n]|\\["\\n])*"(?:,[a-z_]+="(?:[^"\\\n]|\\["\\n])*")*\})? (-?[0-9.e+]+)')


def metrics(worker) -> dict:
    """name{labels} → value, after the text was found to be well formed."""
    status, text, headers = worker.rest("GET", "/kconnect/metrics", headers={"Accept": "text/plain;version=0.0.4"})
    assert status == 200 and headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    got, families, family = {}, set(), None
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            family = line.split()[2]
            assert family not in families and line.split()[3] in ("gauge", "counter")
            families.add(family)
        elif not line.startswith("# HELP "):
            name, labels, value = SAMPLE.fullmatch(line).groups()
            assert name == family and name + (labels or "") not in got, line
            got[name + (labels or "")] = float(value)
    return got


def test_numbers_of_a_source_and_a_sink(worker, topics, unique, tmp_path):
    topic, source, sink = unique("lines"), unique('"source"'), unique("sink")
    (tmp_path / "in").write_text("".join(f"line {i}\n" for i in range(100)))
    strings = {f"{part}.converter": "org.apache.kafka.connect.storage.StringConverter" for part in ("key", "value")}
    topics.create(topic, 1)
    config = {"connector.class": "FileStreamSource", "file": str(tmp_path / "in"), "topic": topic, **strings}
    assert worker.rest("POST", "/connectors", {"name": source, "config": config})[0] == 201
    worker.put(sink, {"connector.class": "FileStreamSink", "file": str(tmp_path / "out"), "topics": topic, **strings})
    label = source.replace('"', '\\"')
    wanted = {
        f'source_task_source_record_poll_total{{connector="{label}",task="0"}}': 100,
        f'source_task_source_record_write_total{{connector="{label}",task="0"}}': 100,
        f'sink_task_sink_record_read_total{{connector="{sink}",task="0"}}': 100,
        f'sink_task_sink_record_send_total{{connector="{sink}",task="0"}}': 100,
        f'task_error_total_record_failures{{connector="{sink}",task="0"}}': 0,
        f'connector_status{{connector="{sink}",status="running"}}': 1,
        f'connector_task_status{{connector="{label}",task="0",status="running"}}': 1,
        "worker_ready": 1, "worker_leader": 1, "worker_rebalance_rebalancing": 0,
    }

    def told():
        got = metrics(worker)
        return all(got.get("kafka_connect_" + k) == v for k, v in wanted.items()) and got
    got = eventually("all is counted", told, 60, worker.process)
    assert got["kafka_connect_worker_task_count"] >= 2 and got["kafka_connect_cluster_connectors{status=\"running\"}"] >= 2
    assert 5e6 < got["process_resident_memory_bytes"] < 5e9 and got["process_open_fds"] > 10
    commits = f'kafka_connect_connector_task_offset_commit_completion_total{{connector="{label}",task="0"}}'
    eventually("a commit is counted", lambda: metrics(worker)[commits] >= 1, 30, worker.process)
    assert worker.rest("POST", "/kconnect/metrics")[0] == 405
    worker.delete(sink)
    worker.delete(urllib.parse.quote(source))
