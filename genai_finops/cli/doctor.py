"""`genai-finops doctor`: everything that must be in order, checked at once."""

import uuid

import click

from genai_finops.cli.check_results import print_results
from genai_finops.cli.context import current_settings, json_option
from genai_finops.doctor.everything import examine_platform
from genai_finops.ingest.plan import session_options


@click.command()
@json_option
def doctor(*, as_json: bool) -> None:
    """Check the stores, and every enabled credential of all organisations and providers.

    One line for each check: ok, warning, failed or skipped, with the remedy where one is needed. The exit code is 1
    when a check failed.
    """
    settings = current_settings()
    results = examine_platform(settings, probe_id=uuid.uuid4().hex, options=session_options(settings))
    print_results(results, as_json=as_json)
