"""What new organisations start with: the seeds of this release, read once and copied whole."""

import dataclasses
import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from genai_finops.control.database import open_database, reading
from genai_finops.control.snapshot import price_entries_frame
from genai_finops.errors import FinopsError
from genai_finops.ingest.organisation_defaults import read_organisation_defaults
from genai_finops.settings import Settings

NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)
HEADER = (
    "pricing_id,provider,model_id,model_name,is_custom,input_price_per_1k,output_price_per_1k,effective_date,end_date,"
    "is_enabled,pricing_type,free_tier_input_tokens,free_tier_output_tokens,free_tier_reset_frequency,discount_percentage,"
    "discount_reason,volume_threshold_tokens,base_input_price_per_1k,base_output_price_per_1k,x_gemini_context_window,"
    "x_gemini_region,x_anthropic_tier,x_openai_batch_input_price,x_openai_batch_output_price"
)
LINE = "default-x,openai,gpt-x,X,false,0.0025,0.01,2024-12-01,2025-12-01,true,standard,,,,,,,,,,,,,"


@pytest.fixture
def settings_with_seeds(tmp_path: Path, repository: Path) -> Settings:
    (tmp_path / "genai_default_prices.csv").write_text(f"{HEADER}\n{LINE}\n")
    plans = (repository / "seeds" / "genai_subscription_plans.csv").read_bytes()
    (tmp_path / "genai_subscription_plans.csv").write_bytes(plans)
    return dataclasses.replace(Settings.from_environment({}, tmp_path), seeds_dir=tmp_path)


def test_a_default_has_the_price_of_a_million_tokens_and_the_days_of_its_seed_row(
    settings_with_seeds: Settings,
) -> None:
    found = read_organisation_defaults(settings_with_seeds, NOW).prices
    # 0.0025 and 0.01 dollars per thousand tokens.
    assert [(price.default_id, price.terms.meter, price.terms.unit_price, price.terms.validity) for price in found] == [
        ("default-x", "uncached_input", Decimal("2.5"), "from 2024-12-01 to 2025-11-30"),
        ("default-x", "output", Decimal(10), "from 2024-12-01 to 2025-11-30"),
    ]


def test_the_version_of_the_defaults_changes_with_the_prices(settings_with_seeds: Settings) -> None:
    before = read_organisation_defaults(settings_with_seeds, NOW).version
    path = settings_with_seeds.seeds_dir / "genai_default_prices.csv"
    path.write_text(path.read_text().replace("0.0025", "0.0020"))
    assert read_organisation_defaults(settings_with_seeds, NOW).version != before


def test_a_missing_seed_is_an_error_of_the_user(settings_with_seeds: Settings) -> None:
    (settings_with_seeds.seeds_dir / "genai_default_prices.csv").unlink()
    with pytest.raises(FinopsError, match=r"genai_default_prices\.csv cannot be read"):
        read_organisation_defaults(settings_with_seeds, NOW)


def test_the_organisations_of_the_demo_have_the_default_prices(platform: Any) -> None:
    engine = open_database(platform.settings)
    with reading(engine) as session:
        copies = price_entries_frame(session).group_by("x_org_slug").len()
    engine.dispose()
    wanted = len(read_organisation_defaults(platform.settings, NOW).prices)
    assert dict(copies.iter_rows()) == dict.fromkeys(platform.simulator.scenario.orgs, wanted)
