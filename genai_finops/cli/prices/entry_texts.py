"""How the commands name what people enter."""

from genai_finops.control.models import PriceEntry

#: What a change of prices means, said after each.
NEXT_STEP = (
    "The next transform takes it into the price book; `transform --reprice` builds the days before again. To see "
    "first what it changes: `prices refresh --packaged`, then `prices diff`."
)


def owner(entry: PriceEntry) -> str:
    """Whom the entry is for."""
    if entry.org_slug is None:
        return "the platform"
    return f"{entry.org_slug}/{entry.account_id}" if entry.account_id else entry.org_slug
