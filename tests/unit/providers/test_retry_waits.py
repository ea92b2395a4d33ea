"""How long an answer asks to wait, where it says so more than once."""

import datetime as dt

import pytest

from genai_finops.providers.retry import retry_after_seconds

NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)
QPU = "x-ms-ratelimit-microsoft.costmanagement-qpu-retry-after"
TENANT = "x-ms-ratelimit-microsoft.costmanagement-tenant-retry-after"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "2", QPU: "41", TENANT: "7"}, 41),
        ({"retry-after": "60", QPU: "5"}, 60),
        ({QPU: "12"}, 12),
        ({QPU: "soon", TENANT: "3"}, 3),
        ({"retry-after-ms": "1500", TENANT: "1"}, 1.5),
        ({"retry-after": "Thu, 05 Nov 2026 06:00:30 GMT", QPU: "4"}, 30),
        ({"x-ms-ratelimit-remaining-subscription-reads": "11999"}, None),
    ],
)
def test_the_longest_of_the_waits_counts(headers, seconds):
    assert retry_after_seconds(headers, NOW) == seconds
