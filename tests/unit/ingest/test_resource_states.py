"""A list says what is there now; the states say what was there when."""

import datetime as dt
import itertools
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from genai_finops.errors import FinopsError
from genai_finops.ingest.resource_states import ListedAccount, keep_listed, known_states
from genai_finops.lake.files import LakeFiles
from genai_finops.lake.parquet import write_resource_states_sentinel
from genai_finops.providers.base import MalformedPageError, ProviderResource, ResourceState
from genai_finops.providers.resources import ResourceHistory
from genai_finops.schemas.tables.resources import PROVIDER_RESOURCES
from genai_finops.schemas.validation import InvalidFrameError

MONDAY, TUESDAY, WEDNESDAY = (dt.datetime(2026, 11, day, 2, tzinfo=dt.UTC) for day in (2, 3, 4))
ACME = ListedAccount(org="acme", provider="azure_openai", credential="acme-azure", account_id="subscription-1")
DEPLOYMENT = ProviderResource(
    resource_type="Deployment",
    resource_id="account/chat",
    resource_name="Chat",
    region_id="swedencentral",
    provider_model_id="gpt-4.1-2025-04-14",
    sku_name="GlobalStandard",
    capacity=Decimal(250),
    tags={"team": "search", "cost centre": "Süd"},
    created_at=dt.datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=dt.UTC),
    modified_at=dt.datetime(2026, 10, 1, tzinfo=dt.UTC),
)
BARE = ProviderResource(resource_type="Deployment", resource_id="account/bare", resource_name="bare")


def deployment(**values: object) -> ProviderResource:
    fields = {name: getattr(DEPLOYMENT, name) for name in DEPLOYMENT.__slots__}
    return ProviderResource(**{**fields, **values})  # type: ignore[arg-type]


@pytest.fixture
def files(tmp_path: Path) -> LakeFiles:
    return LakeFiles(str(tmp_path))


@pytest.fixture
def listed(files: LakeFiles) -> Callable[..., tuple[ResourceState, ...]]:
    """Keeps what a list of a moment describes, and gives all states."""

    def keep(
        at: dt.datetime, *resources: ProviderResource, account: ListedAccount = ACME, complete: tuple[str, ...] = ()
    ) -> tuple[ResourceState, ...]:
        keep_listed(files, account, iter(resources), at=at, complete=complete)
        return known_states(files, account)

    return keep


Listed = Callable[..., tuple[ResourceState, ...]]


def spans(states: tuple[ResourceState, ...]) -> list[tuple[str | None, dt.datetime, dt.datetime]]:
    """Model, first and last moment of each state."""
    return [(state.resource.provider_model_id, state.first_observed_at, state.last_observed_at) for state in states]


def test_a_state_reads_back_in_the_words_of_the_list(listed: Listed) -> None:
    [state] = listed(MONDAY, DEPLOYMENT)
    assert state == ResourceState(resource=DEPLOYMENT, first_observed_at=MONDAY, last_observed_at=MONDAY)


def test_what_a_list_leaves_open_reads_back_as_open(listed: Listed) -> None:
    [state] = listed(MONDAY, BARE)
    assert state.resource == BARE


def test_a_resource_in_the_same_words_lasts_on(listed: Listed) -> None:
    listed(MONDAY, DEPLOYMENT)
    listed(TUESDAY, deployment())
    assert spans(listed(WEDNESDAY, deployment())) == [("gpt-4.1-2025-04-14", MONDAY, WEDNESDAY)]


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"resource_name": "Talk"}, id="name"),
        pytest.param({"region_id": "eastus"}, id="region"),
        pytest.param({"provider_model_id": None}, id="model"),
        pytest.param({"sku_name": "DataZoneStandard"}, id="SKU"),
        pytest.param({"capacity": Decimal(251)}, id="capacity"),
        pytest.param({"tags": {"team": "search"}}, id="tags"),
        pytest.param({"modified_at": MONDAY}, id="change that the provider dates"),
    ],
)
def test_any_other_word_begins_a_state(listed: Listed, values: dict[str, object]) -> None:
    listed(MONDAY, DEPLOYMENT)
    changed = deployment(**values)
    assert [
        (state.resource, state.first_observed_at, state.last_observed_at) for state in listed(TUESDAY, changed)
    ] == [
        (DEPLOYMENT, MONDAY, MONDAY),
        (changed, TUESDAY, TUESDAY),
    ]


