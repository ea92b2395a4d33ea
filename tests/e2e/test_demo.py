"""`genai-finops demo`, as `make demo` runs it, twice in one home."""

import re
import subprocess
from pathlib import Path

import pytest

from genai_finops.simulator.registry import PROVIDERS

#: Enough for two files of each log, for prices and commitments that change, and for days that are final.
DAYS = "10"
#: What the others report has no count of requests.
COUNTING_REQUESTS = {"openai", "azure_openai", "aws_bedrock", "gcp_vertex"}

DIMENSIONS = ("platform", "tenant", "user", "task", "conversation")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def outputs(
    tmp_path_factory: pytest.TempPathFactory, plain_environ: dict[str, str], finops_command: list[str]
) -> list["subprocess.CompletedProcess[str]"]:
    """What the first and the second run print."""
    home = tmp_path_factory.mktemp("demo") / "home"
    environ = {**plain_environ, "GENAI_FINOPS_HOME": str(home)}
    return [
        subprocess.run(
            [*finops_command, "demo", "--days", DAYS],
            env=environ,
            cwd=home.parent,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        for _ in range(2)
    ]


def totals(output: str) -> list[str]:
    """The lines that compare the platform with the truth, those of FOCUS and those of who caused the cost."""
    beginnings = (*PROVIDERS, r"FOCUS 1\.3", "Who caused", *DIMENSIONS, "unattributed", "Request logs", "Attribution")
    return [line for line in output.splitlines() if re.match(rf"({'|'.join(beginnings)})\b", line)]


@pytest.mark.parametrize("run", [0, 1])
def test_it_ends_well(outputs: list["subprocess.CompletedProcess[str]"], run: int) -> None:
    assert outputs[run].returncode == 0, outputs[run].stdout + outputs[run].stderr


@pytest.mark.parametrize(
    ("provider", "wanted"),
    [
        (provider, {"rows", "tokens", "cost USD"} | ({"requests"} if provider in COUNTING_REQUESTS else set()))
        for provider in PROVIDERS
    ],
)
def test_every_measure_of_a_provider_is_the_truth(
    outputs: list["subprocess.CompletedProcess[str]"], provider: str, wanted: set[str]
) -> None:
    lines = re.findall(
        rf"^{provider} +(\S.*?) {{2,}}([\d,.]+) {{2,}}([\d,.]+) {{2,}}(-?[\d,.]+)$", outputs[0].stdout, re.MULTILINE
    )
    measures = {name: (found, truth, difference) for name, found, truth, difference in lines}
    assert wanted <= set(measures)
    assert {name: (truth, "0") for name, (_, truth, _) in measures.items()} == {
        name: (found, difference) for name, (found, _, difference) in measures.items()
    }
    assert "0" not in {measures[name][0] for name in wanted}


@pytest.mark.parametrize("provider", list(PROVIDERS))
def test_no_key_of_a_provider_differs(outputs: list["subprocess.CompletedProcess[str]"], provider: str) -> None:
    [line] = [line for line in totals(outputs[0].stdout) if line.startswith(provider) and "keys of" in line]
    assert re.search(r"\b[1-9][\d,]* keys of .* compared, 0 differ\b", line)


def test_focus_holds_all_that_was_priced(outputs: list["subprocess.CompletedProcess[str]"]) -> None:
    [line] = [line for line in totals(outputs[0].stdout) if line.startswith("FOCUS")]
    assert re.fullmatch(r"FOCUS 1\.3: [1-9][\d,]* rows, [\d,.]+ USD; difference to the priced usage 0", line)


def test_who_caused_the_cost_is_the_truth(outputs: list["subprocess.CompletedProcess[str]"]) -> None:
    [line] = [line for line in totals(outputs[0].stdout) if line.startswith("Attribution")]
    assert re.search(r": [1-9][\d,]* charges, [1-9][\d,]* amounts of consumers and reasons compared, 0 differ$", line)


def test_no_request_of_a_log_is_lost_or_counted_twice(outputs: list["subprocess.CompletedProcess[str]"]) -> None:
    [line] = [line for line in totals(outputs[0].stdout) if line.startswith("Request logs")]
    found = re.search(r"([\d,]+) requests, ([\d,]+) told again, ([\d,]+) lines rejected; .*: (\d+)$", line)
    assert found is not None
    assert "0" not in found.groups()[:3]
    assert found[4] == "0"


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_a_dimension_shows_its_coverage_and_its_dearest(
    outputs: list["subprocess.CompletedProcess[str]"], dimension: str
) -> None:
    [line] = [line for line in totals(outputs[0].stdout) if line.startswith(f"{dimension} ")]
    found = re.match(rf"{dimension} +([\d.]+)% named; dearest: (.*)$", line)
    assert found is not None
    assert (float(found[1]) == 100) == (dimension == "platform")
    assert len(re.findall(r"\S+/\S+ [\d,.]+\d", found[2])) == 5


@pytest.mark.parametrize("reason", ["no_log_of_account", "no_log_of_key", "incomplete_log", "idle_capacity"])
def test_what_nobody_is_named_for_is_explained(outputs: list["subprocess.CompletedProcess[str]"], reason: str) -> None:
    [line] = [line for line in totals(outputs[0].stdout) if line.startswith("unattributed")]
    amount = re.search(rf"\b{reason} ([\d,]+\.\d\d)", line)
    assert amount is not None
    assert float(amount[1].replace(",", "")) > 0


def test_the_second_run_changes_no_total(outputs: list["subprocess.CompletedProcess[str]"]) -> None:
    assert totals(outputs[0].stdout)
    assert totals(outputs[1].stdout) == totals(outputs[0].stdout)


def test_it_says_what_the_official_validator_says(outputs: list["subprocess.CompletedProcess[str]"]) -> None:
    verdict = re.search(r"^Official validator: (.*)$", outputs[0].stdout, re.MULTILINE)
    assert verdict is not None
    assert re.match(r"not installed here|\d+ files, 0 failed rules of \d+$", verdict[1])


def test_each_step_says_how_long_it_took(outputs: list["subprocess.CompletedProcess[str]"]) -> None:
    steps = [line for line in outputs[0].stdout.splitlines() if line.startswith("... ")]
    assert len(re.findall(r"^ +done in \d+\.\d s$", outputs[0].stdout, re.MULTILINE)) == len(steps) >= 5


def test_what_it_shows_is_in_its_home(outputs: list["subprocess.CompletedProcess[str]"]) -> None:
    [folder] = re.findall(r"^ +(\S+/focus) ", outputs[0].stdout, re.MULTILINE)
    # Cost and Usage has a file for each month, Contract Commitment one for all.
    datasets = {path.name for path in Path(folder).glob("*.manifest.json")}
    assert len(datasets) == 2
    assert len(list(Path(folder).glob("*.parquet"))) == 3
