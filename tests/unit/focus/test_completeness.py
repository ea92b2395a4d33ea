import datetime as dt
from pathlib import Path

from genai_finops.focus.completeness import CredentialKey, DayCompleteness, landed_days, warnings_of
from genai_finops.lake.files import LakeFiles

KEY = CredentialKey("acme", "openai", "main")


def entry(day: int, **values: object) -> DayCompleteness:
    defaults = {"unpriced_rows": 0, "not_landed": (), "is_over": True}
    return DayCompleteness(day=dt.date(2026, 10, day), **(defaults | values))  # type: ignore[arg-type]


def test_the_landed_days_are_read_from_the_names_of_the_files(tmp_path: Path) -> None:
    lake = LakeFiles(str(tmp_path))
    folder = "landing/genai_payg_usage_raw"
    lake.replace(f"{folder}/day=0001-01-01/_schema/empty.parquet", b"")
    lake.replace(f"{folder}/day=2026-10-01/openai/acme.main.parquet", b"")
    lake.replace(f"{folder}/day=2026-10-02/openai/acme.main.parquet", b"")
    assert landed_days(lake) == {KEY: {dt.date(2026, 10, 1), dt.date(2026, 10, 2)}}


def test_a_credential_has_landed_days_of_its_own_in_each_flow(tmp_path: Path) -> None:
    lake = LakeFiles(str(tmp_path))
    lake.replace("landing/genai_commitment_usage_raw/day=2026-10-02/openai/acme.main.parquet", b"")
    found = landed_days(lake)
    assert {str(key): days for key, days in found.items()} == {"acme/openai/main (commitment)": {dt.date(2026, 10, 2)}}


def test_an_empty_lake_has_no_landed_days(tmp_path: Path) -> None:
    assert landed_days(LakeFiles(str(tmp_path))) == {}


def test_complete_days_give_no_warning() -> None:
    assert warnings_of([entry(1), entry(2)]) == []


def test_a_missing_day_is_named_with_its_credential() -> None:
    (line,) = warnings_of([entry(1), entry(2, not_landed=(KEY,))])
    assert line == "usage of acme/openai/main was not ingested on 2026-10-02: run `genai-finops ingest` for these days"


def test_days_that_are_not_exported_give_one_line_and_no_other() -> None:
    (line,) = warnings_of([entry(1), entry(2, is_exported=False, unpriced_rows=3), entry(3, is_exported=False)])
    assert line == "2 days from 2026-10-02 to 2026-10-03 of the same billing months are not in this export"
