"""The canonical model of a spelling, for one that a person typed. Usage is resolved in SQL, by the same rules."""

import re

from genai_finops.pricing.aliases import AliasRules


def recognised_model(rules: AliasRules, provider: str, spelling: str) -> str | None:
    """The model that the lowest rule recognises in the spelling, in any case; None where none does."""
    lowered = spelling.lower()
    matching = [
        rule
        for rule in rules.rules
        if rule.provider == provider
        and re.search(rule.pattern, lowered)
        and not (rule.excluded_pattern and re.search(rule.excluded_pattern, lowered))
    ]
    return min(matching, key=lambda rule: rule.rank).model_id if matching else None
