"""What the text of an Azure meter means: model, meter, tier, where it is processed, length of the prompt.

The text is irregular: `gpt 4.1 cached Inp glbl Tokens`, `gpt-4o-0806-Outp-regnl Tokens`, `5.4 longco cd inp Dz 1M`.
Every word of it has to be in one of the tables below, else the meter is not matched: what is fine-tuned, trained,
hosted, heard or painted has other words in the same places, and other prices.
"""

import re
from dataclasses import dataclass
from decimal import Decimal, Inexact, localcontext

from genai_finops.schemas.meters import METERS

#: Geography of a data zone meter, until its region says which zone.
DATA_ZONE = "data_zone"
_EMBEDDING = "embedding_input"
#: Prompts longer than this cost what meters of LongCo say. This list does not say the length; OpenAI's does.
_LONG_CONTEXT = 272_000

#: OpenAI's families of products. Media is left out: its meters are images, audio and video.
_PRODUCTS = re.compile(r"Azure OpenAI(?: GPT\d+| Reasoning| Embedding| OSS Models| PP FT GPT4s)?")
_SEPARATORS = re.compile(r"[-_\s]+")


def _words(**meanings: str) -> re.Pattern[str]:
    """One alternative for each meaning, of whole words; the first that fits decides."""
    return re.compile("|".join(rf"(?P<{meaning}>(?<!\S)(?:{words})(?!\S))" for meaning, words in meanings.items()))


_GEOGRAPHIES = _words(
    **{"global": "global|glbl|gl", DATA_ZONE: "data ?zone|dzone|dz", "regional": "regional|regnl|rgnl"}
)
_DIRECTIONS = _words(
    cache_write="cd wr",
    cache_read="(?:cached|c?cchd|cd) (?:input|inpt|inp)|(?:input|inpt|inp) (?:cached|cchd)",
    uncached_input="input|inpt|inp",
    output="output|outpt|outp|out|opt",
)
_TIERS = _words(priority="pp", batch="batch", flex="flex", standard="std")
_CONTEXTS = _words(short="shortco", long="longco")
_BLOCKS = _words(million="1m", thousand="1k")
_NOISE = _words(noise="tokens|token")

#: Models by what is left of the text: (pattern, model, whether it has a rate for long prompts). No two of them are one
#: model for the alias rules, which would then have two prices of it: gpt-5-codex, which is gpt-5 there, is not here.
_MODELS: tuple[tuple[re.Pattern[str], str, bool], ...] = tuple(
    (re.compile(pattern), model, is_long)
    for pattern, model, is_long in (
        (r"gpt 4 8k", "gpt-4", False),
        (r"gpt 4 32k", "gpt-4-32k", False),
        (r"gpt 4 turbo ?128k", "gpt-4-turbo", False),
        (r"(?:gpt ?)?4o 0513", "gpt-4o-2024-05-13", False),
        # The versions of August and November 2024 have the same prices, and one name in the catalogue.
        (r"(?:gpt ?)?4o(?: 0806| 1120)", "gpt-4o", False),
        (r"(?:gpt ?)?4o ?mini(?: 0718)?", "gpt-4o-mini", False),
        (r"(?:gpt )?4\.1", "gpt-4.1", False),
        (r"(?:gpt )?4\.1 mini", "gpt-4.1-mini", False),
        (r"(?:gpt )?4\.1 nano", "gpt-4.1-nano", False),
        (r"gpt 4\.5(?: 0227)?", "gpt-4.5-preview", False),
        (r"gpt 5", "gpt-5", False),
        (r"gpt 5 mini", "gpt-5-mini", False),
        (r"gpt 5 nano", "gpt-5-nano", False),
        (r"gpt 5 pro", "gpt-5-pro", False),
        (r"(?:gpt )?5\.1", "gpt-5.1", False),
        (r"(?:gpt )?5\.1 codex mini", "gpt-5.1-codex-mini", False),
        (r"(?:gpt )?5\.2", "gpt-5.2", False),
        (r"(?:gpt )?5\.2 pro", "gpt-5.2-pro", False),
        (r"(?:gpt )?5\.3 codex", "gpt-5.3-codex", False),
        (r"(?:gpt )?5\.4", "gpt-5.4", True),
        (r"(?:gpt )?5\.?4 mini", "gpt-5.4-mini", False),
        (r"(?:gpt )?5\.?4 nano", "gpt-5.4-nano", False),
        (r"(?:gpt )?5\.4 pro", "gpt-5.4-pro", True),
        (r"(?:gpt )?5\.5", "gpt-5.5", True),
        (r"(?:gpt )?5\.5 pro", "gpt-5.5-pro", True),
        (r"(?:gpt )?5\.6 sol", "gpt-5.6-sol", True),
        (r"(?:gpt )?5\.6 terra", "gpt-5.6-terra", True),
        (r"(?:gpt )?5\.6 luna", "gpt-5.6-luna", True),
        (r"(?:gpt )?6 astra", "gpt-6-astra", True),
        (r"(?:gpt )?6 sol", "gpt-6-sol", True),
        (r"(?:gpt )?6 luna", "gpt-6-luna", True),
        (r"(?:gpt )?6\.1 sol", "gpt-6.1-sol", True),
        (r"(?:gpt )?6\.1 terra", "gpt-6.1-terra", True),
        (r"o1(?: 1217)?", "o1", False),
        (r"o1 mini", "o1-mini", False),
        (r"o1 preview", "o1-preview", False),
        (r"o1 pro", "o1-pro", False),
        (r"o3(?: 0416)?", "o3", False),
        (r"o3 mini(?: 0131)?", "o3-mini", False),
        (r"o3 pro", "o3-pro", False),
        (r"o3 deep research(?: 0626)?", "o3-deep-research", False),
        (r"o4 mini(?: 0416)?", "o4-mini", False),
        (r"codex mini", "codex-mini", False),
        (r"gpt oss 120b", "gpt-oss-120b", False),
        (r"gpt oss 20b", "gpt-oss-20b", False),
    )
)
_EMBEDDINGS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?:text )?embedding 3 small"), "text-embedding-3-small"),
    (re.compile(r"(?:text )?embedding 3 large"), "text-embedding-3-large"),
    (re.compile(r"(?:text )?embedding ada(?: 002)?"), "text-embedding-ada-002"),
)
_TOOLS: tuple[tuple[re.Pattern[str], str], ...] = ((re.compile(r"file search tool calls(?: calls)?"), "file_search"),)

