"""Records made to hurt: deep, long, half or no JSON. None of them stops more than itself: `kconnectd transform` names the
line and the stage, a sink gives them to the dead letter queue or fails with their topic, partition and offset."""
import json
import subprocess

import pytest
from servers import eventually
from worker import BINARY

VALUE = "org.apache.kafka.connect.transforms.{}$Value"
DEEP = 10_000
# What the value is, what the error says; None: it is fine. The limits are those of Java's parser.
HOSTILE = [
    (b"[" * DEEP + b"]" * DEEP, "Document nesting depth (1001) exceeds the maximum allowed (1000"),
    (b'{"a":' * DEEP + b"1" + b"}" * DEEP, "Document nesting depth (1001) exceeds the maximum allowed (1000"),
    (b"[" * 900 + b"]" * 900, None),
    (b"[" * DEEP, "Document nesting depth"),
    (b"1" * 1001, "Number value length (1001) exceeds the maximum allowed (1000"),
    (b"1" * 1000, None),
    (b"-0." + b"7" * 1001, "Number value length"),
    (b'{"a":1e999999999999}', "JsonParseException|Exception"),
    (b'"\xff\xfe"', "Invalid UTF-8"),
    (b'{"a":"\xed\xa0\x80"}', "Invalid UTF-8"),
    (b'{"\xc3":1}', "Invalid UTF-8"),
    (b'{"a":1', "Unexpected end-of-input"),
    (b'"' + b"x" * 30_000_000 + b'"', "String value length"),
    (b'{"' + b"n" * 60_000 + b'":1}', "Name length (60001|Name length"),
]


def says(text, wanted):
    return any(w in text for w in wanted.split("|"))


def transform(config, lines, tmp_path):
    file = tmp_path / "connector.json"
    file.write_text(json.dumps({"connector.class": "FileStreamSink", "topics": "t", **config}))
    done = subprocess.run([BINARY, "transform", "--config", file], input=b"\n".join(lines) + b"\n", capture_output=True, timeout=120)
    assert done.returncode in (0, 1), done.stderr[-2000:]
    out = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(out) == len(lines)
    return out


@pytest.mark.parametrize("chain", [
    {},
    {"transforms": "f,c,h", "transforms.f.type": VALUE.format("Flatten"), "transforms.c.type": VALUE.format("Cast"),
     "transforms.c.spec": "string", "transforms.h.type": VALUE.format("HoistField"), "transforms.h.field": "line"},
    {"transforms": "e", "transforms.e.type": VALUE.format("ExtractField"), "transforms.e.field": "a.a.a",
     "transforms.e.field.syntax.version": "V2"}])
def test_in_the_bench(chain, tmp_path):
    lines = [b'{"topic":"t","partition":1,"offset":%d,"value":%s}' % (i, value) for i, (value, _) in enumerate(HOSTILE)]
    out = transform(chain, lines, tmp_path)
    for i, ((value, error), result) in enumerate(zip(HOSTILE, out)):
        if error or not chain:
            assert ("error" in result) == bool(error), (value[:40], str(result)[:300])
        if error:
            assert says(str(result), error), (value[:40], str(result)[:300])
            assert result["line"] == i + 1


def test_what_a_converter_refuses_in_the_bench(tmp_path):
    config = {"value.converter": "JsonConverter", "value.converter.schemas.enable": "true"}
    line = b'{"topic":"t","partition":1,"offset":5,"value":{"schema":null,"payload":1,"more":2}}'
    result = transform(config, [line], tmp_path)[0]
    assert (result["stage"], result["topic"], result["partition"], result["offset"]) == ("VALUE_CONVERTER", "t", 1, 5)
    assert "JsonConverter with schemas.enable requires" in result["error"]


def test_too_long_a_line(tmp_path):
    out = transform({}, [b'{"value":"' + b"x" * 100_000_000 + b'"}', b'{"value":1}'], tmp_path)
    assert out[0] == {"error": "the line is longer than 67108864 bytes", "line": 1}
    assert out[1]["value"] == 1


def test_in_a_sink(worker, topics, unique, tmp_path):
    small = [(v, e) for v, e in HOSTILE if len(v) < 900_000]
    bad = [v for v, e in small if e]
    t, dead, out = topics.create(unique("t")), topics.create(unique("dead")), tmp_path / "out.txt"
    topics.produce(t, [(b"k", v) for v, _ in small] + [(b"k", b'"the end"')])
    name = unique("hostile")
    sink = {"connector.class": "FileStreamSink", "topics": t, "file": str(out), "value.converter.schemas.enable": "false",
            "value.converter": "org.apache.kafka.connect.json.JsonConverter",
            "key.converter": "org.apache.kafka.connect.storage.StringConverter",
            "transforms": "f", "transforms.f.type": VALUE.format("HoistField"), "transforms.f.field": "line"}
    worker.put(name, {**sink, "errors.tolerance": "all", "errors.deadletterqueue.topic.name": dead})
    eventually("the last record", lambda: out.exists() and "the end" in out.read_text())
    letters = topics.read(dead, len(bad))
    assert [m.value() for m in letters] == bad
    worker.delete(name)
    worker.put(name + "-strict", {**sink, "file": str(out) + "2"})
    trace = worker.wait_task_failed(name + "-strict")
    assert f"(topic {t}, partition 0, offset 0)" in trace and "Document nesting depth" in trace, trace
    worker.delete(name + "-strict")
