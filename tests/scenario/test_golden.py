"""`make golden`: what its runner prints about good, wrong, unknown and unreadable vectors."""
import os
import subprocess

RUNNER = os.path.join(os.path.dirname(os.path.realpath(os.environ["KCONNECTD"])), "tests", "golden", "golden")
GOOD = '{"id":"g-1","op":"to","cfg":{"schemas.enable":"false"},"in":{"bytes":"MQ=="},' \
       '"out":{"schema":null,"value":{"int64":1}}}\n'


def judge(folder, **files):
    for name, text in files.items():
        (folder / f"{name}.jsonl").write_text(text)
    done = subprocess.run([RUNNER, str(folder)], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout.splitlines()


def test_all_good(tmp_path):
    code, lines = judge(tmp_path, good=GOOD * 3, foreign='{"kind":"topic","id":"topic-1"}\n' * 2)
    assert code == 0
    assert lines == ["foreign.jsonl: left out, 2 vectors of another format (kinds: topic)", "3 passed, 0 failed"]


def test_failures_are_shown(tmp_path):
    wrong = GOOD.replace('"int64":1', '"int64":2').replace("g-1", "w-1")
    unknown = '{"id":"u-1","op":"transmogrify","in":null,"out":null}\n'
    utf16 = '{"id":"s-1","op":"from","cfg":{},"in":{"schema":null,"value":{"utf16":"d83d"}},"out":{"bytes":"Pw=="}}\n'
    code, lines = judge(tmp_path, mixed=GOOD + wrong + unknown + utf16 + "{half\n")
    text = "\n".join(lines)
    assert code == 1
    assert lines[-1] == "1 passed, 3 failed"
    assert 'w-1 (mixed.jsonl:2)\n  expected: out {"schema":null,"value":{"int64":2}}\n' \
           "  result:   expected java.lang.Long 2, got java.lang.Long 1" in text
    assert "u-1 (mixed.jsonl:3)" in text and "unknown operation 'transmogrify'" in text
    assert "no id (mixed.jsonl:5)" in text and "no JSON" in text
    assert "left out: 1 vectors (strings hold UTF-8" in text


def test_empty_folder(tmp_path):
    assert judge(tmp_path)[0] == 1
