"""A Schema Registry for the integration tests: Apicurio's server, which speaks Confluent's API and keeps everything in
memory. Its jars come by `make jars`."""
from __future__ import annotations

import pathlib

from servers import JARS, Process, eventually, free_port, http

FOLDER = JARS.parent / "jars-registry"
KEYS = pathlib.Path(__file__).resolve().parents[1] / "data" / "keystores"  # root.pem has signed chain.pem


class Registry:
    def __init__(self, folder: pathlib.Path):
        runner = next(iter(FOLDER.glob("*-runner.jar")), None)
        if not (FOLDER / ".complete").exists() or runner is None:
            raise RuntimeError("the registry's jars are missing: run `make jars` (needs Java and Maven)")
        self.port, self.tls_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}/apis/ccompat/v7"
        self.tls_url = f"https://localhost:{self.tls_port}/apis/ccompat/v7"  # the certificate of KEYS
        self.process = Process("registry", ["java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                                            "-Dquarkus.http.host=127.0.0.1", f"-Dquarkus.http.port={self.port}",
                                            f"-Dquarkus.http.ssl-port={self.tls_port}",
                                            "-Dquarkus.http.insecure-requests=enabled",
                                            f"-Dquarkus.http.ssl.certificate.files={KEYS / 'chain.pem'}",
                                            f"-Dquarkus.http.ssl.certificate.key-files={KEYS / 'key.pem'}",
                                            "-jar", runner], folder / "registry")
        eventually("registry", lambda: http("GET", self.url + "/subjects", timeout_s=2)[0] == 200, 90, self.process)

    def stop(self):
        self.process.kill()
