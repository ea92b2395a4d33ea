"""The pinned price file of LiteLLM (`model_prices_and_context_window.json`) as stated rates: the secondary source.

Prices are per single unit in the file, mostly in scientific notation; they are read from their text, so that 5e-06 a
token is exactly 5 a million. The file has no dates. An entry is one model of one provider; `sample_spec` is none.
"""

import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

from genai_finops.errors import FinopsError
from genai_finops.pricing.aliases import AliasRules, read_alias_rules
from genai_finops.pricing.sources.litellm_keys import (
    FACTORS_BY_NAME,
    TABLES,
    CostKey,
    FactorKey,
    read_key,
    read_named_factor,
    states_money,
)
from genai_finops.pricing.sources.litellm_merge import SameModels, merge_rates
from genai_finops.pricing.sources.litellm_models import UnsoldEntry, provider_of, sold_model
from genai_finops.pricing.sources.litellm_rates import Amount, EntryRates, Money, read_rates
from genai_finops.pricing.sources.statement import SkippedPrice, Statement

SOURCE = "litellm"
_SAMPLE = "sample_spec"
#: What one unit cannot cost, in any unit of the file: a bound below what the price column holds a million times.
_MOST = 100_000
#: Characters of a refused value that an error shows.
_SHOWN = 80
_REMEDY = "take model_prices_and_context_window.json of a released version of LiteLLM, unchanged"


class _WithDuplicates(dict[str, Any]):
    """A JSON object in which keys come twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        counts = Counter(key for key, _ in pairs)
        self.key = next(key for key, count in counts.items() if count > 1)
        self.values_of_key = [value for key, value in pairs if key == self.key]


def read_litellm(path: Path, retrieved_at: dt.datetime, *, rules: AliasRules | None = None) -> Statement:
    """What the file says about the providers of the platform, in US dollars.

    `rules` decide which entries are one model: by default those of the installed catalogue. A price of 0 is a rate only
    where all prices of the entry are 0; elsewhere the file writes it for what it has no price of. What has no rate is
    in `skipped`: each key of an entry of a provider of ours, and each other provider of LiteLLM as a whole.

    Raises FinopsError, with path, model, key, value and remedy, when the file cannot be read, is not a JSON object of
    objects, has a key twice, or has a cost that is negative or no number.
    """
    content, version = _read(path)
    entries: list[EntryRates] = []
    skipped: list[SkippedPrice] = []
    foreign: Counter[str] = Counter()
    for name, fields in content.items():
        if name == _SAMPLE:
            continue
        read = _entry(path, name, fields, foreign)
        if isinstance(read, EntryRates):
            entries.append(read)
            skipped.extend(
                SkippedPrice(provider=read.sold.provider, subject=f"{name}: {key}", reason=reason)
                for key, reason in read.skipped
            )
        elif read is not None:
            skipped.append(SkippedPrice(provider=read.provider, subject=name, reason=read.reason))
    rates, contradicted = merge_rates(entries, SameModels((rules or read_alias_rules()).rules))
    others = (
        SkippedPrice(provider=provider, subject=f"{count} models", reason="it is no provider of the platform")
        for provider, count in sorted(foreign.items())
    )
    return Statement(
        source=SOURCE,
        source_version=version,
        retrieved_at=retrieved_at,
        rates=rates,
        skipped=tuple(dict.fromkeys((*skipped, *contradicted, *others))),
    )


def _read(path: Path) -> tuple[Mapping[str, Any], str]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise FinopsError(
            f"the price file {path} cannot be read: {error.strerror or error}",
            remedy="correct the path of LiteLLM's price file, or unset it to do without",
        ) from error
    try:
        content = json.loads(raw, parse_float=Decimal, object_pairs_hook=_object)
    # ArithmeticError: a number beyond what decimals can hold.
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise FinopsError(f"the price file {path} is not JSON: {error}", remedy=_REMEDY) from error
    if not isinstance(content, dict):
        raise FinopsError(f"the price file {path} is {_shown(content)}, not an object of models", remedy=_REMEDY)
    if isinstance(content, _WithDuplicates):
        raise FinopsError(f"the price file {path} has the model {content.key} more than once", remedy=_REMEDY)
    return content, hashlib.sha256(raw).hexdigest()[:12]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _WithDuplicates(pairs)


def _entry(path: Path, name: str, fields: object, foreign: Counter[str]) -> EntryRates | UnsoldEntry | None:
    """None for an entry of another provider, which is counted."""
    if not isinstance(fields, dict):
        _refuse(path, name, "the entry", fields, "is not an object")
    litellm_provider = fields.get("litellm_provider")
    if not isinstance(litellm_provider, str):
        # Prices that hold for any provider are those of none.
        litellm_provider = "(none named)"
    provider = provider_of(litellm_provider)
    if provider is None:
        foreign[litellm_provider] += 1
        return None
    if isinstance(fields, _WithDuplicates):
        both = " and ".join(_shown(value) for value in fields.values_of_key)
        _refuse(path, name, fields.key, both, "is there more than once")
    regions = fields.get("supported_regions")
    sold = sold_model(name, provider, regions if isinstance(regions, list) else ())
    if isinstance(sold, UnsoldEntry):
        return sold
    mode = fields.get("mode")
    return read_rates(name, sold, mode if isinstance(mode, str) else None, dict(_checked(path, name, fields)))


def _checked(path: Path, name: str, fields: Mapping[str, object]) -> Iterator[tuple[str, Money]]:
    """The keys about money, with values that are numbers wherever the key is a price or a factor. Null is no price."""
    for key, value in fields.items():
        if not states_money(key) or value is None:
            continue
        if key in TABLES and isinstance(value, dict):
            yield key, _numbers(path, name, key, value)
        elif isinstance(read_key(key), CostKey | FactorKey):
            yield key, _number(path, name, key, value)
        else:
            # Not understood, so not known to be nothing: an entry with it is not one of nothing but zeros.
            yield key, value if isinstance(value, Decimal | int) else 1


def _numbers(path: Path, name: str, key: str, table: Mapping[str, object]) -> Mapping[str, Amount]:
    if isinstance(table, _WithDuplicates):
        both = " and ".join(_shown(each) for each in table.values_of_key)
        _refuse(path, name, f"{key}.{table.key}", both, "is there more than once")
    # Beside its factors, the table of a provider's own settings has texts and flags.
    settings = key == FACTORS_BY_NAME
    return {
        part: _number(path, name, f"{key}.{part}", value)
        for part, value in table.items()
        if not (settings and read_named_factor(part) is None and (isinstance(value, bool | str) or value is None))
    }


def _number(path: Path, name: str, key: str, value: object) -> Amount:
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        _refuse(path, name, key, value, "is not a number")
    if value < 0:
        _refuse(path, name, key, value, "is negative")
    if value >= _MOST:
        _refuse(path, name, key, value, "is no price of one unit")
    return value


def _refuse(path: Path, name: str, key: str, value: object, what: str) -> NoReturn:
    raise FinopsError(f"the price file {path}, model {name}: {key} {what}: {_shown(value)}", remedy=_REMEDY)


def _shown(value: object) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
