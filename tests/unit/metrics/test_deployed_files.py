"""The rules and dashboards ask for metrics that exist."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

_METRIC = re.compile(r"\bfinops[a-z0-9_:]+")
_RECORDED = {"finops:cost_usd:month_to_date"}


def exported(repository: Path) -> set[str]:
    source = (repository / "genai_finops/metrics/exposition.py").read_text()
    counters = {f"{name}_total" for name in re.findall(r'CounterMetricFamily\(\s*"(\w+)"', source)}
    return counters | set(re.findall(r'_gauge\(\s*"(\w+)"', source))


def expressions(path: Path) -> Iterator[str]:
    if path.suffix == ".json":
        for panel in json.loads(path.read_text())["panels"]:
            yield from (target["expr"] for target in panel["targets"])
    else:
        for group in yaml.safe_load(path.read_text())["groups"]:
            yield from (rule["expr"] for rule in group["rules"])


@pytest.mark.parametrize("name", ["prometheus/rules.yml", "grafana/spend.json", "grafana/operations.json"])
def test_every_metric_that_is_asked_for_is_exported(repository: Path, name: str) -> None:
    asked = {found for text in expressions(repository / "deploy" / name) for found in _METRIC.findall(text)}
    assert asked
    assert asked - exported(repository) - _RECORDED == set()


def test_every_exported_metric_is_described(repository: Path) -> None:
    text = (repository / "docs/metrics.md").read_text()
    assert [name for name in sorted(exported(repository)) if f"`{name}`" not in text] == []


def test_no_panel_hides_another(repository: Path) -> None:
    for path in (repository / "deploy/grafana").glob("*.json"):
        taken: set[tuple[int, int]] = set()
        for panel in json.loads(path.read_text())["panels"]:
            at = panel["gridPos"]
            cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
            assert not cells & taken, panel["title"]
            taken |= cells
