"""A secret in memory, and the schemes by which a credential may refer to one that is kept elsewhere."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from genai_finops.errors import FinopsError
from genai_finops.settings import Settings


class Secret:
    """A value that only `reveal` shows: not printing, formatting, comparing or pickling."""

    __slots__ = ("_read",)

    def __init__(self, read: Callable[[], str]) -> None:
        self._read: Final = read

    @classmethod
    def of(cls, value: str) -> "Secret":
        """A secret that is known already."""
        return cls(lambda: value)

    def reveal(self) -> str:
        """The value. A reference is resolved here and each time anew; raises FinopsError when it leads nowhere."""
        return self._read()

    def __repr__(self) -> str:
        return "Secret(***)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled: open it in the process that uses it")


#: Reads the value from the part of a reference after the colon. Raises FinopsError when there is none.
SecretResolver = Callable[[str, Settings], str]
#: Says what is wrong with the part after the colon, without repeating it; None when nothing is.
LocatorCheck = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class _Scheme:
    resolve: SecretResolver
    check: LocatorCheck


_SCHEMES: dict[str, _Scheme] = {}


def _anything(_locator: str) -> str | None:
    return None


def register_secret_scheme(name: str, resolver: SecretResolver, *, check: LocatorCheck = _anything) -> None:
    """Makes references `name:...` known. Raises ValueError when the name is taken or malformed."""
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,15}", name):
        raise ValueError(f"secret scheme {name!r} is not 1 to 16 lower-case letters, digits and hyphens")
    if name in _SCHEMES:
        raise ValueError(f"secret scheme {name!r} is registered already")
    _SCHEMES[name] = _Scheme(resolver, check)


def known_secret_schemes() -> tuple[str, ...]:
    """Names of the schemes that a reference may use, sorted."""
    return tuple(sorted(_SCHEMES))


def check_reference(reference: str) -> None:
    """Raises FinopsError when the reference has no known scheme or a malformed locator.

    The message never repeats the reference: people paste the secret itself here by mistake.
    """
    _scheme_of(reference)


def refer(reference: str, settings: Settings) -> Secret:
    """The secret that a reference leads to, read when it is revealed."""
    scheme, locator = _scheme_of(reference)
    return Secret(lambda: scheme.resolve(locator, settings))


def _scheme_of(reference: str) -> tuple[_Scheme, str]:
    name, separator, locator = reference.partition(":")
    scheme = _SCHEMES.get(name) if separator else None
    if scheme is None:
        raise FinopsError(
            "The reference to a secret has an unknown scheme",
            remedy=f"Write SCHEME:LOCATION with one of these schemes: {', '.join(known_secret_schemes())}.",
        )
    fault = scheme.check(locator)
    if fault is not None:
        raise FinopsError(f"The reference {name}:... {fault}", remedy=f"Correct what follows {name}: in the reference.")
    return scheme, locator


def _check_variable(locator: str) -> str | None:
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", locator):
        return None
    return "does not name an environment variable (letters, digits, underscores)"


def _read_variable(locator: str, settings: Settings) -> str:
    value = settings.environ.get(locator)
    if not value:
        raise FinopsError(
            f"The environment variable {locator} of the reference env:{locator} is not set",
            remedy=f"Set {locator} in the environment of the process that fetches.",
        )
    return value


def _check_file(locator: str) -> str | None:
    # Schedules run in another working folder than the command that adds the credential.
    return None if Path(locator).is_absolute() else "does not name an absolute path"


def _read_file(locator: str, _settings: Settings) -> str:
    try:
        value = Path(locator).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise FinopsError(
            f"The file of the reference file:{locator} cannot be read ({type(error).__name__})",
            remedy="Create the file, as UTF-8 text that the process that fetches may read.",
        ) from None
    if not value:
        raise FinopsError(f"The file of the reference file:{locator} is empty", remedy="Write the secret into it.")
    return value


register_secret_scheme("env", _read_variable, check=_check_variable)
register_secret_scheme("file", _read_file, check=_check_file)
