"""Every field of a usage row has its column, and rows that differ in it stay apart."""

import datetime as dt
from dataclasses import fields
from decimal import Decimal

import pytest

from genai_finops.ingest.usage_frame import Lineage, usage_frames
from genai_finops.providers.base import UsageRow, Window
from genai_finops.schemas.tables.usage import PAYG_USAGE_RAW

DAY = dt.date(2026, 10, 1)
WINDOW = Window.of_days(DAY, DAY)
LINEAGE = Lineage(
    org="acme",
    provider="openai",
    flow="payg",
    credential="acme-openai",
    account_id="org-1",
    run_id="run-1",
    ingested_at=dt.datetime(2026, 10, 2, tzinfo=dt.UTC),
)
PAGE = "0" * 64
#: Column of a field that is named otherwise.
COLUMN_OF = {"page": "x_raw_page"}
#: Another value for every field that tells two rows apart, as a provider could give it.
OTHER_VALUES = {
    "period_start": WINDOW.start + dt.timedelta(hours=1),
    "meter": "output",
    "service_tier": "batch",
    "context_tokens_above": 200_000,
    "context_tokens_up_to": 200_000,
}
NAMES = frozenset({"sub_account_name", "resource_name"})
#: Bounds of a band and the end of a period follow from what is part of the key.
FOLLOW = frozenset({"context_tokens_above", "context_tokens_up_to", "period_end"})
SUMMED = frozenset({"quantity", "page"})
FIELDS = tuple(field.name for field in fields(UsageRow))


def usage_row(**values: object) -> UsageRow:
    given = {
        "period_start": WINDOW.start,
        "period_end": WINDOW.end,
        "meter": "uncached_input",
        "quantity": Decimal(10),
        "page": PAGE,
        "service_tier": "standard",
        **values,
    }
    return UsageRow(**given)  # type: ignore[arg-type]


def other_value(name: str) -> object:
    return OTHER_VALUES.get(name, f"another {name}")


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_has_a_column(name: str) -> None:
    assert COLUMN_OF.get(name, name) in {column.name for column in PAYG_USAGE_RAW.columns}


@pytest.mark.parametrize("name", [name for name in FIELDS if name not in SUMMED | {"period_end"}])
def test_the_value_of_a_field_reaches_its_column(name: str) -> None:
    row = usage_row(**{name: other_value(name)})
    frame = usage_frames(PAYG_USAGE_RAW, [row], WINDOW, LINEAGE)[DAY]
    assert frame[name].item() == other_value(name)


@pytest.mark.parametrize("name", [name for name in FIELDS if name not in SUMMED | NAMES | FOLLOW])
def test_rows_that_differ_in_one_field_of_the_key_stay_apart(name: str) -> None:
    rows = [usage_row(), usage_row(**{name: other_value(name)})]
    assert usage_frames(PAYG_USAGE_RAW, rows, WINDOW, LINEAGE)[DAY].height == 2


@pytest.mark.parametrize("name", sorted(NAMES))
def test_rows_that_differ_in_a_name_only_are_one(name: str) -> None:
    rows = [usage_row(), usage_row(**{name: other_value(name)})]
    assert usage_frames(PAYG_USAGE_RAW, rows, WINDOW, LINEAGE)[DAY]["quantity"].to_list() == [Decimal(20)]
