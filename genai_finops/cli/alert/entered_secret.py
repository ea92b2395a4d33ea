"""A secret that is entered on a terminal, through a pipe or from a file; never as an argument."""

import sys
from pathlib import Path

import click

from genai_finops.control.secret import Secret
from genai_finops.errors import FinopsError


def entered_secret(*, from_stdin: bool, path: Path | None) -> Secret | None:
    """The secret, None where none is given. Raises FinopsError when the file cannot be read or holds nothing."""
    if path is not None:
        text = _read_file(path)
    elif not from_stdin:
        return None
    elif sys.stdin.isatty():
        text = str(click.prompt("Secret", hide_input=True))
    else:
        text = sys.stdin.read()
    if not text.strip():
        raise FinopsError("The secret is empty", remedy="Give the secret itself, on standard input or in the file.")
    return Secret.of(text.strip())


def _read_file(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        # Not chained: a decoding error carries the bytes.
        raise FinopsError(
            f"The secret file {path} cannot be read ({type(error).__name__})",
            remedy="Give a UTF-8 text file that you may read.",
        ) from None
