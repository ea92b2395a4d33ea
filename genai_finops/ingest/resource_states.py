"""What the providers' lists described, kept as dated states: usage names resources that the lists have forgotten."""

import datetime as dt
import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Any

import polars as pl
import pyarrow as pa

from genai_finops.commitments.listed import ListedState
from genai_finops.errors import FinopsError
from genai_finops.lake.files import LakeFiles
from genai_finops.lake.parquet import read_resource_states, resource_states_path, write_resource_states
from genai_finops.providers.base import MalformedPageError, ProviderResource, ResourceState
from genai_finops.providers.resources import merged_states
from genai_finops.schemas.tables.resources import PROVIDER_RESOURCES
from genai_finops.schemas.validation import empty_frame, validate

_RESOURCE_FIELDS = tuple(field.name for field in fields(ProviderResource))
#: Files of earlier releases do not have it.
_LATER_COLUMN = "missed_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedAccount:
    """The account whose resources are listed, and the credential that lists them. One file of the lake."""

    org: str
    provider: str
    credential: str
    account_id: str

    @property
    def path(self) -> str:
        """The file in the lake."""
        return resource_states_path(provider=self.provider, org=self.org, credential=self.credential)

    def __str__(self) -> str:
        return f"{self.provider} {self.org}/{self.credential}"


def known_states(files: LakeFiles, listed: ListedAccount) -> tuple[ResourceState, ...]:
    """The stored states of the account's resources, none before the first list.

    Raises FinopsError for a file that cannot be read whole.
    """
    return _states_of(_stored(files, listed), listed.account_id)


def all_states(files: LakeFiles) -> Iterator[ListedState]:
    """The stored states of all accounts, also of credentials that are no longer there.

    Raises FinopsError for a file that cannot be read whole.
    """
    for path in files.find("resources"):
        folder, _, name = path.removeprefix("resources/").rpartition("/")
        if folder == "_schema":
            continue
        org, _, credential = name.removesuffix(".parquet").partition(".")
        stored = _stored(files, ListedAccount(org=org, provider=folder, credential=credential, account_id=""))
        for row in stored.iter_rows(named=True):
            yield ListedState(
                org=org, provider=folder, credential=credential, account_id=row["account_id"], state=_state(row)
            )


def keep_listed(
    files: LakeFiles,
    listed: ListedAccount,
    resources: Iterable[ProviderResource],
    *,
    at: dt.datetime,
    complete: Collection[str] = (),
) -> None:
    """Merge what the lists of one fetch described into the stored states.

    `complete` are the types that were listed whole: a stored resource of them that was not listed is missed from then
    on. Without a resource, listed or missed, nothing is written.

    Raises FinopsError for a stored file that cannot be read, InvalidFrameError for a value that the table refuses, and
    MalformedPageError where the lists describe one resource in two ways.
    """
    described = _described(resources, listed, at)
    if not described and not complete:
        return
    # Read again: another run of the same credential may have written since this one began.
    stored = _stored(files, listed)
    before = _states_of(stored, listed.account_id)
    states = merged_states(before, described, at, complete=complete)
    if states == before:
        return
    frame = _frame(states, listed)
    if len(states) > len(before):
        validate(PROVIDER_RESOURCES, frame, subject=f"resources listed for {listed}")
    # States of the account that the credential belonged to before it was given another one.
    others = stored.filter(pl.col("account_id") != listed.account_id)
    write_resource_states(
        files,
        pl.concat([frame, others]),
        provider=listed.provider,
        org=listed.org,
        credential=listed.credential,
    )


def _key(resource: ProviderResource) -> tuple[str, str]:
    return resource.resource_type, resource.resource_id


def _described(
    resources: Iterable[ProviderResource], listed: ListedAccount, at: dt.datetime
) -> tuple[ProviderResource, ...]:
    """The resources as they read back from the lake, so that equal words are equal values; each one once."""
    observed = [ResourceState(resource=found, first_observed_at=at, last_observed_at=at) for found in resources]
    described: dict[tuple[str, str], ProviderResource] = {}
    for state in _states_of(_frame(observed, listed), listed.account_id):
        resource = state.resource
        if described.setdefault(_key(resource), resource) != resource:
            raise MalformedPageError(
                f"{listed}: {resource.resource_type} {resource.resource_id!r} is listed twice, in different words; "
                "its id is not unique within the account"
            )
    return tuple(described.values())


def _frame(states: Iterable[ResourceState], listed: ListedAccount) -> pl.DataFrame:
    records = [_record(state, listed) for state in states]
    return pl.DataFrame(records, schema=empty_frame(PROVIDER_RESOURCES).schema)


def _record(state: ResourceState, listed: ListedAccount) -> dict[str, Any]:
    resource = state.resource
    tags = json.dumps(dict(resource.tags), sort_keys=True, ensure_ascii=False) if resource.tags else None
    return {
        "x_org_slug": listed.org,
        "x_credential_id": listed.credential,
        "provider": listed.provider,
        "account_id": listed.account_id,
        **{name: getattr(resource, name) for name in _RESOURCE_FIELDS},
        "tags": tags,
        "first_observed_at": state.first_observed_at,
        "last_observed_at": state.last_observed_at,
        "missed_at": state.missed_at,
    }


def _states_of(frame: pl.DataFrame, account_id: str) -> tuple[ResourceState, ...]:
    return tuple(_state(row) for row in frame.iter_rows(named=True) if row["account_id"] == account_id)


def _state(row: dict[str, Any]) -> ResourceState:
    values = {name: row[name] for name in _RESOURCE_FIELDS}
    values["tags"] = json.loads(row["tags"]) if row["tags"] else {}
    return ResourceState(
        resource=ProviderResource(**values),
        first_observed_at=row["first_observed_at"],
        last_observed_at=row["last_observed_at"],
        missed_at=row["missed_at"],
    )


def _stored(files: LakeFiles, listed: ListedAccount) -> pl.DataFrame:
    empty = empty_frame(PROVIDER_RESOURCES)
    if not files.exists(listed.path):
        return empty
    try:
        frame = read_resource_states(files, listed.path)
    except (pa.ArrowException, OSError, ValueError) as failure:
        raise _unreadable(files, listed, f"{type(failure).__name__}: {failure}") from failure
    if _LATER_COLUMN not in frame.columns:
        frame = frame.with_columns(pl.lit(None, empty.schema[_LATER_COLUMN]).alias(_LATER_COLUMN))
    if frame.schema != empty.schema:
        raise _unreadable(files, listed, f"its columns are not those of {PROVIDER_RESOURCES.name}")
    owners = set(frame.select("x_org_slug", "x_credential_id", "provider").iter_rows())
    if owners - {(listed.org, listed.credential, listed.provider)}:
        raise _unreadable(files, listed, "it holds resources of another credential")
    return frame


def _unreadable(files: LakeFiles, listed: ListedAccount, reason: str) -> FinopsError:
    return FinopsError(
        f"{listed}: the stored resource states {files.path(listed.path)} cannot be used: {' '.join(reason.split())}",
        remedy="Restore the file from a backup, or delete it: the provider's lists are then kept from now on, but "
        "usage of resources that are gone from them can no longer be resolved",
    )
