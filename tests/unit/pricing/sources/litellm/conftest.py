import datetime as dt
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from genai_finops.pricing.aliases import AliasRules
from genai_finops.pricing.sources.litellm import read_litellm
from genai_finops.pricing.sources.statement import Statement

NO_RULES = AliasRules(version="test", rules=())


@pytest.fixture
def price_file(tmp_path: Path) -> Path:
    return tmp_path / "prices.json"


@pytest.fixture
def retrieved_at() -> dt.datetime:
    return dt.datetime(2026, 11, 22, 6, 30, tzinfo=dt.UTC)


@pytest.fixture
def read(price_file: Path, retrieved_at: dt.datetime) -> Callable[..., Statement]:
    """Reads entries, which are given as JSON text where the writing of a number matters."""

    def read_entries(entries: Mapping[str, Any] | str, rules: AliasRules = NO_RULES) -> Statement:
        price_file.write_text(entries if isinstance(entries, str) else json.dumps(entries), encoding="utf-8")
        return read_litellm(price_file, retrieved_at, rules=rules)

    return read_entries
