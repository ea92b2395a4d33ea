"""Days that were read, and days that were not."""

import datetime as dt

from genai_finops.focus.completeness import CredentialKey
from genai_finops.metrics.partition_states import LOOKED_BACK, partition_states

TODAY = dt.date(2026, 11, 5)
KEY = CredentialKey("acme", "openai", "c1")


def days(*ages: int) -> set[dt.date]:
    return {TODAY - dt.timedelta(days=age) for age in ages}


def test_a_day_between_days_that_were_read_is_missing() -> None:
    assert partition_states({KEY: days(4, 3, 1)}, TODAY) == {
        ("openai", "payg", "landed"): 3,
        ("openai", "payg", "missing"): 1,
    }


def test_a_provider_that_is_no_longer_read_is_missing_until_yesterday() -> None:
    assert partition_states({KEY: days(3)}, TODAY)["openai", "payg", "missing"] == 2


def test_today_is_neither() -> None:
    assert sum(partition_states({KEY: days(1, 0)}, TODAY).values()) == 1


def test_credentials_are_added_up_and_old_days_are_not_looked_at() -> None:
    other = CredentialKey("acme", "openai", "c2")
    old = LOOKED_BACK.days + 10
    found = partition_states({KEY: days(old, *range(1, LOOKED_BACK.days + 1)), other: days(1)}, TODAY)
    assert found == {("openai", "payg", "landed"): LOOKED_BACK.days + 1}
