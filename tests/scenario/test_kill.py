"""SIGKILL at random moments: no record is lost, and the sink leaves the objects of an undisturbed run. The seed is printed;
KILL_SEED repeats one."""
from __future__ import annotations

import os
import random
import time

from backup import PARTITIONS, Backup, sink_config, source_config
from servers import eventually
from topics import by_partition

KILLS = 11


def seed() -> int:
    value = int(os.environ.get("KILL_SEED") or random.SystemRandom().randrange(10**9))
    print(f"KILL_SEED={value}")
    return value


def test_sink_killed_leaves_the_same_objects(make_worker, topics, bucket, unique):
    rnd = random.Random(seed())
    backup = Backup(topics, "-" + unique("k"))
    worker = make_worker(session__timeout__ms=6000)
    sink = unique("s3-sink")
    # only flush.size decides where a file ends, so that the objects are the same whatever happened
    worker.put(sink, sink_config(bucket, backup.sources, rotate__schedule__interval__ms="-1",
                                 **{"consumer.override.session.timeout.ms": "6000"}))
    for _ in range(KILLS):
        backup.produce(20)
        time.sleep(rnd.uniform(0, 2.5))
        worker.kill()
        worker.start(wait=False)
    worker.wait_healthy()
    records = KILLS * 20
    want = sorted(f"topics/{t}/partition={p}/{t}+{p}+{o:010d}{ext}" for t in backup.sources for p in range(PARTITIONS)
                  for o in range(0, records, 10) for ext in (".json", ".keys.json", ".headers.json"))
    try:
        eventually("all objects", lambda: set(want) <= set(bucket.keys()), 120, worker.process, every_s=1)
    except AssertionError:
        missing = sorted(set(want) - set(bucket.keys()))
        raise AssertionError(f"{len(missing)} of {len(want)} objects are missing, such as {missing[:5]}; {worker.status(sink)}") from None
    extra = sorted(set(bucket.keys()) - set(want))
    assert not extra, f"{len(extra)} objects that an undisturbed run would not leave, such as {extra[:5]}"
    for source, sent in zip(backup.sources, backup.sinks):
        for p in range(PARTITIONS):
            lines = [line for o in range(0, records, 10)
                     for line in bucket.get(f"topics/{source}/partition={p}/{source}+{p}+{o:010d}.json").splitlines()]
            assert lines == [value for _, value, _ in backup.sent[sent][p]]


def test_source_killed_loses_nothing(make_worker, topics, bucket, unique):
    rnd = random.Random(seed())
    backup = Backup(topics, "-" + unique("k"))
    worker = make_worker(session__timeout__ms=6000)
    sink, source = unique("s3-sink"), unique("s3-source")
    # with rotation by wall clock a killed sink may write a longer file over one that the source has read already
    worker.put(sink, sink_config(bucket, backup.sources, flush__size="8", rotate__schedule__interval__ms="-1",
                                 **{"consumer.override.session.timeout.ms": "6000"}))
    worker.put(source, source_config(bucket, backup.sources[0].removeprefix("source-topic-1")))
    for _ in range(KILLS):
        backup.produce(8)
        time.sleep(rnd.uniform(0, 2.5))
        worker.kill()
        worker.start(wait=False)
    worker.wait_healthy()
    backup.check_restored(by_partition, timeout_s=180, duplicates=True)
