"""A provider is one .py, one .yml and its payloads: nothing else has to know it. The suite sees what it does wrong."""

import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[2]

#: What is wrong -> provider, what its module says, what it says instead, the test that sees it.
FLAWS = {
    "drops_a_page": (
        "toy",
        "self.refuse_future(window)\n        return token_pages(",
        "self.refuse_future(window)\n        return _first_page(",
        "test_every_page_is_read",
    ),
    "drops_a_region": ("gated", '.split(",")', '.split(",")[:1]', "test_every_page_is_read"),
    "loses_a_second": (
        "gated",
        "int(window.end.timestamp())",
        "int(window.end.timestamp()) - 1",
        "test_the_window_is_asked_for_half_open_in_utc",
    ),
    "changes_the_question": (
        "gated",
        '{**asked, "cursor": cursor}',
        '{"cursor": cursor}',
        "test_the_cursor_is_sent_back_with_an_otherwise_unchanged_request",
    ),
    "gives_up_at_the_token": (
        "gated",
        "raise RetryableError(message, retry_after=",
        "raise TransientProviderError(message, ",
        "test_a_rate_limit_is_waited_out",
    ),
    "shows_what_the_token_endpoint_repeats": (
        "gated",
        "HTTP {response.status_code};",
        "HTTP {response.status_code} {response.text};",
        "test_the_secret_is_in_no_message_and_no_log_record",
    ),
    "sends_the_secret_on": (
        "gated",
        'f"Bearer {self._token}"',
        'f"Bearer {self._token}"; request.headers["X-Key"] = self._secret["client_secret"]',
        "test_a_secret_that_buys_tokens_or_signs_is_sent_to_no_usage_endpoint",
    ),
}

#: Stands before the classes of a module with a flaw.
_PRELUDE = """
def _first_page(*args, **kwargs):
    return iter([next(token_pages(*args, **kwargs))])
"""


def add_flawed(plugins: Path, flaw: str) -> str:
    """A copy of a provider, under a name of its own, with a flaw."""
    provider, written, instead, _ = FLAWS[flaw]
    name = f"{provider}_{flaw}"
    code = (plugins / f"{provider}.py").read_text()
    assert written in code
    code = code.replace(written, instead).replace(f'"{provider}"', f'"{name}"')
    (plugins / f"{name}.py").write_text(code.replace("\n@register", f"{_PRELUDE}\n\n@register"))
    config = (plugins / f"{provider}.yml").read_text()
    config = config.replace(f"id: {provider}\n", f"id: {name}\n").replace(f"{provider}:payg", f"{name}:payg")
    (plugins / f"{name}.yml").write_text(config)
    shutil.copytree(plugins / "payloads" / provider, plugins / "payloads" / name)
    return name


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Mapping[str, str]]:
    """Provider -> test with what was varied -> passed, failed or skipped. One run of the suite for all of them."""
    folder = tmp_path_factory.mktemp("conformance")
    plugins = Path(shutil.copytree(HERE / "toy", folder / "plugins"))
    wanted = ["anthropic-payg", "toy-payg", "gated-payg"]
    wanted += [f"({add_flawed(plugins, flaw)} and {found_by})" for flaw, (*_, found_by) in FLAWS.items()]
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
    run = subprocess.run(
        [*command, "-k", " or ".join(wanted), str(HERE / "test_conformance.py")],
        env={**os.environ, "GENAI_FINOPS_PROVIDERS_PATH": str(plugins)},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert report.exists(), run.stdout + run.stderr
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for case in ET.parse(report).getroot().iter("testcase"):  # noqa: S314  # pytest wrote it just now
        named = re.fullmatch(r"(\w+)\[(\w+)-payg(.*)\]", case.attrib["name"])
        assert named, case.attrib["name"]
        kinds = {child.tag for child in case}
        outcome = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
        found[named[2]][named[1] + named[3]] = outcome
    return found


def test_a_provider_in_a_folder_of_its_own_passes_the_whole_suite(outcomes):
    assert set(outcomes["toy"].values()) == {"passed"}


def test_a_provider_with_tokens_posts_and_regions_passes_all_that_its_wire_gives_a_meaning(outcomes):
    skipped = {name for name, outcome in outcomes["gated"].items() if outcome == "skipped"}
    assert skipped == {
        "test_a_page_of_unknown_shape_is_refused_by_name-missing_day",
        "test_a_page_that_promises_more_without_a_cursor_is_refused-north_1.json",
    }
    assert "failed" not in outcomes["gated"].values()


@pytest.mark.parametrize("provider", ["toy", "gated"])
def test_as_many_tests_run_for_it_as_for_any_other(outcomes, provider):
    def functions(of: str) -> set[str]:
        return {name.partition("-")[0] for name in outcomes[of]}

    assert functions(provider) == functions("anthropic")


@pytest.mark.parametrize("flaw", FLAWS)
def test_the_suite_finds_a_provider_that(outcomes, flaw):
    provider, *_, found_by = FLAWS[flaw]
    seen = [outcome for name, outcome in outcomes[f"{provider}_{flaw}"].items() if name.startswith(found_by)]
    assert "failed" in seen
