"""Each source by itself: what fails keeps what it said, and nothing that was known is forgotten."""

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from genai_finops.control.capacity_price_rules import CapacityPriceTerms
from genai_finops.control.capacity_prices import enter_capacity_price, remove_capacity_price
from genai_finops.control.credentials import add_credential
from genai_finops.control.database import open_database, writing
from genai_finops.control.organisations import add_account, add_organisation
from genai_finops.control.price_entries import enter_price, remove_price
from genai_finops.control.price_rules import PriceTerms
from genai_finops.control.secret import Secret
from genai_finops.errors import FinopsError
from genai_finops.ingest.price_refresh import RefreshReport, SourceOutcome, refresh_all, refresh_packaged
from genai_finops.lake.files import LakeFiles
from genai_finops.lake.price_book import price_path, read_price_rows, read_price_tables, write_price_rows
from genai_finops.pricing.book import as_known, revise
from genai_finops.pricing.capacity_book import revise_capacity_book
from genai_finops.pricing.sources.statement import CapacityRate, StatedRate, Statement
from genai_finops.schemas.tables.capacity_prices import CAPACITY_PRICE_BOOK
from genai_finops.schemas.tables.pricing import PRICE_BOOK
from genai_finops.schemas.validation import empty_frame
from genai_finops.settings import Settings

