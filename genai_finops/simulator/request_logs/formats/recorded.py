"""What an application writes that records its own requests: a JSON object for each, named as the platform's events."""

from typing import Any

from genai_finops.simulator.request_logs.formats.plain import identity_of
from genai_finops.simulator.request_logs.formats.written import LogWriter, Written
from genai_finops.simulator.request_logs.requests import REQUEST_METERS, WEB_SEARCH

_NAMES = {"account_id": "x_genai_account_id", "model": "provider_model_id"}
#: What is billed as input whatever it consists of is recorded as not cached.
_METERS = {"input": "uncached_input", "input_audio": "uncached_input_audio"}


def _record(told: Written) -> dict[str, Any]:
    who = {_NAMES.get(name, name): value for name, value in identity_of(told).items() if value is not None}
    counts = {_METERS.get(meter, meter): count for meter, count in told.meters.items()}
    return {**who, "status": "success", "is_cache_hit": False, **counts}


RECORDED = LogWriter(format="recorded", suffix="jsonl", expresses=REQUEST_METERS | {WEB_SEARCH}, record=_record)
