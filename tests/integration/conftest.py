"""A platform whose days have been read, and Dagster's definitions as production loads them."""

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest


@pytest.fixture(scope="session")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.Definitions]:
    """What `genai_finops.definitions` defines. Its assets read the settings of the moment in which they run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENAI_FINOPS_HOME", str(tmp_path_factory.mktemp("definitions")))
        yield importlib.import_module("genai_finops.definitions").defs


@pytest.fixture(scope="module")
def platform(
    platform_with_organisations: Callable[[Path, Any], Any], tmp_path_factory: pytest.TempPathFactory, simulator: Any
) -> Any:
    """A home with credentials for every organisation and provider, and no usage yet."""
    return platform_with_organisations(tmp_path_factory.mktemp("platform") / "home", simulator)
