"""Equal content is equal bytes, whatever the order of the rows."""

import datetime as dt
from pathlib import Path

import polars as pl

from genai_finops.lake.files import LakeFiles
from genai_finops.lake.parquet import landing_path, write_landing, write_landing_sentinel, write_reference
from genai_finops.schemas.frames import meters_frame
from genai_finops.schemas.tables.reference import METERS
from genai_finops.schemas.tables.usage import PAYG_USAGE_RAW

KEY = {"day": dt.date(2026, 10, 1), "provider": "openai", "org": "acme", "credential": "acme-openai"}


def test_the_order_of_rows_does_not_change_the_bytes(tmp_path: Path) -> None:
    files = LakeFiles(str(tmp_path))
    path = write_landing(files, METERS, meters_frame(), **KEY)
    first = files.read(path)
    write_landing(files, METERS, meters_frame().reverse(), **KEY)
    assert files.read(path) == first


def test_an_empty_frame_replaces_what_was_stored(tmp_path: Path) -> None:
    files = LakeFiles(str(tmp_path))
    path = write_landing(files, METERS, meters_frame(), **KEY)
    write_landing(files, METERS, meters_frame().clear(), **KEY)
    assert pl.read_parquet(tmp_path / path).height == 0


def test_two_organisations_never_share_a_file() -> None:
    paths = {landing_path(METERS, **{**KEY, "org": org, "credential": "c"}) for org in ("acme", "globex")}
    assert len(paths) == 2


def test_the_sentinel_carries_the_schema_of_the_table(tmp_path: Path) -> None:
    files = LakeFiles(str(tmp_path))
    write_landing_sentinel(files, PAYG_USAGE_RAW)
    [path] = files.find("landing")
    assert pl.read_parquet(tmp_path / path).columns == [column.name for column in PAYG_USAGE_RAW.columns]


def test_an_equal_reference_snapshot_is_left_as_it_is(tmp_path: Path) -> None:
    files = LakeFiles(str(tmp_path))
    assert write_reference(files, METERS, meters_frame()) is True
    assert write_reference(files, METERS, meters_frame()) is False