def test_a_deleted_resource_keeps_its_last_state(listed: Listed) -> None:
    listed(MONDAY, DEPLOYMENT, BARE)
    states = listed(TUESDAY, BARE)
    assert ResourceState(resource=DEPLOYMENT, first_observed_at=MONDAY, last_observed_at=MONDAY) in states


def test_deleted_changed_and_made_anew_over_three_lists(listed: Listed) -> None:
    other = deployment(provider_model_id="o4-mini-2025-04-16")
    listed(MONDAY, DEPLOYMENT, BARE)
    listed(TUESDAY, BARE)
    states = listed(WEDNESDAY, other, BARE)
    assert sorted(spans(states), key=str) == sorted(
        [
            (None, MONDAY, WEDNESDAY),
            ("gpt-4.1-2025-04-14", MONDAY, MONDAY),
            ("o4-mini-2025-04-16", WEDNESDAY, WEDNESDAY),
        ],
        key=str,
    )


def test_a_resource_that_changes_back_has_three_states(listed: Listed) -> None:
    listed(MONDAY, DEPLOYMENT)
    listed(TUESDAY, deployment(provider_model_id="other"))
    assert spans(listed(WEDNESDAY, DEPLOYMENT)) == [
        ("gpt-4.1-2025-04-14", MONDAY, MONDAY),
        ("other", TUESDAY, TUESDAY),
        ("gpt-4.1-2025-04-14", WEDNESDAY, WEDNESDAY),
    ]


def test_resources_of_one_id_and_two_types_are_two(listed: Listed) -> None:
    assert len(listed(MONDAY, BARE, deployment(resource_type="Model", resource_id=BARE.resource_id))) == 2


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_every_list_is_found_again_at_its_moment_whichever_was_kept_first(
    listed: Listed, order: tuple[int, ...]
) -> None:
    lists = [
        (MONDAY, deployment(modified_at=None)),
        (TUESDAY, deployment(modified_at=None, provider_model_id="other")),
        (WEDNESDAY, deployment(modified_at=None, provider_model_id="third")),
    ]
    states: tuple[ResourceState, ...] = ()
    for position in order:
        moment, resource = lists[position]
        states = listed(moment, resource)
    history = ResourceHistory(states)
    assert [history.at("Deployment", DEPLOYMENT.resource_id, moment) for moment, _ in lists] == [
        resource for _, resource in lists
    ]


def test_a_list_that_is_kept_late_makes_no_second_state_of_the_same_words(listed: Listed) -> None:
    listed(TUESDAY, DEPLOYMENT)
    assert spans(listed(MONDAY, DEPLOYMENT)) == [("gpt-4.1-2025-04-14", MONDAY, TUESDAY)]


def test_two_lists_of_one_moment_lose_neither(listed: Listed) -> None:
    listed(MONDAY, DEPLOYMENT)
    listed(MONDAY, deployment(provider_model_id="other"))
    states = listed(MONDAY, deployment(provider_model_id="third"))
    assert [model for model, _, _ in spans(states)] == ["gpt-4.1-2025-04-14", "other", "third"]
    assert listed(MONDAY, deployment(provider_model_id="third")) == states


def test_a_resource_that_two_pages_list_alike_is_one(listed: Listed) -> None:
    assert len(listed(MONDAY, DEPLOYMENT, deployment())) == 1


def test_a_resource_that_one_fetch_lists_in_two_ways_is_refused_by_name(listed: Listed) -> None:
    with pytest.raises(MalformedPageError, match=r"account/chat.*listed twice"):
        listed(MONDAY, DEPLOYMENT, deployment(sku_name="Standard"))


