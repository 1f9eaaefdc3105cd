"""REST under clients that mean no good, or do not know better: the others are served quickly and memory stays in bounds."""
from __future__ import annotations

import concurrent.futures
import contextlib
import json
import os
import resource
import socket
import struct
import time
import urllib.parse

import pytest
from servers import eventually

MIB = 1 << 20
MAX_HELD = 128 * MIB  # four times the default of kconnect.rest.body.max.bytes
VALIDATE = "/connector-plugins/FileStreamSource/config/validate"


def source(file: str, **more) -> dict:
    return {"connector.class": "FileStreamSource", "file": file, "topic": "t", **more}


def connect(worker, timeout_s: float = 30) -> socket.socket:
    return socket.create_connection(("127.0.0.1", worker.port), timeout_s)


def request(method: str, path: str, body: bytes | None = None, length: int | None = None) -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: h\r\n"
    if body is not None:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body) if length is None else length}\r\n"
    return head.encode() + b"\r\n" + (body or b"")


def answer(connection: socket.socket) -> tuple[int, bytes]:
    """Status and body of an answer that says its length."""
    got = b""
    while b"\r\n\r\n" not in got:
        more = connection.recv(65536)
        if not more:
            raise ConnectionError(f"closed after {got!r}")
        got += more
    head, body = got.split(b"\r\n\r\n", 1)
    fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    while len(body) < int(fields.get("Content-Length", 0)):
        body += connection.recv(65536)
    return int(head.split()[1]), body


def open_files(worker) -> int:
    return len(os.listdir(f"/proc/{worker.process.popen.pid}/fd"))


def stays_quick(worker, limit_s: float = 2):
    """A few requests of other clients, each well below what somebody would call hanging on a busy machine."""
    for path in ("/", "/connectors?expand=status", "/health"):
        begin = time.monotonic()
        assert worker.rest("GET", path, timeout_s=30)[0] == 200
        assert time.monotonic() - begin < limit_s, path


@pytest.fixture(scope="module")
def worker(folder, kafka):
    from worker import Worker
    w = Worker(folder / "abused", kafka.bootstrap, "abused").start()
    yield w
    assert w.stop() == 0, w.process.tail()


NAMES = {"spaces": " a  b ", "quotes": "\"it's\" `so`", "unicode": "тест-名前-🐘-é", "dots": "../..", "semicolon": "a;b=c",
         "html": "<b>&amp;</b>", "template": "{x}", "question": "a?b#c", "long": "n" * 7_500,
         "too long for a request line": "n" * 10_000}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_odd_names_live_a_whole_life(worker, unique, tmp_path, name):
    name = unique(name)
    config = source(str(tmp_path / "f"))
    status, body, headers = worker.rest("POST", "/connectors", {"name": name, "config": config, "initial_state": "STOPPED"})
    kept = name.strip()
    assert status == 201 and body["name"] == kept, body
    path = "/connectors/" + urllib.parse.quote(kept, safe="")
    assert urllib.parse.unquote(headers["Location"]) == f"{worker.url}/connectors/{kept}"
    if "/" in kept or len(kept) > 8192:  # can be created, not addressed, as in Java
        assert worker.rest("GET", path)[0] == (400 if "/" in kept else 414)
        return
    assert worker.rest("GET", path)[1]["config"] == {**config, "name": kept}
    eventually("STOPPED", lambda: worker.rest("GET", path + "/status")[1]["connector"]["state"] == "STOPPED")
    assert kept in worker.rest("GET", "/connectors")[1]
    assert worker.rest("PUT", path + "/config", {**config, "topic": "u"})[0] == 200
    assert worker.rest("GET", path + "/offsets")[1] == {"offsets": []}
    assert worker.rest("DELETE", path)[0] == 204
    assert worker.rest("GET", path)[0] == 404


