"""A home with organisations, and the lake that it reads: made through what production uses, but for the usage."""

import datetime as dt
from pathlib import Path

import dbt_runs
import polars as pl
from agreements import store_agreements
from organisations import store_customers
from usage_generator import Layout, write_usage

from genai_finops.ingest.reference import prepare_lake
from genai_finops.lake.files import LakeFiles
from genai_finops.settings import Settings


def settings_of_lake(home: Path, lake: Path, *, orgs: int, agreeing: int = 0) -> Settings:
    """A home whose control database has the organisations, the first of them with prices of their own."""
    home.mkdir()
    settings = dbt_runs.settings_of(home, lake)
    store_customers(settings, orgs)
    store_agreements(settings, agreeing)
    return settings


def write_lake(settings: Settings, dimensions: pl.DataFrame, *, days: list[dt.date], layout: Layout) -> int:
    """Registers, price book and usage of the days; gives the number of files with usage."""
    files = LakeFiles(settings.lake_url)
    prepare_lake(files, settings, now=dt.datetime.now(dt.UTC))
    return write_usage(files, dimensions, days=days, layout=layout)