def test_a_capacity_finer_than_the_table_does_not_begin_a_state_with_every_list(listed: Listed) -> None:
    fine = deployment(capacity=Decimal("0.123456789"))
    listed(MONDAY, fine)
    assert len(listed(TUESDAY, fine)) == 1


def test_a_value_that_the_table_refuses_is_named_and_nothing_is_written(listed: Listed, files: LakeFiles) -> None:
    with pytest.raises(InvalidFrameError, match=r"azure_openai acme/acme-azure.*resource_id='Account/Chat'"):
        listed(MONDAY, deployment(resource_id="Account/Chat"))
    assert files.find("resources") == []


def test_a_provider_that_lists_nothing_writes_no_file(listed: Listed, files: LakeFiles) -> None:
    assert listed(MONDAY) == ()
    assert files.find("resources") == []


def test_a_resource_that_a_whole_list_leaves_out_is_missed_since_then(listed: Listed) -> None:
    listed(MONDAY, DEPLOYMENT, BARE, complete=("Deployment",))
    listed(TUESDAY, BARE, complete=("Deployment",))
    states = listed(WEDNESDAY, BARE, complete=("Deployment",))
    missed = ResourceState(resource=DEPLOYMENT, first_observed_at=MONDAY, last_observed_at=MONDAY, missed_at=TUESDAY)
    assert states == (ResourceState(resource=BARE, first_observed_at=MONDAY, last_observed_at=WEDNESDAY), missed)


def test_a_whole_list_that_is_empty_misses_everything_of_its_type(listed: Listed) -> None:
    listed(MONDAY, DEPLOYMENT, deployment(resource_type="Model"))
    states = listed(TUESDAY, complete=("Deployment",))
    assert {state.resource.resource_type: state.missed_at for state in states} == {
        "Deployment": TUESDAY,
        "Model": None,
    }


def test_a_resource_that_is_listed_again_begins_a_state_and_keeps_the_miss(listed: Listed) -> None:
    listed(MONDAY, DEPLOYMENT)
    listed(TUESDAY, complete=("Deployment",))
    states = listed(WEDNESDAY, DEPLOYMENT, complete=("Deployment",))
    assert [(state.first_observed_at, state.missed_at) for state in states] == [(MONDAY, TUESDAY), (WEDNESDAY, None)]


def test_a_file_from_before_resources_could_be_missed_is_read_and_completed(listed: Listed, files: LakeFiles) -> None:
    listed(MONDAY, DEPLOYMENT)
    pl.read_parquet(files.path(ACME.path)).drop("missed_at").write_parquet(files.path(ACME.path))
    assert [state.missed_at for state in known_states(files, ACME)] == [None]
    assert [state.missed_at for state in listed(TUESDAY, complete=("Deployment",))] == [TUESDAY]


def test_an_empty_list_forgets_nothing(listed: Listed) -> None:
    states = listed(MONDAY, DEPLOYMENT)
    assert listed(TUESDAY) == states


def test_each_credential_has_a_file_of_its_own(listed: Listed, files: LakeFiles) -> None:
    globex = ListedAccount(org="globex", provider="azure_openai", credential="main", account_id="subscription-2")
    listed(MONDAY, DEPLOYMENT)
    assert [state.resource for state in listed(MONDAY, BARE, account=globex)] == [BARE]
    assert files.find("resources") == [
        "resources/azure_openai/acme.acme-azure.parquet",
        "resources/azure_openai/globex.main.parquet",
    ]


def test_a_credential_of_another_account_sees_only_the_other_accounts_states(listed: Listed) -> None:
    moved = ListedAccount(org="acme", provider="azure_openai", credential="acme-azure", account_id="subscription-9")
    before = listed(MONDAY, DEPLOYMENT)
    assert [state.resource for state in listed(TUESDAY, BARE, account=moved)] == [BARE]
    assert listed(WEDNESDAY) == before


