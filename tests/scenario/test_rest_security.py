"""REST over https with client certificates, users and passwords: two workers that reach each other only this way."""
from __future__ import annotations

import base64
import contextlib
import http.client
import json
import pathlib
import ssl

import pytest
from servers import eventually
from worker import Worker

STORES = pathlib.Path(__file__).resolve().parents[1] / "data" / "keystores"
EXTENSION = "org.apache.kafka.connect.rest.basic.auth.extension."


def ask(connection, method, path, body=None, user="ops:s3cret"):
    headers = {"Authorization": "Basic " + base64.b64encode(user.encode()).decode()} if user else {}
    if body is not None:
        headers["Content-Type"] = "application/json"
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    reply = connection.getresponse()
    text = reply.read().decode()
    return reply.status, json.loads(text) if text.startswith(("{", "[")) else text, reply.headers


class SecureWorker(Worker):
    """Its only listener is https; requests carry a certificate and a user unless told otherwise."""

    def __init__(self, folder, bootstrap, group, name, store):
        jaas, users = folder / "jaas.conf", folder / "users.properties"
        super().__init__(
            folder, bootstrap, group, name, env={"KAFKA_OPTS": f"-Xmx256m -Djava.security.auth.login.config={jaas}"},
            rest__extension__classes=EXTENSION + "BasicAuthSecurityRestExtension",
            listeners__https__ssl__client__auth="required", listeners__https__ssl__keystore__location=STORES / store,
            listeners__https__ssl__keystore__password="changeit",
            listeners__https__ssl__key__password="keypass" if store.endswith("jks") else "changeit",
            listeners__https__ssl__truststore__location=STORES / "trust.p12",
            listeners__https__ssl__truststore__password="changeit")
        text = self.properties.read_text()
        self.properties.write_text(text.replace(f"http://127.0.0.1:{self.port}", f"https://127.0.0.1:{self.port}"))
        users.write_text("ops=s3cret\n")
        jaas.write_text(f'KafkaConnect {{ {EXTENSION}PropertyFileLoginModule required file="{users}"; }};\n')

    def connect(self, timeout_s=95, certificate=True):
        context = ssl.create_default_context(cafile=STORES / "root.pem")
        if certificate:
            context.load_cert_chain(STORES / "chain.pem", STORES / "key.pem")
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout_s, context=context)

    def rest(self, method, path, body=None, headers=None, timeout_s=95, user="ops:s3cret", certificate=True):
        with contextlib.closing(self.connect(timeout_s, certificate)) as connection:
            return ask(connection, method, path, body, user)

    def wait_healthy(self, timeout_s=90):
        def healthy():
            with contextlib.suppress(OSError):
                return self.rest("GET", "/health", timeout_s=15)[0] == 200
        eventually("worker healthy", healthy, timeout_s, self.process)


@pytest.fixture
def workers(folder, kafka, unique):
    group = unique("secure")
    both = [SecureWorker(folder / f"{group}-{i}", kafka.bootstrap, group, f"{group}-{i}", store)
            for i, store in enumerate(["client.p12", "client.jks"])]
    for w in both:
        w.start(wait=False)
    for w in both:
        w.wait_healthy()
    yield both
    for w in both:
        assert w.stop() == 0


def test_two_workers_that_ask_for_certificates_and_users(workers, folder, unique):
    first, second = workers
    assert first.rest("GET", "/connectors", user=None)[0] == 401
    assert first.rest("GET", "/connectors", user="ops:wrong")[0] == 401
    with pytest.raises(OSError):  # with TLS 1.3 the refusal comes after the handshake
        first.rest("GET", "/connectors", certificate=False)
    names = [unique(f"c{i}") for i in range(4)]
    for i, name in enumerate(names):  # one of the two has to relay to the leader
        workers[i % 2].put(name, {"connector.class": "FileStreamSource", "file": str(folder / name), "topic": name})
    # The connectors on the follower send their task configurations to the leader by signed requests.
    ids = {t["worker_id"] for name in names for t in first.wait_state(name, tasks=1)["tasks"]}
    assert ids == {f"127.0.0.1:{w.port}" for w in workers}
    for name in names:
        for w in workers:  # by whoever runs it
            status, body, _ = w.rest("POST", f"/connectors/{name}/tasks/0/restart")
            assert status == 204, body
    # Long bodies and answers, and requests that wait for the herder, one after the other on one connection.
    config = {"connector.class": "FileStreamSource", "name": "a", "topic": "t"}
    with contextlib.closing(first.connect(timeout_s=20)) as connection:
        for size in (10, 3_000_000) * 5:
            path = "/connector-plugins/FileStreamSource/config/validate"
            status, body, _ = ask(connection, "PUT", path, {**config, "big": "x" * size})
            assert status == 200 and body["error_count"] == 0
            assert ask(connection, "GET", f"/connectors/{names[0]}")[1]["name"] == names[0]
            assert len(ask(connection, "GET", "/connector-plugins?connectorsOnly=false")[1]) > 20
    for name in names:
        assert second.rest("DELETE", f"/connectors/{name}")[0] == 204


def test_a_key_store_that_cannot_be_opened_stops_the_start(folder, kafka, unique):
    name = unique("badstore")
    w = SecureWorker(folder / name, kafka.bootstrap, name, name, "client.p12")
    w.properties.write_text(w.properties.read_text().replace("keystore.password=changeit", "keystore.password=wrong"))
    w.start(wait=False)
    assert w.process.popen.wait(30) == 2
    log = w.process.log.read_text()
    assert "listeners.https.ssl.keystore.location" in log and "client.p12" in log
    assert "password=wrong" not in log and "s3cret" not in log
