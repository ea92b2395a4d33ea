"""Options of a provider account: what its source must know besides the credential, such as regions or a table."""

import re
from collections.abc import Mapping

from genai_finops.control.changes import check_text
from genai_finops.errors import FinopsError

_MAX_VALUE_LENGTH = 2000
_MAX_OPTIONS = 50
#: Words of a key that name what must be encrypted; `key` as in access_key_id, `tokens` in plain plural.
_SECRET_WORDS = frozenset(
    {"secret", "secrets", "password", "passwords", "passphrase", "token", "tokens", "key", "keys"}
)
#: At the beginning of a word only: names of tables and projects may hold "risk-" or "desk-".
_SECRET_SHAPES = re.compile(
    r"PRIVATE KEY-----"
    r"|(?<![A-Za-z0-9])(sk-[A-Za-z0-9_-]{12,}|AIza[0-9A-Za-z_-]{20,}|ya29\.[0-9A-Za-z._-]+"
    r"|eyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]+|(?i:bearer)\s)"
)


def check_account_options(options: Mapping[str, str], subject: str) -> dict[str, str]:
    """The options without blanks around their values, by key.

    Raises FinopsError for a key that is no lower-case name, a value that is empty or longer than 2,000 characters, and
    for secrets: options are stored and listed as they are. A value that looks like a secret is not repeated.
    """
    if len(options) > _MAX_OPTIONS:
        raise FinopsError(
            f"{subject} has {len(options)} options", remedy=f"Give at most {_MAX_OPTIONS}; lists go into one option."
        )
    return {key: _check_value(key, options[key], subject) for key in sorted(options)}


def _check_value(key: str, value: str, subject: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", key):
        raise FinopsError(
            f"{subject}: option {key!r} is not a name",
            remedy="Use lower-case letters, digits and underscores; start with a letter.",
        )
    if not _SECRET_WORDS.isdisjoint(key.split("_")) or _SECRET_SHAPES.search(value):
        raise FinopsError(
            f"{subject}: option {key} looks like a secret, and options are stored unencrypted",
            remedy="Put it into the credential: genai-finops credential add ORG PROVIDER --secret-stdin.",
        )
    return check_text(value, f"{subject}: option {key}", max_length=_MAX_VALUE_LENGTH)
