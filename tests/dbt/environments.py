"""Virtual environments below `.venvs`, for what cannot stand beside our dependencies."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from filelock import FileLock


class NoEnvironmentError(Exception):
    """There is no environment, and none can be made; says why."""


def environment_below(
    root: Path,
    name: str,
    requirements: Sequence[str],
    *,
    candidates: Sequence[str] = (sys.executable,),
    seconds: float = 1200,
) -> Path:
    """The python of the environment with these requirements, which is made unless a run before has completed it.

    The first of the candidates that runs makes it. One that was left half-made is removed and made again. Runs that
    come at the same time wait for the one that makes it. Raises NoEnvironmentError, also after the seconds.
    """
    root.mkdir(exist_ok=True)
    folder = root / name
    python, stamp = folder / "bin" / "python", folder / "complete"
    with FileLock(root / f"{name}.lock"):
        # The stamp outlives the interpreter that the environment was made from, and python then leads nowhere.
        if stamp.exists() and python.exists():
            return python
        base = next((found for name in candidates for found in _interpreters(name) if _runs(found)), None)
        if base is None:
            raise NoEnvironmentError(f"it needs {' or '.join(candidates)}, and none on the path runs")
        stamp.unlink(missing_ok=True)
        if folder.exists():
            shutil.rmtree(folder)
        deadline = time.monotonic() + seconds
        _run([base, "-m", "venv", str(folder)], deadline)
        _run([str(python), "-m", "pip", "install", "--quiet", *requirements], deadline)
        stamp.touch()
    return python


def _interpreters(name: str) -> Iterator[str]:
    """Where a command of this name may lead: the path, and what a version manager has behind its shim of the name."""
    found = shutil.which(name)
    if found is None:
        return
    yield found
    if Path(found).parent.name == "shims":
        version = name.removeprefix("python")
        yield from map(str, sorted(Path(found).parents[1].glob(f"versions/{version}*/bin/{name}"), reverse=True))


def _runs(python: str) -> bool:
    # A version manager puts names on the path that lead to no interpreter.
    return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0


def _run(command: list[str], deadline: float) -> None:
    # Not a pipe: builds that pip starts could hold it open after pip has been stopped.
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True)
        try:
            code = process.wait(deadline - time.monotonic())
        except subprocess.TimeoutExpired:
            raise NoEnvironmentError(f"not done in time: {' '.join(command[1:4])}") from None
        finally:
            # Neither pip nor its builds may write on when the lock is given back.
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        errors.seek(0)
        if code != 0:
            raise NoEnvironmentError(errors.read().strip()[-200:])
