"""dbt as the platform runs it, on a home of the benchmark."""

import datetime as dt
from pathlib import Path

from genai_finops.settings import Settings
from genai_finops.transform.build import dbt_build

#: Name, resource type, seconds.
NodeTime = tuple[str, str, float]


def settings_of(home: Path, lake: Path) -> Settings:
    """Settings of a home whose lake may lie elsewhere."""
    return Settings.from_environment({"GENAI_FINOPS_HOME": str(home), "GENAI_FINOPS_LAKE_URL": str(lake)}, home)


def build_everything(home: Path, lake: Path) -> list[NodeTime]:
    """Seeds, models and data tests of all days."""
    return _times(home, lake, window=None)


def build_model(home: Path, lake: Path, model: str) -> float:
    """Seconds of one model of all days, with nothing beside it."""
    times = _times(home, lake, window=None, select=(model,), exclude=("resource_type:test",))
    return next(seconds for name, _, seconds in times if name == model)


def build_up_to(home: Path, lake: Path, model: str) -> list[NodeTime]:
    """All days of a model and of what it is made from, without tests. The model comes last, with nothing beside it."""
    return _times(home, lake, window=None, select=(f"+{model}",), exclude=("resource_type:test",))


def build_models(home: Path, lake: Path, models: tuple[str, ...], day: dt.date | None = None) -> list[NodeTime]:
    """All days of models and of what they are made from, or one of them, without tests."""
    window = None if day is None else (day, day + dt.timedelta(days=1))
    return _times(
        home, lake, window=window, select=tuple(f"+{model}" for model in models), exclude=("resource_type:test",)
    )


def build_day(home: Path, lake: Path, day: dt.date) -> list[NodeTime]:
    """Seeds, models and data tests of one day."""
    return _times(home, lake, window=(day, day + dt.timedelta(days=1)))


def compiled_path(home: Path, model_folder: str, model: str) -> Path:
    """Where dbt left the SQL of a model."""
    return home / "dbt" / "target-duckdb" / "compiled" / "genai_finops" / "models" / model_folder / f"{model}.sql"


def _times(
    home: Path,
    lake: Path,
    *,
    window: tuple[dt.date, dt.date] | None,
    select: tuple[str, ...] = (),
    exclude: tuple[str, ...] = (),
) -> list[NodeTime]:
    result = dbt_build(settings_of(home, lake), window=window, select=select, exclude=exclude)
    return [(node.name, node.resource_type, node.seconds) for node in result.nodes]
