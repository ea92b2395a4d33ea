"""`genai-finops quota blocklist`: what is blocked now."""

from pathlib import Path

import click

from genai_finops.cli.context import current_settings, json_option, print_rows
from genai_finops.cli.quota.options import process_time
from genai_finops.quotas.block_list import write_block_list


@click.command(name="blocklist")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="Where it is written.  [default: in the home]"
)
@json_option
def command(*, out: Path | None, as_json: bool) -> None:
    """Write the block list anew, and show it. Ticks and `quota serve` write it too."""
    written = write_block_list(current_settings(), process_time(), path=out)
    rows = [
        {name: entry[name] for name in ("budget", "since", "until", "reason")}
        | {"scope": ",".join(f"{name}={value}" for name, value in entry["scope"].items()) or "platform"}
        for entry in written.blocked
    ]
    print_rows(rows, as_json=as_json, empty="Nothing is blocked.")
    click.echo(f"{written.path}: {len(rows)} blocked, version {written.version}", err=True)
