"""The rules for an order of reserved capacity that someone enters. Pure."""

import dataclasses
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from genai_finops.control.changes import check_text
from genai_finops.control.checked_values import check_decimal, check_member
from genai_finops.control.terms import has_months, term_end
from genai_finops.errors import FinopsError
from genai_finops.schemas.meters import CAPACITY_METERS, METERS
from genai_finops.schemas.tables.commitments import CAPACITY_SCOPES, PAYMENTS, PRICE_PERIODS, TERMS

APPLIES_TO = ("account", "organisation", "resource")
_THROUGHPUT = "throughput_unit_hour"
#: What the providers call what is ordered; without an entry by provider the meter decides.
_TYPES = {
    ("openai", _THROUGHPUT): "Scale Tier",
    ("anthropic", _THROUGHPUT): "Priority Tier",
    "ptu_hour": "Reservation",
    "model_unit_hour": "Provisioned Throughput Commitment",
    "gsu_hour": "Provisioned Throughput Order",
    _THROUGHPUT: "Throughput Commitment",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenWeight:
    """Weighted tokens of one token of a meter, for prompts longer than `context_tokens_above`."""

    token_meter: str
    weight: Decimal
    context_tokens_above: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitmentTerms:
    """What was ordered. Moments are UTC in whole seconds; ends_at is exclusive.

    `agreed_unit_price` is of one unit for agreed_price_period; without one the price table decides.
    """

    provider: str
    commitment_id: str
    meter: str
    quantity: Decimal
    #: ISO 8601 duration, one of TERMS.
    term: str
    starts_at: dt.datetime
    payment: str
    #: None: the commitment's own id, what the provider calls it, and the end of the term.
    contract_id: str | None = None
    commitment_type: str | None = None
    ends_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    name: str | None = None
    scope: str | None = None
    applies_to: str = "account"
    resource_id: str | None = None
    #: As it was typed.
    model: str | None = None
    region: str | None = None
    upfront_share: Decimal | None = None
    agreed_unit_price: Decimal | None = None
    agreed_price_period: str | None = None
    currency: str = "USD"
    is_renewed: bool = False
    #: Weighted tokens per minute that one unit serves, and what the tokens weigh; None and () where the list decides.
    tokens_per_minute: Decimal | None = None
    weights: tuple[TokenWeight, ...] = ()

    @property
    def last_moment(self) -> dt.datetime:
        """The end of the term, exclusive."""
        return self.ends_at or term_end(self.starts_at, self.term)

    @property
    def summary(self) -> str:
        """All that people look for, in one line."""
        what = f"{self.quantity:f} x {METERS[self.meter].sku_meter} for {self.model or 'any model'}"
        until = min(self.ended_at or self.last_moment, self.last_moment)
        days = f"from {self.starts_at:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M} UTC"
        price = "at the price table's price"
        if self.agreed_unit_price is not None:
            price = f"at {self.agreed_unit_price:f} {self.currency} per unit and {self.agreed_price_period}"
        return f"{what}, {self.term} {days}, paid {self.payment} {price}"


def check_commitment(terms: CommitmentTerms, currencies: Mapping[str, str]) -> CommitmentTerms:
    """The terms with what may be left out filled in and blanks around texts removed.

    `currencies` are those of the price lists by provider. Raises FinopsError that names the commitment, the value and
    what to give instead.
    """
    terms = _completed(terms, currencies)
    subject = f"Commitment {terms.commitment_id} of {terms.provider}"
    check_member(terms.meter, f"{subject}: meter", CAPACITY_METERS)
    check_member(terms.term, f"{subject}: term", TERMS)
    check_member(terms.payment, f"{subject}: payment", PAYMENTS)
    check_member(terms.scope, f"{subject}: scope", CAPACITY_SCOPES)
    check_member(terms.applies_to, f"{subject}: applies_to", APPLIES_TO)
    check_member(terms.agreed_price_period, f"{subject}: price period", PRICE_PERIODS)
    check_decimal(terms.quantity, f"{subject}: quantity", decimals=6, digits=20)
    _check_positive(terms.quantity, f"{subject}: quantity")
    _check_dates(terms, subject)
    _check_place(terms, subject)
    _check_price(terms, subject)
    _check_throughput(terms, subject)
    return dataclasses.replace(terms, ends_at=terms.last_moment)


def _completed(terms: CommitmentTerms, currencies: Mapping[str, str]) -> CommitmentTerms:
    check_member(terms.provider, "Provider", tuple(sorted(currencies)))
    commitment_id = check_text(terms.commitment_id, "Commitment")
    subject = f"Commitment {commitment_id} of {terms.provider}"
    if terms.currency != currencies[terms.provider]:
        raise FinopsError(
            f"{subject}: currency {terms.currency}, but {terms.provider} bills in {currencies[terms.provider]}, and "
            "nothing is converted",
            remedy=f"Give the order in {currencies[terms.provider]}.",
        )
    texts = {
        name: None if value is None else check_text(value, f"{subject}: {name}", max_length=length)
        for name, value, length in (
            ("contract_id", terms.contract_id, 255),
            ("commitment_type", terms.commitment_type, 63),
            ("name", terms.name, 255),
            ("resource_id", terms.resource_id, 255),
            ("model", terms.model, 255),
            ("region", terms.region, 63),
        )
    }
    texts["contract_id"] = texts["contract_id"] or commitment_id
    texts["commitment_type"] = (
        texts["commitment_type"]
        or _TYPES.get((terms.provider, terms.meter))
        or _TYPES.get(terms.meter, "Capacity Commitment")
    )
    return dataclasses.replace(terms, commitment_id=commitment_id, **texts)  # type: ignore[arg-type]


def _check_dates(terms: CommitmentTerms, subject: str) -> None:
    for name in ("starts_at", "ends_at", "ended_at"):
        moment = getattr(terms, name)
        if moment is not None and (moment.utcoffset() != dt.timedelta(0) or moment.microsecond):
            raise FinopsError(
                f"{subject}: {name} {moment.isoformat()} is no moment in UTC and whole seconds",
                remedy="Write it as 2026-10-01T00:00:00Z.",
            )
    try:
        latest = term_end(terms.starts_at, terms.term)
    except (ValueError, OverflowError):
        raise FinopsError(
            f"{subject}: a term {terms.term} from {terms.starts_at:%Y-%m-%d} has no end", remedy="Correct the start."
        ) from None
    last = terms.last_moment
    if not terms.starts_at < last <= latest:
        raise FinopsError(
            f"{subject}: a term {terms.term} from {terms.starts_at:%Y-%m-%d %H:%M} ends on {latest:%Y-%m-%d %H:%M} UTC "
            f"at the latest, not on {last:%Y-%m-%d %H:%M}",
            remedy="Leave out the end, give an earlier one, or give the term that was ordered.",
        )
    if terms.ended_at is not None and not terms.starts_at < terms.ended_at <= last:
        raise FinopsError(
            f"{subject}: it cannot have stopped at {terms.ended_at:%Y-%m-%d %H:%M} UTC, outside its term from "
            f"{terms.starts_at:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M}",
            remedy="Give a moment within the term; an order that never began is removed instead: "
            "genai-finops commitment remove.",
        )


def _check_place(terms: CommitmentTerms, subject: str) -> None:
    if (terms.applies_to == "resource") != (terms.resource_id is not None):
        raise FinopsError(
            f"{subject}: applies_to is {terms.applies_to}, and the resource is {terms.resource_id or 'not given'}",
            remedy="Name the resource exactly when the order is for one: applies_to resource.",
        )


def _check_price(terms: CommitmentTerms, subject: str) -> None:
    if (terms.upfront_share is not None) != (terms.payment == "partial_upfront"):
        raise FinopsError(
            f"{subject}: payment {terms.payment} and an upfront share of {terms.upfront_share or 'nothing'}",
            remedy="Give a share between 0 and 1 with partial_upfront, and with no other payment.",
        )
    if terms.upfront_share is not None:
        check_decimal(terms.upfront_share, f"{subject}: upfront share", decimals=9, digits=9)
        _check_positive(terms.upfront_share, f"{subject}: upfront share")
        if terms.upfront_share >= 1:
            raise FinopsError(
                f"{subject}: an upfront share of {terms.upfront_share} is all of it", remedy="Use payment upfront."
            )
    if terms.payment == "monthly" and not has_months(terms.term):
        raise FinopsError(
            f"{subject}: a term {terms.term} has no months to pay by",
            remedy="Use payment upfront or hourly, or another term.",
        )
    if (terms.agreed_unit_price is None) != (terms.agreed_price_period is None):
        raise FinopsError(
            f"{subject}: agreed price {terms.agreed_unit_price}, for the period {terms.agreed_price_period}",
            remedy="Give both, or neither: the price table then decides.",
        )
    if terms.agreed_unit_price is None:
        return
    check_decimal(terms.agreed_unit_price, f"{subject}: agreed price", decimals=12, digits=12)
    period = terms.agreed_price_period
    if period == "month" and not has_months(terms.term):
        raise FinopsError(
            f"{subject}: a price of a month, and a term {terms.term} has none",
            remedy="Give it for the hour or the term.",
        )
    if period != "hour" and terms.payment == "hourly":
        raise FinopsError(
            f"{subject}: payment hourly has a price of an hour, not of a {period}",
            remedy="Give the price of one unit for an hour, or the payment monthly or upfront.",
        )


def _check_throughput(terms: CommitmentTerms, subject: str) -> None:
    if (terms.tokens_per_minute is None) == bool(terms.weights):
        raise FinopsError(
            f"{subject}: {len(terms.weights)} weights of tokens, and the tokens per minute of a unit are "
            f"{terms.tokens_per_minute or 'not given'}",
            remedy="Give both, or neither: genai_capacity_throughput.csv then decides.",
        )
    if terms.meter == _THROUGHPUT and terms.tokens_per_minute is None:
        raise FinopsError(
            f"{subject}: what a throughput unit serves is in the contract only",
            remedy="Give the tokens per minute of one unit, and the weights: uncached_input=1, output=5.",
        )
    if terms.tokens_per_minute is None:
        return
    if terms.model is None:
        raise FinopsError(f"{subject}: tokens per minute are of one model, and none is given", remedy="Give the model.")
    check_decimal(terms.tokens_per_minute, f"{subject}: tokens per minute", decimals=6, digits=20)
    _check_positive(terms.tokens_per_minute, f"{subject}: tokens per minute")
    token_meters = tuple(meter.name for meter in METERS.values() if meter.kind == "tokens")
    seen = set()
    for entry in terms.weights:
        check_member(entry.token_meter, f"{subject}: token meter", token_meters)
        check_decimal(entry.weight, f"{subject}: weight of {entry.token_meter}", decimals=9, digits=9)
        key = entry.token_meter, entry.context_tokens_above
        if key in seen or entry.context_tokens_above < 0:
            raise FinopsError(
                f"{subject}: weight of {entry.token_meter} for prompts above {entry.context_tokens_above} tokens is "
                "given twice, or for a negative length",
                remedy="Give one weight for each meter and length of prompt.",
            )
        seen.add(key)


def _check_positive(value: Decimal, what: str) -> None:
    if not value > 0:
        raise FinopsError(f"{what} {value} is not above 0", remedy="Give a number above 0.")
