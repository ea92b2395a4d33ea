"""Secrets are taken out of text before the text exists anywhere else.

No logging filter: what is never put into a message cannot leak through a handler that somebody adds later.
"""

import base64
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

MASK = "***"
#: Shorter strings occur in ordinary words; no provider issues a key of this length.
_SHORTEST_SECRET = 8
_KEY_SHAPES = re.compile(
    r"sk-[A-Za-z0-9_*-]{6,}"  # OpenAI and Anthropic, also partly masked by the provider
    r"|AIza[0-9A-Za-z_-]{20,}|ya29\.[0-9A-Za-z._-]+"  # Google API keys and access tokens
    r"|eyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]+\.?[0-9A-Za-z_-]*"  # JSON web tokens
    r"|(?i:bearer)\s+[^\s\"',;]{8,}"
)


class Redactor:
    """Replaces known secrets, in the encodings in which they travel, and anything that looks like a key."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._order({spelling for secret in secrets for spelling in _spellings_of(secret)})

    def _order(self, spellings: Iterable[str]) -> None:
        # Longest first: a spelling may contain another.
        self._spellings = sorted(spellings, key=len, reverse=True)

    def learn(self, secret: str) -> None:
        """Replace this one as well: a token or session key that came later."""
        self._order({*self._spellings, *_spellings_of(secret)})

    def __repr__(self) -> str:
        return f"Redactor({len(self._spellings)} spellings)"

    def clean(self, text: str) -> str:
        """The text without secrets."""
        for spelling in self._spellings:
            text = text.replace(spelling, MASK)
        return _KEY_SHAPES.sub(MASK, text)


def _spellings_of(secret: str) -> set[str]:
    if len(secret) < _SHORTEST_SECRET:
        return set()
    encoded = base64.b64encode(secret.encode()).decode()
    # repr() of a key file shows its line breaks escaped.
    escaped = repr(secret)[1:-1]
    return {secret, quote(secret, safe=""), quote_plus(secret), encoded, encoded.rstrip("="), escaped}
