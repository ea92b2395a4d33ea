"""What the lists of providers and the orders of people make of the register of commitments."""

import dataclasses
import datetime as dt
import logging
from decimal import Decimal
from typing import Any

import pytest

from genai_finops.commitments.listed import ListedState
from genai_finops.commitments.register import EnteredCommitment, commitments_frame
from genai_finops.commitments.throughput import entered_throughput_frame
from genai_finops.control.commitment_rules import CommitmentTerms, TokenWeight
from genai_finops.providers.base import ProviderResource, ResourceState
from genai_finops.providers.commitments import CapacityCommitment
from genai_finops.schemas.tables.commitments import CAPACITY_THROUGHPUT, COMMITMENTS
from genai_finops.schemas.validation import validate


def day(number: int, hour: int = 0) -> dt.datetime:
    return dt.datetime(2026, 10, number, hour, tzinfo=dt.UTC)


RESERVATION = CapacityCommitment(
    commitment_id="reservation-1",
    contract_id="order-1",
    commitment_type="Reservation",
    meter="ptu_hour",
    quantity=Decimal(100),
    term="P1M",
    starts_at=day(2),
    ends_at=dt.datetime(2026, 11, 2, tzinfo=dt.UTC),
    payment="monthly",
    scope="global",
)
ORDER = CommitmentTerms(
    provider="gcp_vertex",
    commitment_id="order-7",
    contract_id="order-7",
    commitment_type="Provisioned Throughput Order",
    meter="gsu_hour",
    quantity=Decimal(10),
    term="P1W",
    starts_at=day(5),
    payment="upfront",
)


def seen(
    first: dt.datetime,
    last: dt.datetime | None = None,
    missed: dt.datetime | None = None,
    credential: str = "main",
    **words: Any,
) -> ListedState:
    resource = dataclasses.replace(RESERVATION, **words).as_resource()
    state = ResourceState(resource=resource, first_observed_at=first, last_observed_at=last or first, missed_at=missed)
    return ListedState(org="acme", provider="azure_openai", credential=credential, account_id="sub-1", state=state)


def entered(**terms: Any) -> EnteredCommitment:
    return EnteredCommitment(
        org="acme",
        account_id="project-1",
        terms=dataclasses.replace(ORDER, **terms),
        first_entered_at=day(1),
        entered_at=day(3),
    )


def rows(*states: ListedState, orders: tuple[EnteredCommitment, ...] = ()) -> list[dict[str, Any]]:
    frame = commitments_frame(states, orders)
    return list(validate(COMMITMENTS, frame, subject="commitments").iter_rows(named=True))


def test_a_listed_commitment_is_a_row_in_the_words_of_the_list() -> None:
    [row] = rows(seen(day(3), day(9)))
    assert {
        name: row[name] for name in ("x_org_slug", "commitment_id", "contract_id", "quantity", "term", "scope")
    } == {
        "x_org_slug": "acme",
        "commitment_id": "reservation-1",
        "contract_id": "order-1",
        "quantity": 100,
        "term": "P1M",
        "scope": "global",
    }
    assert (row["starts_at"], row["ended_at"], row["account_id"]) == (day(2), None, "sub-1")
    assert (row["first_observed_at"], row["last_observed_at"]) == (day(3), day(9))


def test_other_resources_are_no_commitments() -> None:
    other = ProviderResource(resource_type="Deployment", resource_id="chat", resource_name="chat")
    state = ResourceState(resource=other, first_observed_at=day(3), last_observed_at=day(3))
    listed = ListedState(org="acme", provider="azure_openai", credential="main", account_id="sub-1", state=state)
    assert rows(listed) == []


def test_the_newest_words_hold_and_the_observations_of_all() -> None:
    [row] = rows(seen(day(3), day(5)), seen(day(6), day(9), is_renewed=True))
    assert (row["is_renewed"], row["first_observed_at"], row["last_observed_at"]) == (True, day(3), day(9))


def test_a_commitment_that_two_credentials_list_is_one() -> None:
    [row] = rows(seen(day(3), day(9)), seen(day(4), day(8), credential="other"))
    assert (row["x_credential_id"], row["first_observed_at"], row["last_observed_at"]) == ("main", day(3), day(9))