#: Capacity by the hour, whatever model it serves.
_COMMITMENT = re.compile(r"\bprovisioned (?:managed|throughput)\b", re.IGNORECASE)
#: Units that count something: how many of it one price buys.
_COUNTED_UNITS = {"1": 1, "100": 100, "1K": 1000, "1M": 1_000_000}
#: Units of time: no meter that is priced here is counted in them.
_TIMED_UNITS = frozenset({"1/Hour", "1 Hour", "1 Second", "1/Day", "1 Day", "1/Month", "1 Month"})


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterReading:
    """What a meter's text says. `geography` is global, regional, or DATA_ZONE."""

    #: None for a tool, which no model decides.
    model_id: str | None
    meter: str
    service_tier: str
    geography: str
    context_tokens_above: int = 0
    context_tokens_up_to: int | None = None
    #: Consumed units that the text says its price is for; None where it says none.
    named_block: int | None = None


def known_models() -> tuple[str, ...]:
    """Every spelling of a model that a reading can have."""
    return tuple(model for _, model, _ in _MODELS) + tuple(model for _, model in _EMBEDDINGS)


def is_commitment(product: str, meter_name: str) -> bool:
    """Whether the meter is provisioned capacity, which is a commitment and no rate of tokens."""
    return bool(_COMMITMENT.search(product) or _COMMITMENT.search(meter_name))


def read_meter(product: str, meter_name: str) -> MeterReading | None:
    """What the text of a meter says; None for one that is not in the tables as a whole."""
    if not _PRODUCTS.fullmatch(product):
        return None
    text = _SEPARATORS.sub(" ", meter_name).strip().lower()
    geography, text = _taken(_GEOGRAPHIES, text)
    tier, text = _taken(_TIERS, text)
    context, text = _taken(_CONTEXTS, text)
    block, text = _taken(_BLOCKS, text)
    direction, text = _taken(_DIRECTIONS, text)
    _, text = _taken(_NOISE, text)
    if geography is None:
        return None
    named = {"million": 1_000_000, "thousand": 1000}[block] if block else None
    return _reading(text, direction, context, geography=geography, tier=tier or "standard", block=named)


def _taken(words: re.Pattern[str], text: str) -> tuple[str | None, str]:
    """The meaning that the text has of these, and the rest of it. A second one stays there, where no model has it."""
    found = words.search(text)
    if found is None:
        return None, text
    return found.lastgroup, " ".join(f"{text[: found.start()]} {text[found.end() :]}".split())


def _reading(
    text: str, direction: str | None, context: str | None, *, geography: str, tier: str, block: int | None
) -> MeterReading | None:
    for pattern, model, is_long in _MODELS:
        if pattern.fullmatch(text):
            # A band of a model without a known length of it is not guessed.
            if direction is None or (context and not is_long):
                return None
            above, up_to = (0, None) if not is_long else (0, _LONG_CONTEXT)
            if context == "long":
                above, up_to = _LONG_CONTEXT, None
            return MeterReading(
                model_id=model,
                meter=direction,
                service_tier=tier,
                geography=geography,
                context_tokens_above=above,
                context_tokens_up_to=up_to,
                named_block=block,
            )
    if context is not None:
        return None
    for pattern, model in _EMBEDDINGS:
        if pattern.fullmatch(text) and direction in {None, "uncached_input"}:
            return MeterReading(
                model_id=model, meter=_EMBEDDING, service_tier=tier, geography=geography, named_block=block
            )
    for pattern, meter in _TOOLS:
        if pattern.fullmatch(text) and direction is None:
            return MeterReading(model_id=None, meter=meter, service_tier=tier, geography=geography, named_block=block)
    return None


def counted_block(unit: str) -> int | None:
    """Consumed units that a price in this unit of measure buys; None where it counts nothing that is known."""
    return _COUNTED_UNITS.get(unit)


def is_timed(unit: str) -> bool:
    """Whether the unit of measure is one of time."""
    return unit in _TIMED_UNITS


def price_per_pricing_unit(price: Decimal, block: int, meter: str) -> Decimal:
    """The price of one pricing unit of `meter`, exactly, from the price of `block` consumed units.

    Raises decimal.Inexact where a price has more digits than can be kept.
    """
    with localcontext() as context:
        context.traps[Inexact] = True
        # Blocks are powers of ten: the division only moves the point.
        return price * METERS[meter].pricing_block / block
