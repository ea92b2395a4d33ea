"""A real Prometheus scrapes what is served, and accepts the rules. Debian's package `prometheus` has both programs."""

import datetime as dt
import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from genai_finops.metrics.server import build_app
from genai_finops.settings import Settings

_PROMETHEUS, _PROMTOOL = shutil.which("prometheus"), shutil.which("promtool")
pytestmark = pytest.mark.skipif(
    _PROMETHEUS is None or _PROMTOOL is None,
    reason="prometheus and promtool are not here (apt install prometheus)",
)
NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)


def promtool(*arguments: str, text: str | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([str(_PROMTOOL), *arguments], input=text, capture_output=True, text=True, check=False)


@contextmanager
def metrics_served(home: Path) -> Iterator[int]:
    settings = Settings.from_environment({"GENAI_FINOPS_HOME": str(home)}, Path.cwd())
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(build_app(settings, clock=lambda: NOW), log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(timeout=10)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def prometheus(folder: Path, target: int, rules: Path) -> Iterator[httpx.Client]:
    port = free_port()
    config = {
        "global": {"scrape_interval": "200ms", "scrape_timeout": "200ms", "evaluation_interval": "200ms"},
        "rule_files": [str(rules)],
        "scrape_configs": [{"job_name": "genai_finops", "static_configs": [{"targets": [f"127.0.0.1:{target}"]}]}],
    }
    (folder / "prometheus.yml").write_text(json.dumps(config))
    process = subprocess.Popen(
        [
            str(_PROMETHEUS),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=5) as client:
            yield client
    finally:
        process.terminate()
        process.wait(timeout=20)


def answer(client: httpx.Client, path: str, **parameters: str) -> Any:
    try:
        return client.get(path, params=parameters).json()["data"]
    except httpx.TransportError:
        return None


def test_it_reads_the_metrics_and_the_rules(tmp_path: Path, repository: Path) -> None:
    with metrics_served(tmp_path / "home") as target:
        assert promtool("check", "metrics", text=httpx.get(f"http://127.0.0.1:{target}/metrics").text).returncode == 0
        with prometheus(tmp_path, target, repository / "deploy/prometheus/rules.yml") as client:
            deadline = time.monotonic() + 20
            found: Any = None
            while not (found and found["result"]) and time.monotonic() < deadline:
                time.sleep(0.1)
                found = answer(client, "/query", query="finops_warehouse_readable")
            assert [value for _, value in (row["value"] for row in found["result"])] == ["0"]
            groups = answer(client, "/rules")["groups"]
            assert {rule["health"] for group in groups for rule in group["rules"]} <= {"ok", "unknown"}
            assert sum(len(group["rules"]) for group in groups) > 10


def test_promtool_accepts_the_rules_and_their_tests(repository: Path) -> None:
    folder = repository / "deploy/prometheus"
    for arguments in (
        ("check", "rules", f"{folder}/rules.yml"),
        ("check", "config", f"{folder}/prometheus.yml"),
        ("test", "rules", f"{folder}/rules_test.yml"),
    ):
        checked = promtool(*arguments)
        assert checked.returncode == 0, checked.stdout + checked.stderr
