"""A provider is one .py, one .yml and its payloads: nothing else has to know it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[2]


@pytest.fixture
def plugins(tmp_path: Path) -> Path:
    return Path(shutil.copytree(HERE / "toy", tmp_path / "plugins"))


def run_conformance(plugins: Path, only: str = "toy-payg") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-k",
            only,
            "-p",
            "no:cacheprovider",
            str(HERE / "test_conformance.py"),
        ],
        env={**os.environ, "GENAI_FINOPS_PROVIDERS_PATH": str(plugins)},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_provider_in_a_folder_of_its_own_passes_the_same_conformance_suite(plugins):
    result = run_conformance(plugins)
    assert result.returncode == 0, result.stdout
    # As many as every other provider runs: none was skipped or left out.
    assert re.search(r"^(5\d|6\d) passed", result.stdout, re.MULTILINE), result.stdout


def test_the_suite_finds_a_seventh_provider_that_drops_a_page(plugins):
    source = plugins / "toy.py"
    source.write_text(
        source.read_text()
        .replace("return token_pages(", "return iter([next(token_pages(")
        .replace(
            "max_pages=self.flow_config.max_pages,\n        )", "max_pages=self.flow_config.max_pages,\n        ))])"
        )
    )
    result = run_conformance(plugins, only="toy-payg and every_page")
    assert result.returncode == 1
    assert "test_every_page_is_read" in result.stdout
