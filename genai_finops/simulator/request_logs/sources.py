"""Which log tells of which traffic, and what is wrong with it: the gaps that are planted."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from genai_finops.simulator.request_logs.consumers import tenants_of
from genai_finops.simulator.request_logs.formats import bedrock, coding_agent, gateway, otlp, plain, recorded
from genai_finops.simulator.request_logs.formats.written import LogWriter
from genai_finops.simulator.request_logs.requests import is_loggable
from genai_finops.simulator.traffic import Account, Stream
from genai_finops.simulator.world import World

_DAYS_OF_A_FILE = 7
#: Percent of the requests that the log with holes lacks, and of how many requests a day it is exactly so.
MISSING_PERCENT = 38
REQUESTS_WITH_HOLES = 50
_RENAMED_SHARE = 2 / 3


class Chosen(NamedTuple):
    """How traffic of one organisation at one provider is logged. `keys` are names of API keys; empty: all the rest."""

    org: str
    provider: str
    writer: LogWriter
    keys: tuple[str, ...] = ()


#: What is not here nobody logs. Of several lines the first that fits counts.
_CHOSEN = (
    Chosen("acme", "openai", otlp.CURRENT, ("web", "jobs", "service", "legacy", "deleted")),
    Chosen("acme", "openai", recorded.RECORDED, ("assistant",)),
    Chosen("acme", "anthropic", coding_agent.SESSIONS, ("agents",)),
    Chosen("acme", "anthropic", gateway.LANGFUSE, ("scripts",)),
    Chosen("acme", "anthropic", recorded.RECORDED, ("api", "tools", "pilot")),
    Chosen("acme", "azure_openai", plain.JSONL),
    Chosen("acme", "aws_bedrock", bedrock.INVOCATIONS),
    Chosen("acme", "gcp_vertex", plain.CSV),
    Chosen("acme", "gemini", otlp.OPENINFERENCE),
    Chosen("globex", "openai", gateway.LITELLM, ("web", "legacy", "deleted")),
    Chosen("globex", "openai", otlp.CURRENT, ("jobs", "service")),
    Chosen("globex", "openai", recorded.RECORDED, ("assistant", "lab")),
    Chosen("globex", "anthropic", plain.JSONL, ("api", "agents", "tools", "scripts", "pilot")),
    Chosen("globex", "azure_openai", plain.CSV),
    Chosen("globex", "aws_bedrock", bedrock.INVOCATIONS),
    Chosen("globex", "gcp_vertex", recorded.RECORDED),
    Chosen("globex", "gemini", otlp.OLD),
    Chosen("initech", "openai", gateway.LANGFUSE, ("web", "legacy", "deleted")),
    Chosen("initech", "openai", otlp.CURRENT, ("jobs", "service", "lab")),
    Chosen("initech", "openai", plain.CSV, ("assistant",)),
    Chosen("initech", "anthropic", coding_agent.SESSIONS, ("agents", "pilot")),
    Chosen("initech", "anthropic", recorded.RECORDED, ("api", "tools", "scripts")),
    Chosen("initech", "azure_openai", recorded.RECORDED),
    Chosen("initech", "aws_bedrock", bedrock.INVOCATIONS),
    Chosen("initech", "gcp_vertex", plain.JSONL),
)
#: Organisation, provider and writer of the logs with each of the gaps.
_WITH_DUPLICATES = {("acme", "openai", "otlp"), ("globex", "openai", "litellm"), ("initech", "aws_bedrock", "bedrock")}
_WITH_BROKEN_LINES = {("acme", "azure_openai", "jsonl"), ("globex", "openai", "litellm"), ("acme", "openai", "otlp")}
_WITH_FAST_CLOCK = ("initech", "openai", "langfuse")
_WITH_LATE_FILE = ("globex", "aws_bedrock", "bedrock")
_WITH_HOLES = ("globex", "openai", "gpt-4o-mini-2024-07-18")
_WITH_OLD_NAME = "acme"


class RenamedTenant(NamedTuple):
    """A tenant that logs call by its old name before `day`."""

    old: str
    new: str
    day: dt.date


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSource:
    """One log. It tells of the requests of `streams`."""

    id: str
    account: Account = field(repr=False)
    writer: LogWriter
    streams: tuple[Stream, ...] = field(repr=False)
    #: What is the same for all requests and is not in the lines.
    defaults: Mapping[str, str]
    #: How far the clock of the writer is ahead: it takes the time of Helsinki for UTC.
    clock_ahead: dt.timedelta = dt.timedelta(0)
    #: Every so many requests one is told twice in its file, and one again in the next file; 0: none.
    repeats_every: int = 0
    #: Broken lines at the end of each file.
    broken_lines: int = 0
    #: Whether the last file but one arrives after the others were read.
    has_late_file: bool = False
    #: A tenant that the log calls by an old name at first.
    renamed: RenamedTenant | None = None

    @property
    def org(self) -> str:
        """Whose log it is."""
        return self.account.org

    def has_holes(self, stream: Stream) -> bool:
        """Whether the log lacks 38 % of the stream's requests."""
        return has_holes(self.org, self.account.provider, stream)

    def tenant_as_told(self, tenant: str | None, day: dt.date) -> str | None:
        """The name that the log has for a tenant on a day."""
        renamed = self.renamed
        return renamed.old if renamed and tenant == renamed.new and day < renamed.day else tenant