@pytest.mark.parametrize("name", ["a\nb", "a\rb", "a\x1b[2J", "a\x7fb", "", "\t \n"], ids=repr)
def test_names_with_control_characters_and_none(worker, tmp_path, name):
    status, body, _ = worker.rest("POST", "/connectors", {"name": name, "config": source(str(tmp_path / "f"))})
    assert status == 400 and body["error_code"] == 400, body
    assert "String may not" in body["message"]


MALFORMED = {
    "number": "1", "text": '"x"', "array": "[]", "array of maps": "[{}]", "bare word": "bad", "half": '{"a":', "cut string": '{"a":"b',
    "comma": '{"a":"b",}', "single quotes": "{'a':'b'}", "comment": '/* c */{"a":"b"}', "nan": '{"a":NaN}', "leading zero": '{"a":01}',
    "nested": '{"a":{"b":"c"}}', "list": '{"a":["b"]}', "two values": '{"a":"b"}{"a":"b"}', "text behind": '{"a":"b"} x',
    "raw newline": '{"a":"b\nc"}', "bad escape": '{"a":"\\x"}', "short unicode": '{"a":"\\u12"}',
    "deep": "[" * 5000, "null": "null", "empty": "",
}
TARGETS = [("POST", "/connectors"), ("PUT", "/connectors/none/config"), ("PATCH", "/connectors/none/offsets"), ("PUT", VALIDATE),
           ("PUT", "/admin/loggers/root")]


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_malformed_bodies(worker, body):
    for method, path in TARGETS:
        status, got, _ = worker.rest(method, path, body.encode())
        nothing_given = path.endswith("/offsets") and body in ("null", "")  # "… need to be provided …"
        assert status == (400 if nothing_given and status == 400 else 500), (method, path, status, got)
        assert set(got) == {"error_code", "message"} and got["error_code"] == status
    assert worker.rest("PUT", "/connectors/none/config", b'{"a":"\xff"}')[0] == 500
    assert worker.rest("GET", "/connectors/none")[0] == 404


def test_a_byte_order_mark_is_skipped(worker):
    for method, path in TARGETS:
        body = b'{"connector.class":"FileStreamSource"}'
        plain, marked = (worker.rest(method, path, mark + body) for mark in (b"", b"\xef\xbb\xbf"))
        assert marked[:2] == plain[:2]
        assert worker.rest(method, path, b"\xef\xbb\xbf" * 2 + body)[0] == 500


def test_ten_thousand_idle_connections(worker):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(10_000, hard - 2500)  # the worker keeps a reserve of files for itself
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    before = worker.process.memory_kib()
    with contextlib.ExitStack() as stack:
        for i in range(count):
            c = stack.enter_context(connect(worker))
            if i % 3 == 1:  # in the middle of a header
                c.sendall(b"GET / HTTP/1.1\r\nHo")
            elif i % 100 == 0:  # kept alive after a request
                c.sendall(request("GET", "/"))
                assert answer(c)[0] == 200
        eventually("all accepted", lambda: open_files(worker) >= count)
        stays_quick(worker)
        assert worker.process.memory_kib() - before < count * 16  # 16 KiB for each
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    eventually("all closed", lambda: open_files(worker) < 500)
    stays_quick(worker)


def test_slow_bodies(worker):
    body = json.dumps(source("f", name="slow")).encode()
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(connect(worker)) for _ in range(300)]
        for c in slow:
            c.sendall(request("PUT", VALIDATE, body[:-20], len(body)))
        for i in range(20, 0, -1):
            for c in slow:
                c.sendall(body[-i:len(body) - i + 1])
            if i % 5 == 0:
                stays_quick(worker)
        for c in slow:
            assert answer(c)[0] == 200


