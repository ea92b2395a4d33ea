"""The default plans: read as they are written, or refused with the line."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from genai_finops.control.plan_file import read_default_plans
from genai_finops.control.plans import Plan
from genai_finops.errors import FinopsError

HEADER = (
    "subscription_id,provider,plan_name,is_custom,quantity,unit_price_usd,effective_date,end_date,is_enabled,auth_type,"
    "tier_type,trial_end_date,trial_credit_usd,rpm_limit,tpm_limit,rpd_limit,tpd_limit,concurrent_limit,"
    "monthly_token_limit,daily_token_limit,committed_spend_usd,commitment_term_months,discount_percentage"
)
LINE = "default-x,gemini,PAYG,false,1,0.10,2024-12-01,,true,api_key,paid,,300,360,4000000,,4000000000,,,,,12,25"


def plans_of(tmp_path: Path, *lines: str) -> tuple[Plan, ...]:
    path = tmp_path / "plans.csv"
    path.write_text("\n".join(lines) + "\n")
    return read_default_plans(path)


def test_a_plan_is_read_with_exact_amounts_and_large_limits(tmp_path: Path) -> None:
    assert plans_of(tmp_path, HEADER, LINE) == (
        Plan(
            subscription_id="default-x",
            provider="gemini",
            plan_name="PAYG",
            unit_price_usd=Decimal("0.1"),
            effective_date=dt.date(2024, 12, 1),
            auth_type="api_key",
            tier_type="paid",
            trial_credit_usd=Decimal(300),
            rpm_limit=360,
            tpm_limit=4_000_000,
            tpd_limit=4_000_000_000,
            commitment_term_months=12,
            discount_percentage=Decimal(25),
        ),
    )


@pytest.mark.parametrize(
    ("found", "put", "message"),
    [
        ("0.10", "ten", r"plans\.csv line 2: unit_price_usd 'ten' cannot be read"),
        ("360", "3.5", r"line 2: rpm_limit '3\.5' cannot be read"),
        ("2024-12-01", "01.12.2024", r"line 2: effective_date '01\.12\.2024' cannot be read"),
        ("2024-12-01", "", r"line 2: effective_date missing"),
        ("true", "yes", r"line 2: is_enabled 'yes' cannot be read"),
        (",false,", ",true,", r"plan default-x is custom, and a default is not"),
        (",12,25", ",12", r"line 2 has more or fewer fields"),
        (",12,25", ",12,25,1", r"line 2 has more or fewer fields"),
    ],
)
def test_a_line_that_cannot_be_read_is_refused(found: str, put: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(FinopsError, match=message):
        plans_of(tmp_path, HEADER, LINE.replace(found, put))


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(FinopsError, match="columns missing or unknown: rpm_limit"):
        plans_of(tmp_path, HEADER.replace("rpm_limit,", ""), LINE)


def test_a_missing_file_is_an_error_of_the_user(tmp_path: Path) -> None:
    with pytest.raises(FinopsError, match="cannot be read"):
        read_default_plans(tmp_path / "none.csv")


def test_the_plans_of_the_repository_can_be_read(repository: Path) -> None:
    assert [plan.provider for plan in read_default_plans(repository / "seeds" / "genai_subscription_plans.csv")] == [
        *["openai"] * 5,
        *["anthropic"] * 6,
        *["gemini"] * 4,
    ]
