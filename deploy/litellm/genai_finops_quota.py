"""LiteLLM proxy callback: asks `genai-finops quota serve` before each call, and tells it afterwards what the call took.

One file beside the proxy's config.yaml; it needs nothing but httpx, which LiteLLM brings. README.md has the settings.
"""

import asyncio
import json
import logging
import os
from collections.abc import Mapping
from typing import Any

import httpx
from litellm.integrations.custom_logger import CustomLogger

try:
    from fastapi import HTTPException
except ImportError:  # the SDK without the proxy
    from starlette.exceptions import HTTPException

_log = logging.getLogger("genai_finops_quota")
_RESERVATION = "genai_finops_reservation"
#: Fewer characters to a token than texts have, so that prompts are rather overestimated.
_CHARACTERS_PER_TOKEN = 3
_SETTLE_ATTEMPTS = 4
_FIRST_RETRY_SECONDS = 0.5


class GenaiFinopsQuota(CustomLogger):
    """Lets a call through when every budget that can block has room for it; else the caller gets 429."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        super().__init__()
        self._url = environ.get("GENAI_FINOPS_QUOTA_URL", "http://127.0.0.1:8095").rstrip("/")
        self._token = environ.get("GENAI_FINOPS_QUOTA_TOKEN")
        self._timeout = float(environ.get("GENAI_FINOPS_QUOTA_TIMEOUT_SECONDS", "2"))
        self._is_closed_without_answer = environ.get("GENAI_FINOPS_QUOTA_WHEN_UNREACHABLE", "allow") == "block"
        self._org = environ.get("GENAI_FINOPS_QUOTA_ORG")
        self._models: Mapping[str, str] = json.loads(environ.get("GENAI_FINOPS_QUOTA_MODELS", "{}"))
        self._output_tokens = int(environ.get("GENAI_FINOPS_QUOTA_OUTPUT_TOKENS", "1024"))
        self._client: httpx.AsyncClient | None = None
        self._telling: set[asyncio.Task[None]] = set()

    async def async_pre_call_hook(
        self,
        user_api_key_dict: Any,
        cache: Any,  # noqa: ARG002 - signature of LiteLLM, and below
        data: dict[str, Any],
        call_type: str,  # noqa: ARG002
    ) -> dict[str, Any]:
        metadata = _metadata(data)
        # Callers may send metadata of their own, and must not name somebody else's reservation.
        metadata.pop(_RESERVATION, None)
        question = {"scope": self._scope(user_api_key_dict, data, metadata), "usage": self._estimate(data)}
        try:
            answer = await self._post("/check", question)
        except (httpx.HTTPError, ValueError) as error:
            _log.warning("the quotas did not answer: %s", error)
            if self._is_closed_without_answer:
                raise HTTPException(status_code=503, detail={"error": "the quotas cannot be checked now"}) from error
            return data
        if answer["decision"] == "block":
            raise HTTPException(status_code=429, detail={"error": f"budget exhausted: {answer['why']}"})
        if answer["reservation_id"] is not None:
            metadata[_RESERVATION] = answer["reservation_id"]
        return data

    async def async_log_success_event(
        self,
        kwargs: Any,
        response_obj: Any,
        start_time: Any,  # noqa: ARG002
        end_time: Any,  # noqa: ARG002
    ) -> None:
        reservation = _logged_metadata(kwargs).get(_RESERVATION)
        if reservation is None:
            return
        if kwargs.get("cache_hit"):
            self._tell("/release", {"reservation_id": reservation})
        else:
            self._tell("/settle", {"reservation_id": reservation, **_taken(kwargs, response_obj)})

    async def async_post_call_failure_hook(
        self,
        request_data: dict[str, Any],
        original_exception: Exception,  # noqa: ARG002
        user_api_key_dict: Any,  # noqa: ARG002
        *_: Any,
        **__: Any,
    ) -> None:
        """Of the whole call: retries and fallbacks of the router keep the reservation until one of them succeeds."""
        reservation = _metadata(request_data).pop(_RESERVATION, None)
        if reservation is not None:
            self._tell("/release", {"reservation_id": reservation})

    async def drain(self) -> None:
        """Waits until everything that is to be told has been told, or given up."""
        while self._telling:
            await asyncio.gather(*self._telling)

    def _scope(self, key: Any, data: Mapping[str, Any], metadata: Mapping[str, Any]) -> dict[str, str]:
        """The dimensions as the platform reads them from LiteLLM's logs by default; see docs/request-logs.md."""
        named = self._models.get(data.get("model", ""), data.get("model", ""))
        provider, separator, model = named.partition("/")
        tags = [tag for tag in metadata.get("tags") or [] if isinstance(tag, str)]
        found = {
            "org": (getattr(key, "metadata", None) or {}).get("finops_org") or self._org,
            "provider": provider if separator else None,
            "model": model if separator else named,
            "tenant": getattr(key, "team_id", None) or getattr(key, "org_id", None),
            "user": data.get("user") or getattr(key, "end_user_id", None) or getattr(key, "user_id", None),
            "task": tags[0] if tags else None,
            "conversation": data.get("litellm_session_id") or metadata.get("session_id"),
        }
        return {dimension: str(value).strip() for dimension, value in found.items() if value and str(value).strip()}

    def _estimate(self, data: Mapping[str, Any]) -> dict[str, int]:
        prompt = [data.get(name) for name in ("messages", "prompt", "input", "system", "tools")]
        characters = sum(len(json.dumps(part, default=str, ensure_ascii=False)) for part in prompt if part)
        limits = (data.get(name) for name in ("max_completion_tokens", "max_tokens", "max_output_tokens"))
        longest = next((limit for limit in limits if isinstance(limit, int) and limit > 0), self._output_tokens)
        answers = data.get("n")
        return {
            "input_tokens": characters // _CHARACTERS_PER_TOKEN + 1,
            "output_tokens": longest * (answers if isinstance(answers, int) and answers > 0 else 1),
        }

    def _tell(self, path: str, body: dict[str, Any]) -> None:
        # LiteLLM need not wait for this; without a reference the task could be collected.
        task = asyncio.get_running_loop().create_task(self._told(path, body))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _told(self, path: str, body: dict[str, Any]) -> None:
        for attempt in range(_SETTLE_ATTEMPTS):
            try:
                await self._post(path, body)
            except httpx.HTTPStatusError as error:
                if error.response.is_client_error:
                    _log.warning("%s was refused: %s", path, error.response.text)
                    return
            except (httpx.HTTPError, ValueError):
                pass
            else:
                return
            await asyncio.sleep(_FIRST_RETRY_SECONDS * 2**attempt)
        _log.warning("%s was not told; the reservation expires, and the cost is seen with the data", path)

    async def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        if self._client is None:
            headers = {"authorization": f"Bearer {self._token}"} if self._token else {}
            self._client = httpx.AsyncClient(base_url=self._url, timeout=self._timeout, headers=headers)
        response = await self._client.post(path, json=body)
        response.raise_for_status()
        answer = response.json()
        if not isinstance(answer, dict):
            raise httpx.DecodingError(f"{path} was answered by no object", request=response.request)
        return answer


