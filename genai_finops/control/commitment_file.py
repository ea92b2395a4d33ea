"""Reading orders of reserved capacity from words: those of a command, or of a CSV or YAML file with lines.

CSV has one order a line, with the columns of `FIELDS`; those that a file does not need may be left out:

    org,provider,id,meter,model,region,quantity,term,starts_at,payment
    acme,gcp_vertex,order-7,gsu_hour,gemini-2.5-flash,europe-west4,10,P1M,2026-10-01,monthly

YAML has the same fields, with the organisation once:

    org: acme
    commitments:
      - {provider: openai, id: scale-1, meter: throughput_unit_hour, model: gpt-5, quantity: 4, term: P1Y,
         starts_at: 2026-10-01, payment: monthly, tokens_per_minute: 30000, weights: {uncached_input: 1, output: 4}}
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from genai_finops.control.commitment_rules import CommitmentTerms, TokenWeight
from genai_finops.control.record_file import read_records
from genai_finops.errors import FinopsError

_REQUIRED = ("org", "provider", "id", "meter", "quantity", "term", "starts_at", "payment")
_TEXTS = (
    *("provider", "id", "contract", "name", "type", "meter", "scope", "applies_to", "resource", "model", "region"),
    *("term", "payment", "price_period", "currency"),
)
_NUMBERS = ("quantity", "upfront_share", "price", "tokens_per_minute")
_MOMENTS = ("starts_at", "ends_at", "ended_at")
#: Where the terms name a field otherwise.
_NAMES = {
    "id": "commitment_id",
    "contract": "contract_id",
    "type": "commitment_type",
    "resource": "resource_id",
    "price": "agreed_unit_price",
    "price_period": "agreed_price_period",
    "renewed": "is_renewed",
}
_OPTIONAL = tuple(name for name in (*_TEXTS, *_NUMBERS, *_MOMENTS) if name not in _REQUIRED)
FIELDS = (*_REQUIRED, "account", *_OPTIONAL, "renewed", "weights")
_FLAGS = {"true": True, "yes": True, "false": False, "no": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitmentRecord:
    """One order of a file."""

    line: int
    org_slug: str
    #: None: the only account of the organisation at the provider.
    account_id: str | None
    terms: CommitmentTerms


def read_terms(fields: Mapping[str, str], currencies: Mapping[str, str]) -> CommitmentTerms:
    """The terms that fields of words say; without a currency that of the provider's price list.

    Moments are UTC: a day as 2026-10-01 is its midnight, another zone is converted. Raises FinopsError that names the
    field and what to write.
    """
    unknown = sorted(set(fields) - set(FIELDS))
    if unknown:
        raise FinopsError(f"Unknown fields {', '.join(unknown)}", remedy=f"Use: {', '.join(FIELDS)}.")
    missing = [name for name in _REQUIRED if name != "org" and not fields.get(name)]
    if missing:
        raise FinopsError(f"{', '.join(missing)} missing", remedy="Every order needs them.")
    values: dict[str, object] = {name: text for name, text in fields.items() if name in _TEXTS}
    values |= {name: _number(name, text) for name, text in fields.items() if name in _NUMBERS}
    values |= {name: _moment(name, text) for name, text in fields.items() if name in _MOMENTS}
    if "renewed" in fields:
        if fields["renewed"].lower() not in _FLAGS:
            raise FinopsError(f"renewed is {fields['renewed']!r}", remedy="Write true or false.")
        values["renewed"] = _FLAGS[fields["renewed"].lower()]
    values["weights"] = tuple(_weight(text) for text in fields.get("weights", "").split())
    values.setdefault("currency", currencies.get(fields["provider"], ""))
    return CommitmentTerms(**{_NAMES.get(name, name): value for name, value in values.items()})  # type: ignore[arg-type]


def parse_commitments(path: Path, currencies: Mapping[str, str]) -> tuple[list[CommitmentRecord], list[str]]:
    """The orders of the file that can be read, and the faults of the others as `line N: ...`.

    Raises FinopsError when the file cannot be read, or is not of a known form.
    """
    records, faults = [], []
    for line, fields in read_records(path, "commitments"):
        try:
            terms = read_terms(fields, currencies)
        except FinopsError as error:
            faults.append(f"line {line}: {error.message}. {error.remedy}")
            continue
        if "org" in fields:
            account_id = fields.get("account")
            records.append(CommitmentRecord(line=line, org_slug=fields["org"], account_id=account_id, terms=terms))
        else:
            faults.append(f"line {line}: org missing. Name the organisation of the order.")
    return records, faults


def _number(name: str, text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise FinopsError(f"{name} is {text!r}, no number", remedy="Write it as 12.5.") from None


def _moment(name: str, text: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise FinopsError(
            f"{name} is {text!r}, no day and no moment", remedy="Write it as 2026-10-01 or 2026-10-01T00:00:00Z."
        ) from None
    is_day = len(text) == len("2026-10-01")
    if moment.tzinfo is None and not is_day:
        raise FinopsError(f"{name} is {text!r}, without a zone", remedy="Write it as 2026-10-01T00:00:00Z.")
    return moment.replace(tzinfo=dt.UTC) if is_day else moment.astimezone(dt.UTC)


def _weight(text: str) -> TokenWeight:
    key, is_pair, weight = text.partition("=")
    meter, is_band, above = key.partition(">")
    if not is_pair or (is_band and not above.isdecimal()):
        raise FinopsError(
            f"weights has {text!r}, no weight of a meter",
            remedy="Write it as uncached_input=1 uncached_input>200000=2.",
        )
    return TokenWeight(
        token_meter=meter, weight=_number("weight", weight), context_tokens_above=int(above) if is_band else 0
    )