def test_bodies_together_have_a_bound(worker):
    """Thirty bodies of which each is allowed: those for which there is no memory are refused with 503, the rest goes through."""
    piece = b'"' + b"x" * (16 * MIB) + b'"'
    body = b'{"a":' + piece + b',"connector.class":"FileStreamSource","topic":"t","name":"big"}'
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connect(worker, 60)) for _ in range(30)]
        with concurrent.futures.ThreadPoolExecutor(30) as pool:
            list(pool.map(lambda c: c.sendall(request("PUT", VALIDATE, body[:-10], len(body))), clients))
            list(pool.map(lambda c: c.sendall(body[-10:]), clients))
            statuses = sorted(s for s, _ in pool.map(answer, clients))
    assert set(statuses) == {200, 503}, statuses
    assert worker.process.memory_kib("VmHWM") * 1024 < 4 * MAX_HELD
    stays_quick(worker)
    assert worker.rest("PUT", VALIDATE, body)[0] == 200


def test_parallel_puts_of_one_connector(worker, unique, tmp_path):
    name = unique("busy")
    worker.rest("POST", "/connectors", {"name": name, "config": source(str(tmp_path / "f")), "initial_state": "STOPPED"})
    bodies = [json.dumps(source(str(tmp_path / "f"), number=str(i))).encode() for i in range(1000)]
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connect(worker, 80)) for _ in bodies]
        for c, body in zip(clients, bodies):
            c.sendall(request("PUT", f"/connectors/{name}/config", body))
        stays_quick(worker, 5)
        answers = [answer(c) for c in clients]
    assert {status for status, _ in answers} == {200}
    numbers = {int(json.loads(body)["config"]["number"]) for _, body in answers}
    assert numbers == set(range(1000))  # everybody was told of the own configuration
    assert int(worker.rest("GET", f"/connectors/{name}/config")[1]["number"]) in numbers
    assert worker.rest("DELETE", f"/connectors/{name}")[0] == 204


def test_clients_that_vanish(worker, unique, tmp_path):
    name = unique("left")
    worker.rest("POST", "/connectors", {"name": name, "config": source(str(tmp_path / "f")), "initial_state": "STOPPED"})
    before = open_files(worker)
    asks = [request("GET", "/connectors?expand=info"), request("GET", f"/connectors/{name}/offsets"),
            request("PUT", VALIDATE, json.dumps(source("f", name="x")).encode()),
            request("PUT", f"/connectors/{name}/config", json.dumps(source("f", name=name)).encode()),
            request("PUT", f"/connectors/{name}/config", b'{"a":"b"', 100), b"GET / HT"]
    for i in range(600):
        with connect(worker) as c:
            c.sendall(asks[i % len(asks)])
            if i % 2:  # a reset instead of an end
                c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    stays_quick(worker, 5)
    eventually("connections are gone", lambda: open_files(worker) <= before + 10)
    assert worker.rest("GET", f"/connectors/{name}")[1]["config"]["file"] == "f"
    assert worker.rest("DELETE", f"/connectors/{name}")[0] == 204


def test_answers_that_nobody_reads(worker, unique, tmp_path):
    """A long answer waits in memory until its reader comes; many of them have a bound, too."""
    names = [unique(f"wide{i}") for i in range(8)]
    for name in names:
        config = source(str(tmp_path / "f"), long="x" * (900 * 1024))
        assert worker.rest("POST", "/connectors", {"name": name, "initial_state": "STOPPED", "config": config})[0] == 201
    with contextlib.ExitStack() as stack:
        for _ in range(40):
            c = stack.enter_context(connect(worker))
            c.sendall(request("GET", "/connectors?expand=info"))
        eventually("answers are refused", lambda: worker.rest("GET", "/")[0] == 503)
        assert worker.rest("GET", "/")[2]["Retry-After"]
        assert worker.process.memory_kib("VmHWM") * 1024 < 4 * MAX_HELD
    eventually("served again", lambda: worker.rest("GET", "/")[0] == 200)
    for name in names:
        assert worker.rest("DELETE", f"/connectors/{name}")[0] == 204
    stays_quick(worker)