def _metadata(data: dict[str, Any]) -> dict[str, Any]:
    """Where the proxy keeps what it knows of the call, depending on the route; what is put there comes back in logs."""
    name = "litellm_metadata" if isinstance(data.get("litellm_metadata"), dict) else "metadata"
    found = data.get(name)
    if not isinstance(found, dict):
        found = data[name] = {}
    return found


def _logged_metadata(kwargs: Mapping[str, Any]) -> Mapping[str, Any]:
    parameters = kwargs.get("litellm_params") or {}
    return {**(parameters.get("litellm_metadata") or {}), **(parameters.get("metadata") or {})}


def _taken(kwargs: Mapping[str, Any], response: Any) -> dict[str, Any]:
    usage = _field(response, "usage")
    counts = {
        "input_tokens": _field(usage, "prompt_tokens") or _field(usage, "input_tokens") or 0,
        "output_tokens": _field(usage, "completion_tokens") or _field(usage, "output_tokens") or 0,
    }
    cost = kwargs.get("response_cost")
    if cost:
        return {"cost": str(cost), "currency": "USD", "tokens": sum(counts.values())}
    # LiteLLM knows no price: the platform's price book may, at prices without a cache.
    scope = {"provider": kwargs.get("custom_llm_provider"), "model": kwargs.get("model")}
    return {"usage": counts, "scope": {name: value for name, value in scope.items() if value}}


def _field(found: Any, name: str) -> Any:
    return found.get(name) if isinstance(found, Mapping) else getattr(found, name, None)


quota = GenaiFinopsQuota()
