"""Where the master keys come from: GENAI_FINOPS_MASTER_KEY, or else a generated file that only its owner reads.

The file holds one base64 key a line, the current one first. It is replaced as a whole or not at all.
"""

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from genai_finops.control.encryption import Keyring, MasterKey
from genai_finops.errors import FinopsError
from genai_finops.settings import Settings

_VARIABLE = "GENAI_FINOPS_MASTER_KEY"
_HOW_TO_MAKE_A_KEY = "Make a key with: openssl rand -base64 32."


def load_keyring(settings: Settings, *, may_create: bool) -> Keyring:
    """The keys at hand. With may_create, a missing key file is generated.

    Raises FinopsError when a key is malformed, or the file is missing, unreadable or readable by others.
    """
    variable = settings.master_key_variable
    if variable is not None:
        return Keyring(_parse(variable.split(","), _VARIABLE, _HOW_TO_MAKE_A_KEY), _VARIABLE)
    path = settings.master_key_path
    if may_create and not path.exists():
        _create(path)
    return Keyring(_read(path), f"the key file {path}")


def prepend_key(path: Path, key: MasterKey) -> None:
    """Makes the key the current one of the file; the old ones stay."""
    _replace(path, (key, *_read(path)))


def retire_old_keys(path: Path) -> None:
    """Drops all keys of the file but the current one."""
    _replace(path, _read(path)[:1])


@contextmanager
def key_file_lock(path: Path) -> Iterator[None]:
    """Held while the file is read and then rewritten."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f"{path.name}.lock"), mode=0o600):
        yield


def _read(path: Path) -> tuple[MasterKey, ...]:
    try:
        with path.open(encoding="utf-8") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                raise FinopsError(
                    f"The key file {path} has the mode {mode:04o}: others may have read the master key",
                    remedy=f"Run: chmod 600 {path}; and then: genai-finops credential rotate-key.",
                )
            lines = file.read().splitlines()
    except FileNotFoundError:
        raise FinopsError(
            f"The key file {path} of the encrypted credentials does not exist",
            remedy=f"Restore it, or set {_VARIABLE} to the key it held.",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise FinopsError(
            f"The key file {path} cannot be read ({type(error).__name__})",
            remedy=f"Make it readable for the user who runs genai-finops, or set {_VARIABLE}.",
        ) from None
    return _parse(lines, f"the key file {path}", "Restore the file from a backup.")


def _parse(texts: list[str], origin: str, remedy: str) -> tuple[MasterKey, ...]:
    keys = []
    for number, text in enumerate(texts, start=1):
        try:
            keys.append(MasterKey.parse(text))
        except ValueError as error:
            raise FinopsError(f"Key {number} of {origin} is malformed: {error}", remedy=remedy) from None
    if not keys:
        raise FinopsError(f"There is no key in {origin}", remedy=remedy)
    return tuple(keys)


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = _write_aside(path, (MasterKey.generate(),))
    try:
        # A link fails where a file exists: of two processes that start at once, both end up with the first one's key.
        path.hardlink_to(aside)
    except FileExistsError:
        return
    finally:
        aside.unlink()
    _sync_folder(path.parent)


def _replace(path: Path, keys: tuple[MasterKey, ...]) -> None:
    aside = _write_aside(path, keys)
    try:
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _write_aside(path: Path, keys: tuple[MasterKey, ...]) -> Path:
    # mkstemp makes the file with mode 0600.
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write("".join(f"{key.text}\n" for key in keys))
        file.flush()
        os.fsync(file.fileno())
    return Path(name)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
