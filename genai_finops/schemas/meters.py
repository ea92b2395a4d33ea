"""The registry of meters: what is counted, in which unit, and in which block it is priced.

A price is always quoted per pricing block of its meter (dollars per 1,000,000 tokens), so that a per-thousand figure under
a per-million key cannot be expressed. Blocks are powers of ten: a quantity divided by its block is then an exact decimal.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

MeterKind = Literal["tokens", "tool", "media", "storage", "capacity", "accelerator", "statistic", "gauge", "unmapped"]
Modality = Literal["text", "audio", "image", "video"]
EstimateReason = Literal["unknown_cache_share", "unknown_cache_lifetime"]


@dataclass(frozen=True, slots=True)
class Parts:
    """The meters that another one adds up, for models that the list gives no rate of that one: the meter whose price is taken,
    the meter whose price is the other bound, and the reason that the amount is estimated for where the two differ.
    """

    priced_as: str
    bounded_by: str
    reason: EstimateReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """One meter. `pricing_block` is the number of consumed units in one pricing unit."""

    name: str
    kind: MeterKind
    #: FOCUS SkuMeter.
    sku_meter: str
    #: FOCUS ConsumedUnit.
    consumed_unit: str
    #: FOCUS PricingUnit.
    pricing_unit: str
    pricing_block: int
    #: A statistic (requests) is counted but never charged by itself.
    is_billable: bool = True
    token_direction: Literal["Input", "Output"] | None = None
    token_cache_action: Literal["Uncached", "Read", "Write"] | None = None
    modality: Modality | None = None
    #: Whether a price list can have a rate of the meter itself.
    is_rated: bool = True
    #: For a meter that adds up what a price list may keep apart.
    parts: Parts | None = None

    @property
    def per_block(self) -> Decimal:
        """Exact reciprocal of the pricing block."""
        return Decimal(1) / Decimal(self.pricing_block)


_MILLION = 1_000_000
_MODALITIES: tuple[Modality, ...] = ("text", "audio", "image", "video")


def _parts_of(name: str, suffix: str) -> Parts | None:
    if name == "input":
        # Uncached is the price that is never too low; all of it read from the cache is the other bound.
        return Parts(f"uncached_input{suffix}", f"cache_read{suffix}", "unknown_cache_share")
    if name == "cache_write":
        # Five minutes is the lifetime that is written without asking for another.
        return Parts("cache_write_5m", "cache_write_1h", "unknown_cache_lifetime")
    return None


def _token_meters() -> list[Meter]:
    bases: list[tuple[str, str, Literal["Input", "Output"], Literal["Uncached", "Read", "Write"] | None, bool]] = [
        ("uncached_input", "Input Tokens", "Input", "Uncached", True),
        ("cache_read", "Cached Input Tokens", "Input", "Read", True),
        # Input of which the provider does not say how much was read from a cache.
        ("input", "Input Tokens (cached share not reported)", "Input", None, True),
        ("cache_write", "Cache Write Input Tokens", "Input", "Write", False),
        ("cache_write_5m", "Cache Write Input Tokens (5 minutes)", "Input", "Write", False),
        ("cache_write_1h", "Cache Write Input Tokens (1 hour)", "Input", "Write", False),
        ("output", "Output Tokens", "Output", None, True),
        ("output_reasoning", "Reasoning Output Tokens", "Output", None, False),
    ]
    meters = []
    for name, sku_meter, direction, action, has_modalities in bases:
        for modality in _MODALITIES if has_modalities else _MODALITIES[:1]:
            suffix = "" if modality == "text" else f"_{modality}"
            prefix = "" if modality == "text" else f"{modality.capitalize()} "
            meters.append(
                Meter(
                    name=f"{name}{suffix}",
                    kind="tokens",
                    sku_meter=f"{prefix}{sku_meter}",
                    consumed_unit="Tokens",
                    pricing_unit="1000000 Tokens",
                    pricing_block=_MILLION,
                    token_direction=direction,
                    token_cache_action=action,
                    modality=modality,
                    is_rated=name != "input",
                    parts=_parts_of(name, suffix),
                )
            )
    return meters


_OTHERS = [
    Meter(
        name="embedding_input",
        kind="tokens",
        sku_meter="Embedding Input Tokens",
        consumed_unit="Tokens",
        pricing_unit="1000000 Tokens",
        pricing_block=_MILLION,
        token_direction="Input",
    ),
    Meter(
        name="moderation_input",
        kind="tokens",
        sku_meter="Moderation Input Tokens",
        consumed_unit="Tokens",
        pricing_unit="1000000 Tokens",
        pricing_block=_MILLION,
        token_direction="Input",
    ),
    Meter(
        name="image", kind="media", sku_meter="Images", consumed_unit="Images", pricing_unit="Images", pricing_block=1
    ),
    Meter(
        name="character",
        kind="media",
        sku_meter="Characters",
        consumed_unit="Characters",
        pricing_unit="1000000 Characters",
        pricing_block=_MILLION,
    ),
    Meter(
        name="audio_second",
        kind="media",
        sku_meter="Audio Duration",
        consumed_unit="Seconds",
        pricing_unit="Seconds",
        pricing_block=1,
    ),
    Meter(
        name="web_search",
        kind="tool",
        sku_meter="Web Searches",
        consumed_unit="Requests",
        pricing_unit="1000 Requests",
        pricing_block=1000,
    ),
    Meter(
        name="file_search",
        kind="tool",
        sku_meter="File Searches",
        consumed_unit="Requests",
        pricing_unit="1000 Requests",
        pricing_block=1000,
    ),
    Meter(
        name="container_session",
        kind="tool",
        sku_meter="Container Sessions",
        consumed_unit="Sessions",
        pricing_unit="Sessions",
        pricing_block=1,
    ),
    # OpenAI reports bytes held, without saying whether a bucket is a mean, a maximum or a sum: no price list meter
    # fits, so the row stays unpriced and the money comes from the reported costs.
    Meter(
        name="storage_byte",
        kind="storage",
        sku_meter="Stored Bytes",
        consumed_unit="B",
        pricing_unit="B",
        pricing_block=1,
    ),
    # Lists quote it per million, but the official FOCUS validator refuses a number before a unit of amount and time.
    Meter(
        name="cache_storage_token_hour",
        kind="storage",
        sku_meter="Cache Storage",
        consumed_unit="Token-Hours",
        pricing_unit="Token-Hours",
        pricing_block=1,
    ),
    # What a bill charges under a SKU that nothing maps. It has no rate, so that it is seen as unpriced instead of missing.
    Meter(
        name="unmapped",
        kind="unmapped",
        sku_meter="Unmapped Usage",
        consumed_unit="Units",
        pricing_unit="Units",
        pricing_block=1,
        is_rated=False,
    ),
    Meter(
        name="request",
        kind="statistic",
        sku_meter="Requests",
        consumed_unit="Requests",
        pricing_unit="Requests",
        pricing_block=1,
        is_billable=False,
    ),
]


def _capacity_meter(name: str, sku_meter: str, unit: str) -> Meter:
    return Meter(
        name=name, kind="capacity", sku_meter=sku_meter, consumed_unit=unit, pricing_unit=unit, pricing_block=1
    )


def _accelerator_meter(name: str, sku_meter: str, unit: str) -> Meter:
    return Meter(
        name=name, kind="accelerator", sku_meter=sku_meter, consumed_unit=unit, pricing_unit=unit, pricing_block=1
    )


def _statistic(name: str, sku_meter: str, unit: str, *, kind: Literal["statistic", "gauge"] = "statistic") -> Meter:
    return Meter(
        name=name,
        kind=kind,
        sku_meter=sku_meter,
        consumed_unit=unit,
        pricing_unit=unit,
        pricing_block=1,
        is_billable=False,
        is_rated=False,
    )


_CAPACITY = [
    # Reserved or provisioned throughput, counted by the hour whether it is used or not; of GSU what was drawn.
    _capacity_meter("ptu_hour", "Provisioned Throughput", "PTU-Hours"),
    _capacity_meter("model_unit_hour", "Provisioned Throughput Model Units", "Model Unit-Hours"),
    _capacity_meter("gsu_hour", "Provisioned Throughput GSU", "GSU-Hours"),
    # Tokens per minute that a contract names as one unit (OpenAI Scale Tier, Anthropic Priority Tier).
    _capacity_meter("throughput_unit_hour", "Committed Throughput", "Throughput Unit-Hours"),
    _accelerator_meter("gpu_hour", "GPU Hours", "GPU-Hours"),
    _accelerator_meter("tpu_chip_hour", "TPU Chip Hours", "Chip-Hours"),
    _accelerator_meter("node_hour", "Instance Hours", "Hours"),
    # Mean load in percent of the capacity, times the capacity: unlike a percentage it can be added up.
    _statistic("busy_unit_hour", "Loaded Capacity", "Unit-Hours"),
    # Highest load of the period in percent. It cannot be added up, so it stays out of the tables by day.
    _statistic("peak_utilization", "Peak Utilization", "Percent", kind="gauge"),
    # Tokens after the provider's weights for kinds of tokens, and those that the capacity could have served.
    _statistic("weighted_token", "Weighted Tokens", "Tokens"),
    _statistic("capacity_token", "Capacity in Weighted Tokens", "Tokens"),
    # Requests that exceeded the capacity and were served, at pay-as-you-go prices, by another deployment; those refused.
    _statistic("spillover_request", "Spilled-over Requests", "Requests"),
    _statistic("throttled_request", "Throttled Requests", "Requests"),
]

METERS: dict[str, Meter] = {meter.name: meter for meter in (*_token_meters(), *_OTHERS, *_CAPACITY)}

#: Capacity that is paid by the hour, and what pays for accelerators: priced by the capacity price book.
CAPACITY_METERS = tuple(meter.name for meter in _CAPACITY if meter.kind == "capacity")
ACCELERATOR_METERS = tuple(meter.name for meter in _CAPACITY if meter.kind == "accelerator")
#: What cannot be added up over time.
GAUGES = tuple(meter.name for meter in _CAPACITY if meter.kind == "gauge")
