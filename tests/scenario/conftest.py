"""One broker and one S3 server for a whole run (each xdist process has its own); every test takes names of its own."""
from __future__ import annotations

import pathlib
import re
import shutil
import sys
import tempfile
import uuid

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from java_worker import EitherWorker  # noqa: E402
from servers import S3, Kafka  # noqa: E402
from topics import Topics  # noqa: E402
from worker import Worker  # noqa: E402


@pytest.fixture(scope="session")
def folder():
    path = pathlib.Path(tempfile.mkdtemp(prefix="kconnectd-tests-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def kafka(folder):
    k = Kafka(folder)
    yield k
    k.stop()


@pytest.fixture(scope="session")
def s3(folder):
    s = S3(folder)
    yield s
    s.stop()


@pytest.fixture(scope="session")
def topics(kafka):
    return Topics(kafka.bootstrap)


@pytest.fixture
def unique():
    """Names that no other test uses: unique("topic")"""
    tag = uuid.uuid4().hex[:8]
    return lambda stem: f"{stem}-{tag}"


@pytest.fixture
def bucket(s3, unique):
    """A new bucket: name, boto3 client and shorthands."""
    return Bucket(s3, unique("bucket"))


@pytest.fixture(scope="session")
def worker(folder, kafka, s3):
    """A worker shared by the tests that do not disturb it."""
    w = Worker(folder / "shared", kafka.bootstrap, "shared-" + uuid.uuid4().hex[:6], env=credentials(s3)).start()
    yield w
    if not w.process.exited():
        assert w.stop() == 0, w.process.tail()


@pytest.fixture
def make_worker(request, folder, unique):
    """make_worker(**settings): a worker of its own group, which must stop cleanly at the end, unless the test killed it."""
    made = []

    def make(group: str | None = None, bootstrap: str | None = None, env: dict | None = None, start: bool = True, **settings):
        n = len(made)
        w = Worker(folder / unique(f"w{n}"), bootstrap or request.getfixturevalue("kafka").bootstrap, group or unique("group"),
                   f"worker{n}", {**credentials(S3), **(env or {})}, **settings)
        made.append(w)
        return w.start() if start else w
    yield make
    for w in made:
        if w.process and not w.process.exited():
            assert w.stop() == 0, w.process.tail()


@pytest.fixture
def make_either(request, folder, unique):
    """make_either(group, start=False, **settings): workers of which a Java worker may be one."""
    made = []

    def make(group: str, start: bool = False, bootstrap: str | None = None, **settings):
        w = EitherWorker(folder / unique(f"either{len(made)}"), bootstrap or request.getfixturevalue("kafka").bootstrap, group,
                         f"worker{len(made)}", plugin__discovery="service_load", **settings)
        made.append(w)
        return w
    yield make
    for w in made:
        if w.process and not w.process.exited():
            w.kill()


def credentials(s3: type[S3] | S3) -> dict:
    """The same for every server of the tests, which thus need not run."""
    return {"AWS_ACCESS_KEY_ID": s3.access, "AWS_SECRET_ACCESS_KEY": s3.secret}


UPLOAD_NOTE = re.compile(r"\.mpus-|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


class Bucket:
    def __init__(self, s3: S3, name: str):
        self.s3, self.name, self.client = s3, name, s3.client()
        self.client.create_bucket(Bucket=name)

    def keys(self, prefix: str = "") -> list[str]:
        """Without s3proxy's own notes on unfinished uploads (.mpus-…, and a stub named by the upload's UUID), which a real S3 does
        not list."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        return sorted(o["Key"] for page in pages for o in page.get("Contents", []) if not UPLOAD_NOTE.match(o["Key"]))

    def get(self, key: str) -> bytes:
        return self.client.get_object(Bucket=self.name, Key=key)["Body"].read()

    def put(self, key: str, body: bytes):
        self.client.put_object(Bucket=self.name, Key=key, Body=body)