def renamed_tenant(account: Account) -> RenamedTenant | None:
    """The tenant of the account's organisation that was renamed; None where none was."""
    if account.org != _WITH_OLD_NAME:
        return None
    days = account.scenario.days
    new = tenants_of(account.scenario, account.org)[1]
    return RenamedTenant(old=f"{new}-trial", new=new, day=days[int(len(days) * _RENAMED_SHARE)])


def has_holes(org: str, provider: str, stream: Stream) -> bool:
    """Whether the stream's log lacks 38 % of the requests."""
    is_batch = stream.plan.service_tier == "batch"
    return (org, provider, stream.model) == _WITH_HOLES and not is_batch and "cache_read" in stream.plan.per_request


def sources_of(world: World) -> Iterator[LogSource]:
    """All logs of the scenario, by organisation and provider."""
    for (provider, org), account in world.accounts.items():
        names = {key.id: key.name for key in account.api_keys}
        groups: dict[tuple[int, str | None, str], list[Stream]] = {}
        for stream in (stream for streams in account.streams.values() for stream in streams):
            chosen = _chosen(org, provider, names.get(stream.api_key_id or "", ""))
            if chosen is None or not is_told(_CHOSEN[chosen].writer, stream):
                continue
            writer = _CHOSEN[chosen].writer
            key = None if writer.has_identity else stream.api_key_id
            # Who cannot say the tier in a line has a log for each.
            tier = (
                ""
                if writer.has_identity or writer in (otlp.CURRENT, coding_agent.SESSIONS)
                else stream.plan.service_tier
            )
            groups.setdefault((chosen, key, tier), []).append(stream)
        for (chosen, key, tier), streams in groups.items():
            yield _source(account, _CHOSEN[chosen].writer, streams, names.get(key or ""), tier)


def _chosen(org: str, provider: str, key_name: str) -> int | None:
    for position, chosen in enumerate(_CHOSEN):
        if (chosen.org, chosen.provider) == (org, provider) and (not chosen.keys or key_name in chosen.keys):
            return position
    return None


def is_told(writer: LogWriter, stream: Stream) -> bool:
    """Whether such a log can tell of the stream at all."""
    if not is_loggable(stream) or writer.expresses.isdisjoint(stream.plan.per_request):
        return False
    # The compatible endpoint writes no invocation logs.
    return writer is not bedrock.INVOCATIONS or stream.plan.source == "AWS/Bedrock"


def _source(
    account: Account, writer: LogWriter, streams: Sequence[Stream], key_name: str | None, tier: str
) -> LogSource:
    told = (account.org, account.provider, writer.format)
    parts = [account.org, account.provider, writer.format, key_name, tier if tier != "standard" else None]
    defaults = {"provider": account.provider, "account_id": account.account_id}
    if not writer.has_identity:
        first = streams[0]
        found = {
            "sub_account_id": first.sub_account.id if first.sub_account else None,
            "api_key_id": first.api_key_id,
            "service_tier": tier or None,
        }
        defaults |= {name: value for name, value in found.items() if value is not None}
    return LogSource(
        id="-".join(part.replace("_", "-") for part in parts if part),
        account=account,
        writer=writer,
        streams=tuple(streams),
        defaults=defaults,
        clock_ahead=dt.timedelta(hours=2) if told == _WITH_FAST_CLOCK else dt.timedelta(0),
        repeats_every=11 if told in _WITH_DUPLICATES else 0,
        broken_lines=3 if told in _WITH_BROKEN_LINES else 0,
        has_late_file=told == _WITH_LATE_FILE,
        renamed=renamed_tenant(account),
    )


def file_number(world: World, day: dt.date) -> int:
    """Logs are rotated every seven days: the number of the file that a day's requests are in."""
    return (day - world.scenario.first_day).days // _DAYS_OF_A_FILE


def is_lost(position: int) -> bool:
    """Whether a log with holes lacks a request, by its position in the day of its stream."""
    return position * MISSING_PERCENT % 100 < MISSING_PERCENT