@pytest.mark.parametrize(
    ("states", "ended"),
    [
        pytest.param([seen(day(3), day(9), missed=day(10))], day(10), id="no longer listed"),
        pytest.param([seen(day(3), day(5), missed=day(6)), seen(day(7))], None, id="listed again"),
        pytest.param([seen(day(3), day(9), ended_at=day(8))], day(8), id="said by the list"),
        pytest.param([seen(day(3), day(9), missed=day(10), ended_at=day(8))], day(8), id="said, then gone"),
        pytest.param(
            [seen(day(3), day(9), missed=dt.datetime(2026, 11, 5, tzinfo=dt.UTC))], None, id="gone after its term"
        ),
        pytest.param(
            [seen(day(3), day(9), missed=day(10)), seen(day(4), credential="b")], None, id="one still lists it"
        ),
    ],
)
def test_a_commitment_that_no_list_shows_has_ended(states: list[ListedState], ended: dt.datetime | None) -> None:
    [row] = rows(*states)
    assert row["ended_at"] == ended


def test_a_commitment_that_was_gone_before_it_began_is_none(caplog: pytest.LogCaptureFixture) -> None:
    assert rows(seen(day(1), missed=day(1, 6))) == []
    assert "before its term began" in caplog.text


def test_units_that_were_given_back_are_a_commitment_of_their_own_that_ended() -> None:
    found = rows(seen(day(3), day(9)), seen(day(10), quantity=Decimal(70)), seen(day(20), quantity=Decimal(50)))
    assert [(row["commitment_id"], row["quantity"], row["ended_at"]) for row in found] == [
        ("reservation-1", 50, None),
        ("reservation-1#1", 30, day(10)),
        ("reservation-1#2", 20, day(20)),
    ]
    assert {row["contract_id"] for row in found} == {"order-1"}


def test_units_before_the_term_began_were_never_bought() -> None:
    [row] = rows(seen(day(1)), seen(day(1, 6), quantity=Decimal(70)))
    assert (row["quantity"], row["ended_at"]) == (70, None)


def test_units_that_are_added_within_a_term_are_refused_by_name(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        [row] = rows(seen(day(3), day(9)), seen(day(10), quantity=Decimal(150)))
    assert row["quantity"] == 100
    assert "reservation-1 of acme at azure_openai grew from 100 to 150 units" in caplog.text


def test_an_order_that_was_entered_is_a_row_of_the_credential_configured() -> None:
    [row] = rows(orders=(entered(),))
    assert (row["commitment_id"], row["x_credential_id"], row["account_id"]) == ("order-7", "configured", "project-1")
    assert (row["starts_at"], row["ends_at"], row["ended_at"]) == (day(5), day(12), None)
    assert (row["first_observed_at"], row["last_observed_at"]) == (day(1), day(3))


def test_an_order_of_the_id_of_a_listed_commitment_gives_way(caplog: pytest.LogCaptureFixture) -> None:
    [row] = rows(seen(day(3)), orders=(entered(provider="azure_openai", commitment_id="Reservation-1"),))
    assert row["x_credential_id"] == "main"
    assert "what was entered of it is not used" in caplog.text


def test_a_contract_says_what_its_units_serve() -> None:
    weights = (
        TokenWeight(token_meter="uncached_input", weight=Decimal(1)),
        TokenWeight(token_meter="output", weight=Decimal(5)),
        TokenWeight(token_meter="output", weight=Decimal("7.5"), context_tokens_above=200000),
    )
    order = entered(model="Gemini-2.5-Flash", tokens_per_minute=Decimal(30000), weights=weights)
    frame = entered_throughput_frame([order, entered(commitment_id="b")], lambda _, spelling: spelling.lower())
    found = validate(CAPACITY_THROUGHPUT, frame, subject="throughput").select(
        "model_id",
        "x_org_slug",
        "commitment_id",
        "token_meter",
        "context_tokens_above",
        "context_tokens_up_to",
        "weight",
    )
    key = ("gemini-2.5-flash", "acme", "order-7")
    assert found.rows() == [
        (*key, "uncached_input", 0, None, 1),
        (*key, "output", 0, 200000, 5),
        (*key, "output", 200000, None, Decimal("7.5")),
    ]
    assert frame["tokens_per_minute"].unique().to_list() == [30000]
