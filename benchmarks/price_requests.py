"""Single requests to be priced, each in the words of whoever is asked. Equal numbers, equal requests."""

import datetime as dt
import json
from dataclasses import dataclass

from genai_prices.data_snapshot import get_snapshot

#: Our providers, with the names of the same price list in genai-prices and in litellm.
_LISTS = (
    ("openai", "openai", "openai"),
    ("anthropic", "anthropic", "anthropic"),
    ("gcp_vertex", "google", "vertex_ai"),
    ("azure_openai", "azure", "azure"),
    ("aws_bedrock", "aws", "bedrock"),
)
#: These are sold by the Gemini API too, the other models of the list on Vertex AI only.
_OF_GEMINI = "gemini-"
#: Spellings by which genai-prices keeps what is dearer in a region; nobody reports them.
_INTERNAL = "regional."
#: Providers whose own count of input leaves out what was read from a cache.
_EXCLUSIVE = frozenset({"anthropic", "aws_bedrock"})
_LAST_DAY = dt.date(2026, 11, 5)
_DAYS = 365
_LONG_PROMPT = 300_000
#: Has no divisor in common with the number of models, so that a few requests are to models of all lists.
_STRIDE = 97


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request. `prompt_tokens` is all of the prompt, what was read from a cache included."""

    provider: str
    catalogue_provider: str
    litellm_provider: str
    model: str
    date: dt.date
    prompt_tokens: int
    cached_tokens: int
    output_tokens: int

    @property
    def input_tokens(self) -> int:
        """As the provider counts them."""
        is_exclusive = self.provider in _EXCLUSIVE or "claude" in self.model
        return self.prompt_tokens - self.cached_tokens if is_exclusive else self.prompt_tokens

    @property
    def geography(self) -> str | None:
        """A model of Bedrock without the prefix of a profile runs in a region, and which is not in its name."""
        has_profile = self.model.startswith(("global.", "us.", "eu.", "apac.", "jp.", "au."))
        return "regional" if self.provider == "aws_bedrock" and not has_profile else None

    def case(self, case_id: int) -> str:
        """A line of a file for `genai-finops prices rate`."""
        meters = {
            "uncached_input": self.prompt_tokens - self.cached_tokens,
            "cache_read": self.cached_tokens,
            "output": self.output_tokens,
        }
        fields: dict[str, object] = {
            "id": str(case_id),
            "provider": self.provider,
            "model": self.model,
            "date": self.date.isoformat(),
            "context_tokens": self.prompt_tokens,
            "meters": {meter: tokens for meter, tokens in meters.items() if tokens},
        }
        if self.geography is not None:
            fields["geography"] = self.geography
        return json.dumps(fields)


def requests(number: int, *, one_model: bool = False, salt: int = 0) -> list[Asked]:
    """So many requests: to every model of the lists once before any comes again, or to one model.

    A third reads from a cache, a fifth has long prompts.
    The salt gives other token counts and days to the same models, whose prices are then found already.
    """
    models = _models()
    if one_model:
        models = [model for model in models if model[3] == "gpt-5-mini"]
    return [_request(models[n * _STRIDE % len(models)], n, salt) for n in range(number)]


def model_count() -> int:
    """How many models the lists have."""
    return len(_models())


def _request(model: tuple[str, str, str, str], n: int, salt: int) -> Asked:
    provider, catalogue_provider, litellm_provider, name = model
    step = n + n // len(_models())
    return Asked(
        provider=provider,
        catalogue_provider=catalogue_provider,
        litellm_provider=litellm_provider,
        model=name,
        date=_LAST_DAY - dt.timedelta(days=(n * 7 + salt) % _DAYS),
        prompt_tokens=(_LONG_PROMPT if step % 5 == 0 else 2_000) + n % 1_000 + salt,
        cached_tokens=1_024 if step % 3 == 0 else 0,
        output_tokens=100 + n % 500,
    )


def _models() -> list[tuple[str, str, str, str]]:
    by_name = {provider.id: provider for provider in get_snapshot().providers}
    return [
        ("gemini", catalogue_provider, "gemini", model.id)
        if catalogue_provider == "google" and model.id.startswith(_OF_GEMINI)
        else (provider, catalogue_provider, litellm_provider, model.id)
        for provider, catalogue_provider, litellm_provider in _LISTS
        for model in by_name[catalogue_provider].models
        if not model.id.startswith(_INTERNAL)
    ]