def test_the_same_lists_are_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    contents = set()
    for number, resources in enumerate([(DEPLOYMENT, BARE), (BARE, DEPLOYMENT)]):
        files = LakeFiles(str(tmp_path / str(number)))
        keep_listed(files, ACME, resources, at=MONDAY)
        keep_listed(files, ACME, resources, at=TUESDAY)
        contents.add(files.read(ACME.path))
    assert len(contents) == 1


def test_a_file_has_the_columns_of_the_table(listed: Listed, files: LakeFiles) -> None:
    listed(MONDAY, DEPLOYMENT)
    [row] = pl.read_parquet(files.path(ACME.path), hive_partitioning=False).to_dicts()
    assert list(row) == [column.name for column in PROVIDER_RESOURCES.columns]
    assert (row["x_org_slug"], row["x_credential_id"], row["account_id"]) == ("acme", "acme-azure", "subscription-1")
    assert row["tags"] == '{"cost centre": "Süd", "team": "search"}'


def test_a_glob_over_all_states_finds_their_schema_before_the_first_list(files: LakeFiles, tmp_path: Path) -> None:
    write_resource_states_sentinel(files)
    frame = pl.read_parquet(tmp_path / "resources" / "*" / "*.parquet")
    assert (frame.height, frame.columns) == (0, [column.name for column in PROVIDER_RESOURCES.columns])


def damage_cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def damage_middle(content: bytes) -> bytes:
    middle = len(content) // 3
    return content[:middle] + bytes(byte ^ 0xFF for byte in content[middle : middle + 40]) + content[middle + 40 :]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda _: b"", id="empty"),
        pytest.param(damage_cut, id="cut"),
        pytest.param(damage_middle, id="overwritten in the middle"),
        pytest.param(lambda content: b"PAR1" + b"\0" * len(content) + b"PAR1", id="zeros"),
    ],
)
@pytest.mark.parametrize(
    "step",
    [
        pytest.param(lambda files: known_states(files, ACME), id="before the fetch"),
        pytest.param(lambda files: keep_listed(files, ACME, [BARE], at=TUESDAY), id="when a list is kept"),
    ],
)
def test_a_damaged_file_is_named_with_a_remedy_and_stays(
    listed: Listed, files: LakeFiles, damage: Callable[[bytes], bytes], step: Callable[[LakeFiles], object]
) -> None:
    listed(MONDAY, DEPLOYMENT)
    damaged = damage(files.read(ACME.path))
    files.replace(ACME.path, damaged)
    with pytest.raises(FinopsError, match=r"acme\.acme-azure\.parquet") as refused:
        step(files)
    assert "backup" in refused.value.remedy
    assert files.read(ACME.path) == damaged


@pytest.mark.parametrize("share", [share / 40 for share in range(40)])
def test_a_changed_byte_is_refused_or_changes_nothing(listed: Listed, files: LakeFiles, share: float) -> None:
    before = listed(MONDAY, DEPLOYMENT, BARE)
    content = bytearray(files.read(ACME.path))
    content[int(len(content) * share)] ^= 0xFF
    files.replace(ACME.path, bytes(content))
    with suppress(FinopsError):
        assert known_states(files, ACME) == before


def test_a_file_of_another_credential_is_refused(listed: Listed, files: LakeFiles) -> None:
    globex = ListedAccount(org="globex", provider="azure_openai", credential="main", account_id="subscription-1")
    listed(MONDAY, DEPLOYMENT)
    files.replace(globex.path, files.read(ACME.path))
    with pytest.raises(FinopsError, match="another credential"):
        known_states(files, globex)


def test_a_file_of_other_columns_is_refused(files: LakeFiles, tmp_path: Path) -> None:
    (tmp_path / "resources" / "azure_openai").mkdir(parents=True)
    pl.DataFrame({"resource_id": ["x"]}).write_parquet(files.path(ACME.path))
    with pytest.raises(FinopsError, match="columns"):
        known_states(files, ACME)
