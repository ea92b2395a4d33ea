"""The register of commitments and what a unit of capacity serves, from lake, control database and seeds."""

import datetime as dt
from collections.abc import Sequence

import polars as pl
from sqlalchemy.orm import Session

from genai_finops.commitments.register import EnteredCommitment, commitments_frame
from genai_finops.commitments.throughput import entered_throughput_frame
from genai_finops.control.commitments import commitment_terms, list_commitments
from genai_finops.control.models import Commitment
from genai_finops.ingest.resource_states import all_states
from genai_finops.lake.files import LakeFiles
from genai_finops.pricing.aliases import read_alias_rules
from genai_finops.pricing.model_resolution import recognised_model
from genai_finops.pricing.sources.capacity_seeds import CAPACITY_THROUGHPUT_SEED, capacity_throughput_frame
from genai_finops.schemas.tables.commitments import CAPACITY_THROUGHPUT, COMMITMENTS
from genai_finops.settings import Settings


def commitment_tables(files: LakeFiles, settings: Settings, session: Session) -> dict[str, pl.DataFrame]:
    """The tables `genai_commitments` and `genai_capacity_throughput` by name. Raises FinopsError."""
    entered = [_entered(rows) for rows in _by_id(list_commitments(session, include_removed=True)) if _holds(rows)]
    listed_throughput = capacity_throughput_frame(settings.seeds_dir / CAPACITY_THROUGHPUT_SEED)
    return {
        COMMITMENTS.name: commitments_frame(all_states(files), entered),
        CAPACITY_THROUGHPUT.name: pl.concat([listed_throughput, _throughput(entered)]),
    }


def _throughput(entered: Sequence[EnteredCommitment]) -> pl.DataFrame:
    # Reading the rules takes a second; most installations have no contract of their own.
    has_weights = any(order.terms.weights for order in entered)
    rules = read_alias_rules() if has_weights else None

    def canonical(provider: str, spelling: str) -> str:
        found = None if rules is None else recognised_model(rules, provider, spelling)
        return found or spelling.lower()

    return entered_throughput_frame(entered, canonical)


def _by_id(rows: Sequence[Commitment]) -> list[list[Commitment]]:
    found: dict[tuple[str, str, str], list[Commitment]] = {}
    for row in rows:
        found.setdefault((row.org_slug, row.provider, row.commitment_id.lower()), []).append(row)
    return [sorted(group, key=_entered_at) for group in found.values()]


def _holds(rows: Sequence[Commitment]) -> bool:
    return rows[-1].removed_at is None


def _entered(rows: Sequence[Commitment]) -> EnteredCommitment:
    newest = rows[-1]
    return EnteredCommitment(
        org=newest.org_slug,
        account_id=newest.account_id,
        terms=commitment_terms(newest),
        first_entered_at=rows[0].entered_at,
        entered_at=newest.entered_at,
    )


def _entered_at(row: Commitment) -> dt.datetime:
    return row.entered_at
