"""The simulator knows the wire from the documentation: shared code would hide a shared misreading."""

import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """The second-level modules of the package that a running simulator loads."""
    program = "import sys, genai_finops.simulator.running; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return {name.split(".")[1] for name in told.stdout.split() if name.startswith("genai_finops.")}


def test_nothing_of_the_package_but_the_simulator_is_loaded(loaded: set[str]) -> None:
    assert loaded == {"simulator"}
