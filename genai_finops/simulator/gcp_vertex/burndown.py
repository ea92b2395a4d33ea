"""What a GSU serves: tokens per second after weights, typed from Google's page of supported models."""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

Weights = Mapping[str, Decimal]


class Throughput(NamedTuple):
    """Weighted tokens per second of one GSU, and the weights of short and of long prompts by meter."""

    per_second: int
    short: Weights
    long: Weights


def _weights(**by_meter: str) -> Weights:
    return {meter: Decimal(weight) for meter, weight in by_meter.items()}


def _claude(per_second: int) -> Throughput:
    short = _weights(uncached_input="1", cache_read="0.1", cache_write_5m="1.25", cache_write_1h="2", output="5")
    long = _weights(uncached_input="2", cache_read="0.2", cache_write_5m="2.5", cache_write_1h="4", output="7.5")
    return Throughput(per_second, short, long)


_FLASH = _weights(input="1", input_audio="4", output="9")
_THROUGHPUTS: Mapping[str, Throughput] = {
    "gemini-2.5-pro": Throughput(650, _weights(input="1", output="8"), _weights(input="2", output="12")),
    "gemini-2.5-flash": Throughput(2690, _FLASH, _FLASH),
    "claude-sonnet-4-5@20250929": _claude(350),
    "claude-haiku-4-5@20251001": _claude(1050),
}


def throughput_of(model: str) -> Throughput | None:
    """None for a model of which no GSU is sold here."""
    return _THROUGHPUTS.get(model)


def weighted(throughput: Throughput, meter: str, quantity: int, *, is_long: bool) -> int:
    """Whole weighted tokens of a quantity of a meter; requests weigh nothing."""
    return int((throughput.long if is_long else throughput.short).get(meter, Decimal(0)) * quantity)
