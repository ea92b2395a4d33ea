"""How providers spell models beyond what the catalogue recognises: prefixes, versions, billing names.

Patterns are RE2 expressions on lower-case spellings. They widen a rule of the catalogue or stand below all of them, so
that a spelling which the catalogue knows keeps its model.
"""

import re
from collections.abc import Iterator

from genai_prices.types import ClauseEquals, ClauseOr, ModelInfo

from genai_finops.pricing.model_names import bedrock_id

#: Spellings that are decided before any rule of the catalogue: (provider, pattern, model), and why below.
PINNED: tuple[tuple[str, str, str], ...] = (
    # Cloud Monitoring's name of the model that everything else calls gemini-embedding-001.
    ("gemini", r"^(?:models/)?gemini-embedding-1\.0$", "gemini-embedding-001"),
    ("gcp_vertex", r"^(?:publishers/google/models/)?gemini-embedding-1\.0$", "gemini-embedding-001"),
    # The catalogue's rule of the larger model finds it too, and its own entry only knows another spelling.
    ("gemini", r"^(?:models/)?gemini-1\.5-flash-8b", "gemini-1.5-flash-8b"),
    ("gcp_vertex", r"^(?:publishers/google/models/)?gemini-1\.5-flash-8b", "gemini-1.5-flash-8b"),
)

_STARTS = re.compile(r"(^|\|)\^")
_ENDS = re.compile(r"\$(?=\||$)")
_SPECIAL = re.compile(r"([\\.+*?()|\[\]{}^$])")
#: What may stand before `vendor.model` in an id of Bedrock: an ARN, and the geography of an inference profile.
_BEDROCK_PREFIX = r"^(?:arn:[^/]+/)?(?:[a-z]+(?:-[a-z]+)?\.)?"
#: What may follow it: the date and version of the model, and the context length of provisioned throughput.
_BEDROCK_SUFFIX = r"(?:-\d{8})?(?:-v\d+)?(?::\d+)?(?::(?:\d+k|mm))?$"
_TRAILING_DATE = re.compile(r"-20\d{6}$")


def widened(provider: str, catalogue_id: str, pattern: str) -> str:
    """A rule of the catalogue, with the prefixes and versions that the provider puts around the same names."""
    if provider == "gemini":
        return _with_prefix(pattern, "models/")
    if provider == "gcp_vertex":
        prefixed = _with_prefix(pattern, "publishers/[a-z0-9-]+/models/")
        return _with_suffix(prefixed, r"@(?:default|\d{8})") if catalogue_id == "anthropic" else prefixed
    if provider == "azure_openai":
        return pattern.replace(r"gpt-3\.5-", r"gpt-3\.?5-")
    return pattern


def further_patterns(provider: str, model: ModelInfo, pattern: str) -> Iterator[str]:
    """Rules for the spellings of a model that no rule of the catalogue finds, in any order among the models."""
    if provider == "azure_openai":
        # A deployment says `<name>-<version>`, and the catalogue does not date every model.
        if undated := _undated_names(pattern):
            yield _ENDS.sub(lambda _: r"-20\d{2}-\d{2}-\d{2}$", undated)
    elif provider == "aws_bedrock":
        parts = bedrock_id(model.id)
        name = _literal(_TRAILING_DATE.sub("", parts.name))
        revision = f"(?:{parts.revision})?" if parts.revision else ""
        yield f"{_BEDROCK_PREFIX}{parts.vendor}\\.{name}{revision}{_BEDROCK_SUFFIX}"
    elif provider == "gemini":
        # The label of a billed row has the name without dots and dashes.
        slugs = {re.sub(r"[.-]", "", name) for name in _names_of(model)}
        yield "|".join(f"^{_literal(slug)}$" for slug in sorted(slugs))


def _with_prefix(pattern: str, prefix: str) -> str:
    return _STARTS.sub(lambda found: f"{found[1]}^(?:{prefix})?", pattern)


def _with_suffix(pattern: str, suffix: str) -> str:
    return _ENDS.sub(lambda _: f"(?:{suffix})?$", pattern)


def _undated_names(pattern: str) -> str:
    """The alternatives that are a whole name without a date; empty where there is none."""
    whole = (part for part in pattern.split("|") if part.startswith("^") and part.endswith("$"))
    return "|".join(part for part in whole if not re.search(r"\\d|20\d{2}-", part))


def _names_of(model: ModelInfo) -> set[str]:
    parts = model.match.or_ if isinstance(model.match, ClauseOr) else [model.match]
    return {model.id, *(part.equals for part in parts if isinstance(part, ClauseEquals))}


def _literal(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text.lower())
