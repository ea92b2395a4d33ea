"""What a log tells of its requests: as they were, or not, as far as gaps are planted."""

import datetime as dt
from collections.abc import Iterator
from typing import NamedTuple

from genai_finops.simulator.request_logs.consumers import Consumer
from genai_finops.simulator.request_logs.formats.coding_agent import AGENT_USER, SESSIONS, session_of
from genai_finops.simulator.request_logs.formats.gateway import GATEWAY_USER, LITELLM
from genai_finops.simulator.request_logs.formats.written import Written
from genai_finops.simulator.request_logs.requests import LoggedRequest, requests_of
from genai_finops.simulator.request_logs.sources import REQUESTS_WITH_HOLES, LogSource, is_lost


class Telling(NamedTuple):
    """One request in its log. `consumer` is whom the platform can know from it, by the present names."""

    written: Written
    consumer: Consumer


def tellings_of(source: LogSource, day: dt.date) -> Iterator[Telling]:
    """The requests that the log tells of, of those that were sent on a day, each once."""
    for stream in source.streams:
        has_holes = source.has_holes(stream)
        count = REQUESTS_WITH_HOLES if has_holes else None
        for position, request in enumerate(requests_of(source.account, stream, day, count=count)):
            if not (has_holes and is_lost(position)):
                yield _telling(source, request, day)


def _telling(source: LogSource, request: LoggedRequest, day: dt.date) -> Telling:
    consumer = known_consumer(source, request.consumer)
    written = Written(
        request=request,
        provider=source.account.provider,
        account_id=source.account.account_id,
        started_at=request.started_at + source.clock_ahead,
        ended_at=request.ended_at + source.clock_ahead,
        tenant_id=source.tenant_as_told(consumer.tenant_id, day),
        meters={meter: count for meter, count in request.meters.items() if meter in source.writer.expresses},
    )
    return Telling(written, consumer)


def known_consumer(source: LogSource, consumer: Consumer) -> Consumer:
    """What of a consumer is in the lines and the configuration of the log."""
    if source.writer is SESSIONS:
        # The files lie in the home of whoever ran the agent: the configuration says whose.
        return consumer._replace(user_id=AGENT_USER, conversation_id=session_of(consumer))
    if source.writer is LITELLM:
        return consumer._replace(user_id=consumer.user_id or GATEWAY_USER)
    return consumer
