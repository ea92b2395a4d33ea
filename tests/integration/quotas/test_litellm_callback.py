"""The example for LiteLLM, against the real endpoint; its base class is a stand-in where LiteLLM is not installed."""

import asyncio
import importlib.util
import sys
import types
from collections.abc import Callable, Coroutine, Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

TOKEN = "gateway-token"
CALL = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 10, "user": "ann"}


@pytest.fixture
def callback(repository: Path) -> Iterator[types.ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        if importlib.util.find_spec("litellm") is None:
            logger = types.ModuleType("litellm.integrations.custom_logger")
            logger.CustomLogger = type("CustomLogger", (), {})  # type: ignore[attr-defined]
            for name in ("litellm", "litellm.integrations"):
                patch.setitem(sys.modules, name, types.ModuleType(name))
            patch.setitem(sys.modules, "litellm.integrations.custom_logger", logger)
        path = repository / "deploy" / "litellm" / "genai_finops_quota.py"
        spec = importlib.util.spec_from_file_location("genai_finops_quota", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module


@pytest.fixture
def quota(callback: types.ModuleType, quota_url: str) -> Callable[..., Any]:
    def make(**environ: str) -> Any:
        return callback.GenaiFinopsQuota(
            {"GENAI_FINOPS_QUOTA_URL": quota_url, "GENAI_FINOPS_QUOTA_TOKEN": TOKEN}
            | {"GENAI_FINOPS_QUOTA_ORG": "acme"}
            | {f"GENAI_FINOPS_QUOTA_{name}": value for name, value in environ.items()}
        )

    return make


def key(**fields: Any) -> Any:
    return SimpleNamespace(metadata={}, team_id="initrode", user_id=None, end_user_id=None, org_id=None, **fields)


async def pre_call(handler: Any, **changes: Any) -> dict[str, Any]:
    data: dict[str, Any] = await handler.async_pre_call_hook(key(), None, {**CALL, **changes}, "completion")
    return data


async def success(handler: Any, data: dict[str, Any], **fields: Any) -> None:
    usage = SimpleNamespace(prompt_tokens=8, completion_tokens=2)
    kwargs = {"litellm_params": {"metadata": data["metadata"]}, "model": "gpt-4o", "custom_llm_provider": "openai"}
    await handler.async_log_success_event({**kwargs, **fields}, SimpleNamespace(usage=usage), None, None)
    await handler.drain()


def left(quota_url: str) -> tuple[Decimal, Decimal]:
    """What is settled and held of the one budget."""
    body = {"scope": {"org": "acme"}, "cost": "0", "currency": "USD"}
    answer = httpx.post(f"{quota_url}/check", json=body, headers={"authorization": f"Bearer {TOKEN}"}).json()
    return Decimal(answer["budgets"][0]["settled"]), Decimal(answer["budgets"][0]["held"])


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


@pytest.fixture
def priced_at_forty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A price book takes a second to open; what it answers has a test of its own."""

    def amount(*_: Any, fallback: Any, **__: Any) -> Any:
        return fallback if fallback.cost is not None else type(fallback)(cost=Decimal(40), currency="USD")

    monkeypatch.setattr("genai_finops.quotas.estimate.CostEstimator.amount", amount)


@pytest.mark.usefixtures("priced_at_forty")
def test_a_call_holds_its_estimate_and_settles_what_litellm_says_it_cost(
    quota: Callable[..., Any], quota_url: str
) -> None:
    async def calls() -> None:
        handler = quota()
        data = await pre_call(handler)
        assert left(quota_url) == (0, 40)
        await success(handler, data, response_cost=0.25)

    run(calls())
    assert left(quota_url) == (Decimal("0.25"), 0)


@pytest.mark.usefixtures("priced_at_forty")
def test_a_call_without_room_is_rejected_with_429(quota: Callable[..., Any]) -> None:
    async def calls() -> None:
        handler = quota()
        await pre_call(handler)
        await pre_call(handler)
        with pytest.raises(Exception, match=r"20 USD of 100 USD are left") as rejected:
            await pre_call(handler)
        assert rejected.value.status_code == 429  # type: ignore[attr-defined]

    run(calls())


@pytest.mark.usefixtures("priced_at_forty")
@pytest.mark.parametrize("how", ["failure", "cache hit"])
def test_a_call_that_cost_nothing_frees_what_it_held(quota: Callable[..., Any], quota_url: str, how: str) -> None:
    async def calls() -> None:
        handler = quota()
        data = await pre_call(handler)
        if how == "failure":
            await handler.async_post_call_failure_hook(data, RuntimeError(), key(), "trace")
            await handler.drain()
        else:
            await success(handler, data, cache_hit=True, response_cost=0.0)

    run(calls())
    assert left(quota_url) == (0, 0)


@pytest.mark.usefixtures("priced_at_forty")
def test_a_caller_cannot_name_the_reservation_of_another(quota: Callable[..., Any], quota_url: str) -> None:
    async def calls() -> None:
        handler = quota()
        other = (await pre_call(handler))["metadata"]["genai_finops_reservation"]
        data = await pre_call(handler, metadata={"genai_finops_reservation": other})
        assert data["metadata"]["genai_finops_reservation"] != other

    run(calls())


@pytest.mark.parametrize("when", ["allow", "block"])
def test_without_an_answer_calls_pass_or_not_as_configured(quota: Callable[..., Any], when: str) -> None:
    async def calls() -> None:
        # Nothing listens there.
        handler = quota(URL="http://127.0.0.1:9", WHEN_UNREACHABLE=when)
        if when == "allow":
            assert "genai_finops_reservation" not in (await pre_call(handler))["metadata"]
            return
        with pytest.raises(Exception, match="cannot be checked") as rejected:
            await pre_call(handler)
        assert rejected.value.status_code == 503  # type: ignore[attr-defined]

    run(calls())


@pytest.mark.usefixtures("priced_at_forty")
def test_the_event_loop_runs_on_while_the_quotas_are_asked(quota: Callable[..., Any]) -> None:
    async def calls() -> None:
        handler = quota()
        asked = asyncio.ensure_future(pre_call(handler))
        turns = 0
        while not asked.done():
            turns += 1
            await asyncio.sleep(0)
        assert turns > 2

    run(calls())
