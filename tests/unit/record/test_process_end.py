"""What is left of what a process recorded when it ends, well or badly."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from genai_finops.attribution.formats.recorded import RecordedFormat
from genai_finops.attribution.log_format import Piece

_RECORD = "from genai_finops.record import *\nimport os, sys, time\n"
_ONE = "record_llm_cost(provider='openai', model='gpt-5', input_tokens=1, request_id='{}')\n"


def _run(script: str, folder: Path, plain_environ: dict[str, str], **more: str) -> "subprocess.CompletedProcess[str]":
    environ = {**plain_environ, "GENAI_FINOPS_RECORD_TO": str(folder), **more}
    return subprocess.run(
        [sys.executable, "-c", _RECORD + script], env=environ, capture_output=True, text=True, check=False, timeout=30
    )


def _names(folder: Path) -> list[str]:
    return sorted(
        json.loads(line)["request_id"] for file in folder.iterdir() for line in file.read_bytes().splitlines()
    )


@pytest.mark.parametrize("end", ["", "raise SystemExit(3)\n", "raise RuntimeError\n"])
def test_the_end_of_a_process_writes_everything(tmp_path: Path, plain_environ: dict[str, str], end: str) -> None:
    _run("for n in range(2000):\n    " + _ONE.format("{n}").replace("'{n}'", "str(n)") + end, tmp_path, plain_environ)

    assert len(set(_names(tmp_path))) == len(_names(tmp_path)) == 2000


def test_a_killed_process_leaves_what_was_flushed_in_lines_that_can_be_read(
    tmp_path: Path, plain_environ: dict[str, str]
) -> None:
    script = _ONE.format("flushed") + "assert flush()\nprint('ready', flush=True)\nn = 0\nwhile True:\n    n += 1\n    "
    process = subprocess.Popen(
        [sys.executable, "-c", _RECORD + script + _ONE.format("busy")],
        env={**plain_environ, "GENAI_FINOPS_RECORD_TO": str(tmp_path), "GENAI_FINOPS_RECORD_FLUSH_SECONDS": "0.01"},
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()
    while sum(file.stat().st_size for file in tmp_path.iterdir()) < 200_000:
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=10)

    (file,) = tmp_path.iterdir()
    whole, _, _ = file.read_bytes().rpartition(b"\n")
    read = RecordedFormat().read(Piece(content=whole + b"\n", first_line=1), {})
    assert not read.rejects
    assert read.events["request_id"][0] == "flushed"
    assert read.events.height == whole.count(b"\n") + 1


def test_a_forked_child_writes_its_own_requests_and_none_of_its_parent(
    tmp_path: Path, plain_environ: dict[str, str]
) -> None:
    fork = "child = os.fork()\nif child == 0:\n    " + _ONE.format("child") + "    sys.exit()\nos.waitpid(child, 0)\n"
    before, after = _ONE.format("before"), _ONE.format("after")

    _run(before + "flush()\n" + _ONE.format("waiting") + fork + after, tmp_path, plain_environ)

    assert _names(tmp_path) == ["after", "before", "child", "waiting"]
    assert len(list(tmp_path.iterdir())) == 2


def test_children_of_multiprocessing_write_what_they_recorded(tmp_path: Path, plain_environ: dict[str, str]) -> None:
    script = (
        "import multiprocessing\n"
        f"def work(n):\n    {_ONE.format('x').replace(repr('x'), 'str(n)')}"
        "started = multiprocessing.get_context('fork')\n"
        + _ONE.format("parent")
        + "children = [started.Process(target=work, args=(n,)) for n in range(2)]\n"
        + "[child.start() for child in children]\n[child.join() for child in children]\n"
    )
    _run(script, tmp_path, plain_environ)

    assert _names(tmp_path) == ["0", "1", "parent"]


def test_an_endpoint_that_does_not_answer_holds_the_end_up_no_longer_than_allowed(
    tmp_path: Path, plain_environ: dict[str, str]
) -> None:
    ended = _run(
        _ONE.format("lost"),
        tmp_path,
        plain_environ,
        GENAI_FINOPS_RECORD_TO="http://127.0.0.1:9",
        GENAI_FINOPS_RECORD_EXIT_SECONDS="0.3",
    )

    assert ended.returncode == 0
    assert "unsent" in ended.stderr


def test_a_folder_that_cannot_be_written_does_not_break_the_application(
    tmp_path: Path, plain_environ: dict[str, str]
) -> None:
    (tmp_path / "file").touch()

    ended = _run(_ONE.format("lost"), tmp_path / "file" / "f", plain_environ, GENAI_FINOPS_RECORD_EXIT_SECONDS="0.3")

    assert ended.returncode == 0


@pytest.mark.parametrize(
    ("variable", "value"), [("TO", "ftp://host/x"), ("TO", ""), ("QUEUE_SIZE", "many"), ("METRICS", "maybe")]
)
def test_an_environment_that_cannot_be_used_turns_recording_off_with_a_warning(
    tmp_path: Path, plain_environ: dict[str, str], variable: str, value: str
) -> None:
    ended = _run(
        _ONE.format("x") + "print(stats().dropped)\n",
        tmp_path / "f",
        plain_environ,
        **{f"GENAI_FINOPS_RECORD_{variable}": value},
    )

    assert (ended.returncode, ended.stdout) == (0, "{'not_configured': 1}\n")
    assert "GENAI_FINOPS_RECORD_TO" in ended.stderr
