"""How the commands of attribution print amounts."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any


def shown_cost(cost: Decimal) -> str:
    """An amount for a table; JSON has all of its digits."""
    return f"{cost:,.6f}"


def shown_share(part: Decimal, whole: Decimal) -> str:
    """A part of a whole as a percentage; a dash where there is no whole."""
    return f"{part / whole * 100:.1f} %" if whole else "-"


def json_lists(lists: Mapping[str, Sequence[Any]]) -> str:
    """Lists of dataclasses as JSON, decimals as texts without trailing zeros: a JSON number would not keep them."""
    return json.dumps(
        {name: [dataclasses.asdict(row) for row in rows] for name, rows in lists.items()}, indent=2, default=_text
    )


def _text(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
