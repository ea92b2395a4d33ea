"""`genai-finops quota serve`: the endpoint for gateways."""

import datetime as dt
import json
import socket
from typing import Literal

import click
import uvicorn

from genai_finops.cli.context import current_settings, utc_now
from genai_finops.errors import FinopsError
from genai_finops.quotas.estimate import CostEstimator
from genai_finops.quotas.gate import GatePolicy, QuotaGate
from genai_finops.quotas.server import TOKEN_VARIABLE, build_app, quota_token


@click.command(name="serve")
@click.option("--port", type=click.IntRange(0, 65535), default=8095, show_default=True, help="0: any free port.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--when-unreachable",
    type=click.Choice(["allow", "block"]),
    default="allow",
    show_default=True,
    help="What checks answer without the control database while the budgets are not known.",
)
@click.option(
    "--expires-after", type=click.IntRange(1, 86_400), default=600, show_default=True, help="Seconds of a reservation."
)
@click.option(
    "--refresh-seconds", type=click.IntRange(1, 3600), default=30, show_default=True, help="Age of the block list."
)
def command(
    *,
    port: int,
    host: str,
    when_unreachable: Literal["allow", "block"],
    expires_after: int,
    refresh_seconds: int,
) -> None:
    settings = current_settings()
    token = quota_token(settings, host)
    gate = QuotaGate(
        settings, GatePolicy(expiry=dt.timedelta(seconds=expires_after), when_unreachable=when_unreachable)
    )
    estimator = CostEstimator(settings)
    app = build_app(
        settings,
        gate,
        token=token,
        clock=lambda: settings.simulated_now or utc_now(),
        refresh_seconds=refresh_seconds,
        estimator=estimator,
    )
    listener = _listen(host, port)
    try:
        estimator.open(settings.simulated_now or utc_now())
        # click.echo flushes: whoever started this waits for the line.
        click.echo(json.dumps({"url": f"http://{host}:{listener.getsockname()[1]}", "token": token is not None}))
        config = uvicorn.Config(app, http="h11", ws="none", access_log=False, log_level="warning", lifespan="on")
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        listener.close()


command.help = f"""Answer gateways over HTTP until interrupted. Prints one line of JSON, with the URL, when it listens.

GET /blocklist, POST /check, /settle, /release, GET /healthz. Callers send the text of {TOKEN_VARIABLE} as their bearer
token; without that variable it listens on loopback addresses only.
"""


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Only of sockets that name TCP does asyncio switch off Nagle's algorithm; with it each answer takes 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise FinopsError(
            f"cannot listen on {host}:{port}: {error.strerror}", remedy="Choose another --port or --host"
        ) from error
    return listener
