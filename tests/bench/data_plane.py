"""The parts of `make bench` that need no servers: JSON alone, and a chain of transforms beside Java's classes."""
from __future__ import annotations

import json
import os
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
BUILD = HERE.parents[1] / "build"
PROGRAMS = pathlib.Path(os.environ.get("BENCHES", BUILD / "plain/tests/bench"))
JARS = BUILD / "bench-jars"
ORDER, CHAIN = HERE / "order.json", HERE / "chain.properties"
CHAIN_GOAL = 5


def run(command: list, **more) -> str:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=1800, **more)
    if done.returncode != 0:
        raise SystemExit(f"{command[0]}: {done.stdout}{done.stderr}")
    return done.stdout


def json_alone():
    print(run([PROGRAMS / "bench_json", ORDER]), flush=True)


def java(name: str, *args) -> str:
    """Compiles and runs one of the Java programs beside this file."""
    classes = BUILD / "bench-classes"
    jars = ":".join(map(str, sorted(JARS.glob("*.jar"))))
    ecj = next(JARS.glob("ecj-*.jar"))
    run(["java", "-jar", ecj, "-17", "-nowarn", "-cp", jars, "-d", classes, HERE / f"{name}.java"])
    return run(["java", "-cp", f"{classes}:{jars}", name, *args])


def transforms():
    ours = json.loads(run([PROGRAMS / "bench_transforms", CHAIN, ORDER]))
    theirs = json.loads(java("TransformBench", CHAIN, ORDER))
    for part in "topic", "value":
        if ours[part] != theirs[part]:
            raise SystemExit(f"the chains disagree: {ours[part]} and {theirs[part]}")
    ratio = ours["records_per_cpu_s"] / theirs["records_per_cpu_s"]
    print("InsertField, ReplaceField, TimestampConverter, RegexRouter between JsonConverters, records of 1 KB")
    for name, out in ("kconnectd", ours), ("Kafka's classes (Java)", theirs):
        print(f"{name:<30}{out['records_per_cpu_s']:>12,.0f} records / CPU s")
    print(f"ratio {ratio:.1f} (goal {CHAIN_GOAL}); allocations per record {ours['allocations']:.1f}\n", flush=True)
