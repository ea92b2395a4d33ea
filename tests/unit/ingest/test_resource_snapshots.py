"""Lists are kept without usage, and one that cannot be read says nothing of what is there."""

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from genai_finops.ingest.resource_snapshots import SnapshotReport, snapshot_resources
from genai_finops.ingest.resource_states import known_states
from genai_finops.ingest.usage import SourceCredential
from genai_finops.lake.files import LakeFiles
from genai_finops.lake.raw_pages import read_raw_page
from genai_finops.providers.base import (
    CredentialError,
    Page,
    ProviderResource,
    ResourceState,
    TransientProviderError,
    UsageSource,
)

NOON, ONE = (dt.datetime(2026, 10, 5, hour, tzinfo=dt.UTC) for hour in (12, 13))
BODY = b'{"value": []}'
PAGE = Page(source="deployments", request={}, body=BODY, sha256=hashlib.sha256(BODY).hexdigest(), content={})


def resource(name: str, kind: str = "Deployment") -> ProviderResource:
    return ProviderResource(resource_type=kind, resource_id=name, resource_name=name)


class Lists:
    """A source of fixed lists, or of one that breaks off."""

    def __init__(self, *resources: ProviderResource, error: Exception | None = None) -> None:
        self.listed = resources
        self.error = error

    def fetch_lists(self) -> Iterator[Page]:
        yield PAGE
        if self.error is not None:
            raise self.error

    def resources(self, pages: Sequence[Page]) -> Iterator[ProviderResource]:
        assert list(pages) == [PAGE]
        return iter(self.listed)

    def listed_types(self, pages: Sequence[Page]) -> frozenset[str]:
        assert list(pages) == [PAGE]
        return frozenset({"Deployment"})


def credential(source: Any, org: str = "acme", flow: str = "payg") -> SourceCredential:
    def open_source(known_resources: Sequence[ResourceState]) -> AbstractContextManager[UsageSource]:
        return nullcontext(source)

    return SourceCredential(
        org=org,
        provider="azure_openai",
        flow=flow,
        credential=f"{org}-azure",
        account_id=f"subscription-{org}",
        window_days=31,
        open_source=open_source,
        concurrency=2,
    )


@pytest.fixture
def files(tmp_path: Path) -> LakeFiles:
    return LakeFiles(str(tmp_path))


def snapshot(files: LakeFiles, *credentials: SourceCredential, now: dt.datetime = NOON) -> SnapshotReport:
    return snapshot_resources(files, credentials, now=now, clock=lambda: 0.0)


def missed(files: LakeFiles, org: str = "acme") -> dict[str, dt.datetime | None]:
    listed = credential(None, org).listed_account
    return {state.resource.resource_id: state.missed_at for state in known_states(files, listed)}


def test_what_is_listed_is_kept_with_its_pages(files: LakeFiles) -> None:
    report = snapshot(files, credential(Lists(resource("chat"), resource("batch"))))
    assert [str(outcome) for outcome in report.outcomes] == ["azure_openai.payg acme/acme-azure: 2 resources"]
    assert missed(files) == {"batch": None, "chat": None}
    assert read_raw_page(files, "azure_openai", PAGE.sha256) == BODY


def test_what_is_no_longer_listed_is_missed_at_the_time_of_the_snapshot(files: LakeFiles) -> None:
    snapshot(files, credential(Lists(resource("chat"), resource("batch"))))
    snapshot(files, credential(Lists(resource("chat"))), now=ONE)
    assert missed(files) == {"batch": ONE, "chat": None}


@pytest.mark.parametrize(
    ("error", "is_worth_retrying"),
    [
        pytest.param(TransientProviderError("503"), True, id="overload"),
        pytest.param(CredentialError("401"), False, id="refused"),
        pytest.param(KeyError("a defect"), False, id="defect"),
    ],
)
def test_a_credential_that_fails_is_told_and_stops_no_other(
    files: LakeFiles, error: Exception, is_worth_retrying: bool
) -> None:
    snapshot(files, credential(Lists(resource("chat"))))
    failing = credential(Lists(error=error))
    report = snapshot(files, failing, credential(Lists(resource("talk")), "globex"), now=ONE)
    assert [(outcome.org, outcome.reason is None) for outcome in report.outcomes] == [("acme", False), ("globex", True)]
    assert report.is_worth_retrying == is_worth_retrying
    assert (missed(files), missed(files, "globex")) == ({"chat": None}, {"talk": None})


def test_the_flows_of_one_credential_keep_each_others_resources(files: LakeFiles) -> None:
    deployments = credential(Lists(resource("chat")))
    machines = credential(Lists(resource("chat"), resource("vm", "Machine")), flow="infrastructure")
    snapshot(files, deployments, machines)
    assert missed(files) == {"chat": None, "vm": None}
