"""What the book knew survives crashes, damage and two refreshes at once."""

import datetime as dt
import threading
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest
from filelock import FileLock

from genai_finops.errors import FinopsError
from genai_finops.lake.files import LakeFiles
from genai_finops.lake.price_book import (
    price_book_lock,
    price_path,
    price_sources,
    read_price_rows,
    read_price_tables,
    write_price_rows,
    write_price_sentinels,
)
from genai_finops.schemas.table import Table
from genai_finops.schemas.tables.pricing import PRICE_BOOK, PRICE_FACTORS
from genai_finops.schemas.validation import empty_frame


@pytest.fixture
def files(tmp_path: Path) -> LakeFiles:
    return LakeFiles(str(tmp_path))


def factors(*geographies: str) -> pl.DataFrame:
    schema = empty_frame(PRICE_FACTORS).schema
    rows = [
        {
            **dict.fromkeys(schema),
            "provider": "anthropic",
            "meter_kind": "tokens",
            "geography": geography,
            "base_geography": "global",
            "factor": Decimal("1.1"),
            "valid_from": dt.date(2025, 1, 1),
            "source": "price_factors",
            "source_version": "1",
            "known_from": dt.datetime(2026, 11, 2, tzinfo=dt.UTC),
        }
        for geography in geographies
    ]
    return pl.DataFrame(rows, schema=schema)


def test_rows_come_back_as_they_were_written(files: LakeFiles) -> None:
    write_price_rows(files, PRICE_FACTORS, "price_factors", factors("eu", "us"))

    assert read_price_rows(files, PRICE_FACTORS, "price_factors").equals(factors("eu", "us"))


def test_an_equal_book_is_left_as_it_is_whatever_the_order_of_its_rows(files: LakeFiles) -> None:
    assert write_price_rows(files, PRICE_FACTORS, "price_factors", factors("eu", "us")) is True
    assert write_price_rows(files, PRICE_FACTORS, "price_factors", factors("us", "eu")) is False


def test_a_source_that_never_spoke_has_no_rows(files: LakeFiles) -> None:
    assert read_price_rows(files, PRICE_BOOK, "litellm").equals(empty_frame(PRICE_BOOK))


def test_the_table_is_what_all_its_sources_say(files: LakeFiles) -> None:
    write_price_rows(files, PRICE_FACTORS, "price_factors", factors("eu"))
    write_price_rows(files, PRICE_FACTORS, "others", factors("us"))
    write_price_sentinels(files)

    assert sorted(read_price_tables(files)["genai_price_factors"]["geography"]) == ["eu", "us"]


def test_the_sentinel_is_no_source(files: LakeFiles) -> None:
    write_price_sentinels(files)

    assert price_sources(files, PRICE_BOOK) == ()


@pytest.mark.parametrize("table", [PRICE_BOOK, PRICE_FACTORS], ids=lambda table: table.name)
def test_an_empty_book_reads_as_no_rows_of_the_right_types(files: LakeFiles, table: Table) -> None:
    write_price_sentinels(files)

    with duckdb.connect() as connection:
        found = connection.read_parquet(files.path(f"prices/{table.name}/*.parquet"))
        assert found.columns == [column.name for column in table.columns]


def test_duckdb_reads_a_file_and_the_sentinel_as_one_table(files: LakeFiles) -> None:
    write_price_sentinels(files)
    write_price_rows(files, PRICE_FACTORS, "price_factors", factors("eu"))

    with duckdb.connect() as connection:
        found = connection.read_parquet(files.path("prices/genai_price_factors/*.parquet"))
        assert found.select("factor, typeof(factor), typeof(known_from)").fetchall() == [
            (Decimal("1.100000000"), "DECIMAL(18,9)", "TIMESTAMP WITH TIME ZONE")
        ]


@pytest.mark.parametrize("content", [b"", b"PAR1 and nothing else", None], ids=["empty", "no Parquet", "cut off"])
def test_a_damaged_file_is_an_error_that_names_it(files: LakeFiles, content: bytes | None) -> None:
    write_price_rows(files, PRICE_FACTORS, "price_factors", factors("eu", "us"))
    path = price_path(PRICE_FACTORS, "price_factors")
    files.replace(path, files.read(path)[:-20] if content is None else content)

    with pytest.raises(FinopsError, match=r"genai_price_factors/price_factors.parquet cannot be used"):
        read_price_rows(files, PRICE_FACTORS, "price_factors")


def test_a_flipped_bit_in_a_price_is_noticed(files: LakeFiles) -> None:
    write_price_rows(files, PRICE_FACTORS, "price_factors", factors("eu", "us"))
    path = price_path(PRICE_FACTORS, "price_factors")
    content = bytearray(files.read(path))
    content[content.index(b"\x28\xb5\x2f\xfd") + 8] ^= 1
    files.replace(path, bytes(content))

    with pytest.raises(FinopsError, match=r"price_factors.parquet"):
        read_price_rows(files, PRICE_FACTORS, "price_factors")


def test_a_file_of_another_table_is_refused(files: LakeFiles) -> None:
    write_price_rows(files, PRICE_FACTORS, "price_factors", factors("eu"))
    files.replace(price_path(PRICE_BOOK, "litellm"), files.read(price_path(PRICE_FACTORS, "price_factors")))

    with pytest.raises(FinopsError, match="columns are not those of genai_price_book"):
        read_price_tables(files)


def test_a_second_refresh_of_another_process_waits_and_then_says_who_is_in_its_way(files: LakeFiles) -> None:
    path = Path(files.path("prices/.lock"))
    path.parent.mkdir(parents=True)

    with FileLock(path), pytest.raises(FinopsError, match="another refresh"), price_book_lock(files, timeout_seconds=0):
        pass


def test_a_second_refresh_of_the_same_process_waits_as_well(files: LakeFiles) -> None:
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with price_book_lock(files, timeout_seconds=5):
            entered.set()
            leave.wait(5)

    other = threading.Thread(target=hold)
    other.start()
    entered.wait(5)
    try:
        with pytest.raises(FinopsError, match="another refresh"), price_book_lock(files, timeout_seconds=0):
            pass
    finally:
        leave.set()
        other.join()


def test_the_lock_is_free_after_a_failure(files: LakeFiles) -> None:
    with pytest.raises(RuntimeError), price_book_lock(files, timeout_seconds=0):
        raise RuntimeError

    with price_book_lock(files, timeout_seconds=0):
        pass
