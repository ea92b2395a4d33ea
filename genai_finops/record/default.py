"""The recorder that the functions of the package use: made at the first request, closed at the end of the process."""

import atexit
import os
import threading
from collections.abc import Mapping

from genai_finops.errors import FinopsError
from genai_finops.record.configuration import Configuration, checked, from_environment
from genai_finops.record.recorder import Recorder
from genai_finops.record.sinks.sink import Sink


class _Default:
    """What is shared by the process."""

    def __init__(self) -> None:
        self.recorder: Recorder | None = None
        self.configuration: Configuration | None = None
        #: Reentrant: making a recorder runs code that may record.
        self.making = threading.RLock()


shared = _Default()


def recorder() -> Recorder:
    """The recorder of this process; by the environment where nothing is configured. Never raises.

    An environment that cannot be used is logged, and requests are dropped and counted.
    """
    with shared.making:
        if shared.recorder is None:
            try:
                configuration = from_environment()
                made = recorder_of(configuration)
            except FinopsError as failure:
                import logging  # noqa: PLC0415 # seldom needed

                logging.getLogger("genai_finops.record").warning("recording is off: %s", failure)
                configuration = Configuration()
                made = recorder_of(configuration)
            _use(made, configuration)
        return shared.recorder or recorder_of(Configuration())


def use(changes: Mapping[str, object]) -> None:
    """Record from here on by the environment with these fields changed, None for unchanged. Raises FinopsError."""
    named = {name: value for name, value in changes.items() if value is not None}
    configuration = checked(Configuration(**{**from_environment()._asdict(), **named}))
    made = recorder_of(configuration)
    with shared.making:
        before = shared.recorder
        _use(made, configuration)
    if before is not None:
        before.close(configuration.exit_seconds)


def recorder_of(configuration: Configuration) -> Recorder:
    """A recorder with its sink and metrics. Raises FinopsError where metrics are wanted and cannot be made."""
    meter = None
    if configuration.metrics:
        from genai_finops.record.metrics.meter import CostMeter  # noqa: PLC0415 # only where they are wanted
        from genai_finops.record.metrics.prices import RequestPrices  # noqa: PLC0415

        meter = CostMeter(
            RequestPrices(org=configuration.org),
            most_series=configuration.most_series,
            queue_size=configuration.queue_size,
            interval=configuration.flush_seconds,
        )
    return Recorder(
        sink=_sink(configuration),
        meter=meter,
        queue_size=configuration.queue_size,
        flush_seconds=configuration.flush_seconds,
        exit_seconds=configuration.exit_seconds,
    )


def _sink(configuration: Configuration) -> Sink | None:
    if configuration.to is None:
        return None
    if configuration.is_endpoint:
        from genai_finops.record.sinks.otlp import OtlpEndpoint  # noqa: PLC0415 # only where it is wanted

        return OtlpEndpoint(configuration.to, service=configuration.service, headers=configuration.headers)
    from pathlib import Path  # noqa: PLC0415

    from genai_finops.record.sinks.folder import Folder  # noqa: PLC0415

    return Folder(
        Path(configuration.to).expanduser(), service=configuration.service, durability=configuration.durability
    )


def _forked() -> None:
    # A thread of the parent may have held it.
    shared.making = threading.RLock()


os.register_at_fork(after_in_child=_forked)


def _use(made: Recorder, configuration: Configuration) -> None:
    if shared.configuration is None:
        atexit.register(_close_at_exit)
    shared.recorder, shared.configuration = made, configuration


def _close_at_exit() -> None:
    if shared.recorder is not None and shared.configuration is not None:
        shared.recorder.close(shared.configuration.exit_seconds)