NOW = dt.datetime(2026, 11, 2, 4, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(days=7)
SECRET = "planted-secret"
PRICE_TABLES = ("genai_price_book", "genai_price_factors", "genai_model_alias_rules", "genai_capacity_price_book")

MakeSettings = Callable[..., Settings]


@pytest.fixture
def settings_with(tmp_path: Path, quick_configs: Path) -> MakeSettings:
    """Makes settings of one home; keyword arguments are further variables. No host of a provider can be reached."""

    def make(**variables: str) -> Settings:
        environ = {
            "GENAI_FINOPS_HOME": str(tmp_path / "home"),
            "GENAI_FINOPS_PROVIDER_CONFIGS": str(quick_configs),
            "GENAI_FINOPS_AZURE_OPENAI_RETAIL_PRICES_URL": "http://127.0.0.1:9",
            **variables,
        }
        return Settings.from_environment(environ, tmp_path)

    return make


@pytest.fixture
def settings(settings_with: MakeSettings) -> Settings:
    return settings_with()


@pytest.fixture
def files(settings: Settings) -> LakeFiles:
    return LakeFiles(settings.lake_url)


def register_azure(settings: Settings, *, org_enabled: bool = True, account_enabled: bool = True) -> None:
    """An account of Azure with a credential."""
    owner = {"now": NOW, "actor": "tester"}
    with writing(open_database(settings)) as session:
        add_organisation(session, slug="acme", name="Acme", is_enabled=org_enabled, **owner)  # type: ignore[arg-type]
        add_account(
            session,
            org_slug="acme",
            provider="azure_openai",
            account_id="00000000-0000-0000-0000-000000000001",
            name="Acme",
            is_enabled=account_enabled,
            **owner,  # type: ignore[arg-type]
        )
        add_credential(
            session,
            settings,
            org_slug="acme",
            provider="azure_openai",
            secret=Secret.of(SECRET),
            **owner,  # type: ignore[arg-type]
        )


def enter(settings: Settings, price: str, *, now: dt.datetime = NOW) -> int:
    """A price of the platform; gives its id."""
    terms = PriceTerms(
        provider="openai",
        model="toy",
        meter="output",
        service_tier="standard",
        geography="global",
        pricing_type="standard",
        currency="USD",
        unit_price=Decimal(price),
        valid_from=dt.date(2026, 1, 1),
    )
    with writing(open_database(settings)) as session:
        return enter_price(session, terms, currencies={"openai": "USD"}, now=now, actor="tester").id


def outcome_of(report: RefreshReport, source: str) -> SourceOutcome:
    [found] = [outcome for outcome in report.outcomes if outcome.source == source]
    return found


def stored(files: LakeFiles) -> dict[str, bytes]:
    return {path: files.read(path) for path in files.find("prices")}


def test_a_new_lake_gets_a_book_of_all_that_is_packaged(files: LakeFiles, settings: Settings) -> None:
    report = refresh_packaged(files, settings, NOW)

    report.raise_failures()
    assert {(outcome.source, outcome.table) for outcome in report.outcomes if outcome.opened} == {
        ("genai-prices", "genai_price_book"),
        ("genai-prices", "genai_model_alias_rules"),
        ("list_prices", "genai_price_book"),
        ("capacity_prices", "genai_capacity_price_book"),
        ("default_prices", "genai_price_book"),
        ("price_factors", "genai_price_factors"),
    }
    assert {name: rows.height for name, rows in read_price_tables(files).items()} == {
        table: sum(outcome.rows for outcome in report.of_table(table)) for table in PRICE_TABLES
    }


def test_a_second_refresh_leaves_every_byte_as_it_was(files: LakeFiles, settings: Settings) -> None:
    refresh_packaged(files, settings, NOW)
    before = stored(files)

    report = refresh_packaged(files, settings, LATER)

    assert stored(files) == before
    assert [outcome for outcome in report.outcomes if outcome.opened or outcome.closed] == []


def test_the_prices_of_a_catalogue_that_have_no_row_are_named(files: LakeFiles, settings: Settings) -> None:
    report = refresh_all(files, settings, NOW, ["genai-prices"])

    assert "moderation prices" in {skipped.subject for skipped in report.outcomes[0].skipped}


def test_a_damaged_file_fails_its_source_alone_and_is_left_as_it_is(files: LakeFiles, settings: Settings) -> None:
    path = price_path(PRICE_BOOK, "list_prices")
    files.replace(path, b"damaged")

    report = refresh_all(files, settings, NOW, ["list_prices", "default_prices"])

    assert [outcome.source for outcome in report.failed] == ["list_prices"]
    assert files.read(path) == b"damaged"
    assert outcome_of(report, "default_prices").opened > 0


def test_a_price_list_that_cannot_be_reached_keeps_what_it_said(files: LakeFiles, settings: Settings) -> None:
    register_azure(settings)
    rate = StatedRate(
        provider="azure_openai", model_id="toy", meter="output", unit_price=Decimal(2), valid_from=dt.date(2026, 1, 1)
    )
    ptu = CapacityRate(provider="azure_openai", meter="ptu_hour", unit_price=Decimal(1), valid_from=dt.date(2026, 1, 1))
    statement = Statement(
        source="azure_retail", source_version="1", retrieved_at=NOW, rates=(rate,), capacity_rates=(ptu,)
    )
    capacity = revise_capacity_book(empty_frame(CAPACITY_PRICE_BOOK), statement).frame
    write_price_rows(files, PRICE_BOOK, "azure_retail", revise(empty_frame(PRICE_BOOK), statement))
    write_price_rows(files, CAPACITY_PRICE_BOOK, "azure_retail", capacity)
    paths = [price_path(table, "azure_retail") for table in (PRICE_BOOK, CAPACITY_PRICE_BOOK)]
    before = [stored(files)[path] for path in paths]

    report = refresh_all(files, settings, LATER, ["azure_retail", "default_prices"])

    assert [(outcome.source, outcome.table) for outcome in report.failed] == [
        ("azure_retail", "genai_price_book"),
        ("azure_retail", "genai_capacity_price_book"),
    ]
    assert [stored(files)[path] for path in paths] == before
    assert outcome_of(report, "default_prices").opened > 0


def test_a_failure_shows_no_secret(files: LakeFiles, settings: Settings) -> None:
    register_azure(settings)

    assert SECRET not in repr(refresh_all(files, settings, NOW, ["azure_retail"]))


def test_failures_are_raised_with_their_sources(files: LakeFiles, settings: Settings) -> None:
    files.replace(price_path(PRICE_BOOK, "list_prices"), b"damaged")

    with pytest.raises(FinopsError, match=r"1 of 1 sources of prices failed .* list_prices: .*list_prices.parquet"):
        refresh_all(files, settings, NOW, ["list_prices"]).raise_failures()


def test_without_an_account_no_price_list_is_asked(files: LakeFiles, settings: Settings) -> None:
    with pytest.raises(FinopsError, match=r"azure_retail.*enabled account of azure_openai"):
        refresh_all(files, settings, NOW, ["azure_retail"])


@pytest.mark.parametrize("disabled", [{"org_enabled": False}, {"account_enabled": False}], ids=str)
def test_what_is_disabled_calls_for_no_price_list(
    files: LakeFiles, settings: Settings, disabled: dict[str, bool]
) -> None:
    register_azure(settings, **disabled)

    with pytest.raises(FinopsError, match="There is no source of prices 'azure_retail' here"):
        refresh_all(files, settings, NOW, ["azure_retail"])


def test_a_name_that_is_no_source_is_refused_before_anything_is_read(files: LakeFiles, settings: Settings) -> None:
    with pytest.raises(FinopsError, match=r"'hearsay' here \(there are: genai-prices, list_prices"):
        refresh_all(files, settings, NOW, ["default_prices", "hearsay"])

    assert stored(files) == {}


def test_the_file_of_litellm_is_read_where_one_is_named(tmp_path: Path, settings_with: MakeSettings) -> None:
    path = tmp_path / "prices.json"
    entry = {
        "litellm_provider": "openai",
        "mode": "chat",
        "input_cost_per_token": 2e-06,
        "output_cost_per_token": 8e-06,
    }
    path.write_text(json.dumps({"gpt-4.1": entry}))
    settings = settings_with(GENAI_FINOPS_LITELLM_PRICES=str(path))
    files = LakeFiles(settings.lake_url)

    refresh_all(files, settings, NOW, ["litellm"]).raise_failures()

    rows = read_price_rows(files, PRICE_BOOK, "litellm")
    assert {(row["meter"], row["unit_price"]) for row in rows.iter_rows(named=True)} == {
        ("uncached_input", Decimal(2)),
        ("output", Decimal(8)),
    }


def test_an_entered_price_is_known_from_its_entry_until_its_removal(files: LakeFiles, settings: Settings) -> None:
    entry = enter(settings, "5")
    refresh_all(files, settings, NOW, ["entries"])
    with writing(open_database(settings)) as session:
        remove_price(session, entry, org_slug=None, now=LATER, actor="tester")

    report = refresh_all(files, settings, LATER, ["entries"])

    rows = read_price_rows(files, PRICE_BOOK, "entries")
    assert (report.outcomes[0].opened, report.outcomes[0].closed) == (0, 1)
    assert as_known(rows, NOW)["unit_price"].to_list() == [Decimal(5)]
    assert as_known(rows, LATER).is_empty()


def test_an_entry_that_stays_is_unchanged(files: LakeFiles, settings: Settings) -> None:
    enter(settings, "5")
    refresh_all(files, settings, NOW, ["entries"])
    before = stored(files)

    report = refresh_all(files, settings, LATER, ["entries"])

    assert (report.outcomes[0].opened, report.outcomes[0].closed, report.outcomes[0].unchanged) == (0, 0, 1)
    assert stored(files) == before


def test_a_control_database_that_has_forgotten_a_known_price_is_refused(files: LakeFiles, settings: Settings) -> None:
    enter(settings, "5")
    refresh_all(files, settings, NOW, ["entries"])
    before = stored(files)
    (settings.home / "control.db").unlink()

    report = refresh_all(files, settings, LATER, ["entries"])

    assert "no longer has 1 entered prices that the price book knows" in (report.outcomes[0].error or "")
    assert stored(files) == before


def test_an_entered_price_of_capacity_is_known_from_its_entry_until_its_removal(
    files: LakeFiles, settings: Settings
) -> None:
    terms = CapacityPriceTerms(
        provider="azure_openai",
        meter="ptu_hour",
        scope="global",
        purchase_option="on_demand",
        price_period="hour",
        unit_price=Decimal("0.8"),
        currency="USD",
        valid_from=dt.date(2026, 11, 1),
    )
    engine = open_database(settings)
    with writing(engine) as session:
        add_organisation(session, slug="acme", name="Acme", is_enabled=True, now=NOW, actor="tester")
        currencies = {"azure_openai": "USD"}
        entry = enter_capacity_price(session, terms, org_slug="acme", currencies=currencies, now=NOW, actor="tester").id
    refresh_all(files, settings, NOW, ["entries"]).raise_failures()
    with writing(engine) as session:
        remove_capacity_price(session, entry, org_slug="acme", now=LATER, actor="tester")
    refresh_all(files, settings, LATER, ["entries"]).raise_failures()

    [row] = read_price_rows(files, CAPACITY_PRICE_BOOK, "entries").to_dicts()
    assert (row["x_org_slug"], row["source"], row["priority"], row["unit_price"]) == (
        "acme",
        "organisation",
        20,
        Decimal("0.8"),
    )
    assert (row["known_from"], row["known_to"]) == (NOW, LATER)
