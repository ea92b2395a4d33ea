"""`genai-finops alert retry`: deliveries that were given up, once more."""

import click

from genai_finops.cli.context import control_writing, current_settings, utc_now
from genai_finops.control.alert_outbox import list_deliveries, retry_dead
from genai_finops.errors import FinopsError


@click.command(name="retry")
@click.argument("delivery_ids", metavar="[DELIVERY]...", nargs=-1)
@click.option("--all", "is_all", is_flag=True, help="All that were given up.")
@click.option("--owner", help="With --all: only alerts of this organisation, or of '*'.")
def command(*, delivery_ids: tuple[str, ...], is_all: bool, owner: str | None) -> None:
    """Let the deliveries be sent again, with the ids that they had. The next dispatch sends them."""
    if bool(delivery_ids) == is_all or (owner is not None and not is_all):
        raise FinopsError("Neither or both of deliveries and --all are given", remedy="Give ids, or --all [--owner].")
    with control_writing() as session:
        wanted = (
            [row.delivery_id for row in list_deliveries(session, owner=owner, state="dead")] if is_all else delivery_ids
        )
        count = retry_dead(session, wanted, now=utc_now(), actor=current_settings().actor)
    click.echo(f"{count} deliveries will be sent again")
