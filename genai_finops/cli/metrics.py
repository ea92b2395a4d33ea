"""`genai-finops metrics`: what Prometheus scrapes, as text, as a file or at a port."""

import os
import tempfile
from pathlib import Path

import click

from genai_finops.cli.context import current_settings, utc_now
from genai_finops.cli.errors import FinopsGroup
from genai_finops.metrics.collect import platform_figures
from genai_finops.metrics.exposition import prometheus_text
from genai_finops.settings import Settings


@click.group(cls=FinopsGroup)
def metrics() -> None:
    """Metrics of spend, budgets, alerts and operations, as Prometheus text."""


@metrics.command("print")
def print_metrics() -> None:
    """Print the metrics as they are now."""
    click.echo(_text(current_settings()).decode(), nl=False)


@metrics.command()
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
def write(*, path: Path) -> None:
    """Write the metrics to PATH, for the textfile collector of the node exporter. Readers see all of it or the old."""
    text = _text(current_settings())
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
    # The collector runs as another user, and a temporary file is its owner's alone.
    Path(beside).chmod(0o644)
    Path(beside).replace(path)


@metrics.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=9464, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on.")
def serve(*, host: str, port: int) -> None:
    """Serve GET /metrics until interrupted. Costs by organisation are in it: keep the port within your network."""
    import uvicorn  # noqa: PLC0415 - 0.1 s that printing should not pay

    from genai_finops.metrics.server import build_app  # noqa: PLC0415 - as above

    app = build_app(current_settings(), clock=utc_now)
    uvicorn.run(app, host=host, port=port, log_level="warning")


def _text(settings: Settings) -> bytes:
    return prometheus_text(platform_figures(settings, now=settings.simulated_now or utc_now()))
