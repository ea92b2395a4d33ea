"""How results of checks are shown: one line each, and exit code 1 where one failed."""

import dataclasses
import json
from collections.abc import Iterable

import click

from genai_finops.doctor.result import CheckResult


def print_results(results: Iterable[CheckResult], *, as_json: bool) -> None:
    """Prints each result as it comes, or all as JSON. Ends the command with exit code 1 where a check failed."""
    seen = []
    for result in results:
        seen.append(result)
        if not as_json:
            remedy = f" -> {result.remedy}" if result.remedy else ""
            click.echo(f"{result.status:<8} {result.subject}: {result.check}: {result.detail}{remedy}")
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(result) for result in seen], indent=2))
    if any(result.status == "failed" for result in seen):
        click.get_current_context().exit(1)
