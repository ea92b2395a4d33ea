import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from genai_finops.errors import FinopsError
from genai_finops.focus.export import ExportResult

Export = Callable[..., ExportResult]


def test_allocated_charges_are_a_dataset_of_their_own(export: Export, tmp_path: Path) -> None:
    ordinary, allocated = export(out=tmp_path / "a"), export(out=tmp_path / "b", is_allocated=True)
    names = [exported.file.path.name for exported in allocated.files]
    assert names == ["allocated_cost_and_usage_2026-10.parquet", "allocated_cost_and_usage_2026-11.parquet"]
    instances = [json.loads(result.manifest.read_text(encoding="utf-8")) for result in (ordinary, allocated)]
    assert instances[0]["DatasetInstanceId"] != instances[1]["DatasetInstanceId"]
    assert allocated.totals == ordinary.totals
    assert pq.read_schema(allocated.files[0].file.path).names[-1] == "x_EvidenceCoverage"


@pytest.mark.parametrize("first", [False, True])
def test_a_folder_never_holds_the_money_twice(export: Export, tmp_path: Path, first: bool) -> None:
    export(out=tmp_path, is_allocated=first)
    with pytest.raises(FinopsError, match="must not be added to"):
        export(out=tmp_path, is_allocated=not first)


@pytest.mark.parametrize("other", [{"tenant": "south"}, {"tenant": None}])
def test_a_folder_for_a_tenant_holds_nothing_of_another(export: Export, tmp_path: Path, other: dict[str, Any]) -> None:
    export(out=tmp_path, org="acme", is_allocated=True, tenant="a/../b")
    with pytest.raises(FinopsError, match="must not be added to"):
        export(out=tmp_path, org="acme", is_allocated=True, **other)


@pytest.mark.parametrize("tenant", ["south", "a/../b", "o'; drop table x --", "\u043eceans", "z" * 10_000])
def test_a_tenant_gets_its_own_charges_and_no_other(export: Export, tmp_path: Path, tenant: str) -> None:
    result = export(out=tmp_path, org="acme", is_allocated=True, tenant=tenant)
    rows = [row for exported in result.files for row in pq.read_table(exported.file.path).to_pylist()]
    assert {(row["x_OrgSlug"], row["x_TenantId"]) for row in rows} == {("acme", tenant)}
    assert result.contracts is None
    # Whatever the name is, the files lie in the folder, and nothing there tells of other tenants.
    assert {path.parent for path in tmp_path.rglob("*.parquet")} == {tmp_path}


def test_tenants_whose_names_look_alike_have_files_of_their_own(export: Export, tmp_path: Path) -> None:
    names = {
        export(out=tmp_path / f"{number}", org="acme", is_allocated=True, tenant=tenant).files[0].file.path.name
        for number, tenant in enumerate(("\u043eceans", "oceans", "a/../b"))
    }
    assert len(names) == 3


@pytest.mark.parametrize("arguments", [{"tenant": "south", "is_allocated": True}, {"tenant": "south", "org": "acme"}])
def test_a_tenant_without_its_organisation_or_of_whole_charges_is_an_error(
    export: Export, arguments: dict[str, Any]
) -> None:
    with pytest.raises(FinopsError, match="only within an organisation, and allocated"):
        export(**arguments)


def test_a_version_that_cannot_say_how_charges_were_split_is_an_error(export: Export) -> None:
    with pytest.raises(FinopsError, match="has no columns that say"):
        export(is_allocated=True, version="1.2")
