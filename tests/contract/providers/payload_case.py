"""The payload folder of one provider as a case: what is asked, what answers, and what must come out of it."""

import copy
import datetime as dt
import functools
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from genai_finops.providers.base import Page, ProviderResource, ResourceState, SourceAccount, UsageRow, Window
from genai_finops.providers.config import ProviderConfig
from genai_finops.providers.http import SessionOptions
from genai_finops.providers.registry import usage_source
from genai_finops.providers.source import HttpUsageSource

from .json_paths import apply_change, values
from .replay import Replay, Served
from .scripted_source import Unlimited

#: Endpoint at which a test lets something go wrong.
Moment = Literal["token", "usage"]

#: Changes and tests that a provider's wire can make meaningless; everything else holds for every provider.
MAY_NOT_APPLY = frozenset({"missing_day", "test_a_page_that_promises_more_without_a_cursor_is_refused"})
CHANGES = frozenset(
    {
        "empty",
        "big_integers",
        "missing_field",
        "unknown_usage_field",
        "unknown_other_field",
        "missing_day",
        "outside_window",
    }
)
_REQUIRED = {"first_day", "last_day", "now", "secret", "exchanges", "bounds", "paged", "expected", "provider_totals"}
_REQUIRED |= {"changes", "named", "big_integer"}
_OPTIONAL = {"secret_values", "account", "known_resources", "flow_options", "authenticated", "errors", "auth_errors"}
_OPTIONAL |= {"not_applicable"}
_REQUEST = {"method", "host", "path", "query", "headers", "body", "form"}
_EXCHANGE = {*_REQUEST, "page", "auth", "authenticated_by"}
_PAGED = {"pages", "cursor", "sent_as", "more", "first_differs"}
#: A part of a secret of this length would already be worth something to a finder.
_PART = slice(8, 24)
_GENERIC_ERROR = {"error": {"message": "no"}}


class CaseError(Exception):
    """A payload folder is missing or cannot be used; says what to write."""


@dataclass
class Trial:
    """One source over a replay, and what it did."""

    source: HttpUsageSource
    replay: Replay
    window: Window
    sleeps: list[float]

    def fetch(self) -> list[Page]:
        return list(self.source.fetch(self.window))

    def rows(self) -> list[UsageRow]:
        return list(self.source.normalise(self.fetch(), self.window))


@dataclass
class Case:
    """One case.json with its pages."""

    id: str
    config: ProviderConfig
    flow: str
    spec: dict[str, Any]
    pages: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def secret(self) -> str:
        secret = self.spec["secret"]
        return json.dumps(self._secret_fields()) if isinstance(secret, dict) else str(secret)

    def _secret_fields(self) -> dict[str, Any]:
        fields = dict(self.spec["secret"])
        if fields.get("private_key") == "generate":
            fields["private_key"] = _private_key()
        return fields

    @property
    def planted(self) -> frozenset[str]:
        """Texts of the secret, and parts of them, that no one else's text holds."""
        if isinstance(self.spec["secret"], dict):
            fields = self._secret_fields()
            return _with_parts(str(fields[name]) for name in self.spec["secret_values"])
        return _with_parts([self.secret])

    @property
    def confidential(self) -> frozenset[str]:
        """What must never be shown: the secret, and the tokens that are got for it."""
        tokens = (token for page in self.auth_pages for token in self.tokens_of(page))
        return self.planted | {self.secret} | _with_parts(tokens)

    @property
    def auth_pages(self) -> tuple[str, ...]:
        return tuple(exchange["page"] for exchange in self.spec["exchanges"] if exchange.get("auth"))

    def tokens_of(self, page: str) -> list[str]:
        """The tokens that a token endpoint's answer holds."""
        return [str(token) for token in values(self.pages[page], self.spec["authenticated"]["token"])]

    @property
    def moments(self) -> tuple[Moment, ...]:
        return ("token", "usage") if self.auth_pages else ("usage",)

    @property
    def paged(self) -> list[dict[str, Any]]:
        paged = self.spec["paged"]
        return [paged] if isinstance(paged, dict) else list(paged)

    @property
    def window(self) -> Window:
        first, last = (dt.date.fromisoformat(self.spec[name]) for name in ("first_day", "last_day"))
        return Window.of_days(first, last)

    @property
    def now(self) -> dt.datetime:
        return dt.datetime.fromisoformat(self.spec["now"])

    @property
    def used_pages(self) -> set[str]:
        """Every page that an exchange names."""
        named = (exchange["page"] for exchange in self.spec["exchanges"])
        return {name for pages in named for name in ([pages] if isinstance(pages, str) else pages)}

    @property
    def first_wait(self) -> float:
        """Seconds before the first repeat where nobody asks for others."""
        return self.config.http.retry.first_ceiling_seconds

    def reason_against(self, name: str) -> str | None:
        """Why a change or test does not apply, None where it does."""
        reason = self.spec.get("not_applicable", {}).get(name)
        return None if reason is None else str(reason)

    def changed(self, name: str) -> dict[str, Any]:
        """The pages with a change of case.json applied."""
        pages = copy.deepcopy(self.pages)
        for change in self.spec["changes"][name]:
            for page in [change["page"]] if isinstance(change["page"], str) else change["page"]:
                apply_change(pages[page], change)
        return pages

    def error_body(self, status: int, moment: Moment) -> Any:
        """What the provider says with a status."""
        errors = self.spec.get("auth_errors" if moment == "token" else "errors", {})
        return errors.get(str(status), _GENERIC_ERROR)

    def throttled(self, moment: Moment) -> dict[str, Any]:
        """The provider's own wording of a rate limit: status, headers, body, wait."""
        errors = self.spec.get("auth_errors" if moment == "token" else "errors", {})
        generic: dict[str, Any] = {
            "status": 429,
            "headers": {},
            "body": self.error_body(429, moment),
            "wait": self.first_wait,
        }
        return {**generic, **errors.get("throttled", {})}

    def headers_allowed(self, served: Served) -> list[str]:
        """Regular expressions, one of which the header with the credential must match whole."""
        told = self.spec.get("authenticated")
        if told is None:
            return [re.escape(f"Bearer {self.secret}" if self.config.auth.kind == "bearer" else self.secret)]
        if "token" not in told:
            return [told["pattern"]]
        by = served.exchange.get("authenticated_by")
        pages = self.auth_pages if by is None else [by]
        tokens = [token for page in pages for token in self.tokens_of(page)]
        return [told["pattern"].replace("{token}", re.escape(token)) for token in tokens]

    @property
    def credential_header(self) -> str:
        told = self.spec.get("authenticated")
        return self.config.auth.header if told is None else str(told["header"])

    def trial(self, pages: Mapping[str, Any] | None = None, *, max_pages: int | None = None) -> Trial:
        flow = self.config.flows[self.flow]  # type: ignore[index]  # the ids are those of the same mapping
        options = {**flow.options, **self.spec.get("flow_options", {})}
        changed: dict[str, Any] = {"options": options}
        if max_pages is not None:
            changed["max_pages"] = max_pages
        config = self.config.model_copy(update={"flows": {self.flow: flow.model_copy(update=changed)}})
        replay = Replay(config, self.spec["exchanges"], pages or self.pages)
        sleeps: list[float] = []
        source = usage_source(
            config,
            self.secret,
            SessionOptions(
                transport=replay,
                sleep=sleeps.append,
                clock=lambda: sum(sleeps),
                now=lambda: self.now,
                random=lambda: 1.0,
                rate_limiter=Unlimited(),
            ),
            flow=self.flow,
            account=SourceAccount(**self.spec["account"]) if "account" in self.spec else None,
            known_resources=[_state(told) for told in self.spec.get("known_resources", [])],
        )
        return Trial(source, replay, self.window, sleeps)

    def expected(self) -> dict[tuple[str, str], Decimal]:
        return {(row["day"], row["meter"]): Decimal(row["quantity"]) for row in self.spec["expected"]}

    def provider_totals(self) -> list[tuple[Decimal, Decimal]]:
        """What the provider says in total, and the sum of the meters that it is split into."""
        sums: defaultdict[str, Decimal] = defaultdict(Decimal)
        for row in self.trial().rows():
            sums[row.meter] += row.quantity
        return [
            (self._total(total), sum((sums[meter] for meter in total["meters"]), Decimal(0)))
            for total in self.spec["provider_totals"]
        ]

    def _total(self, total: Mapping[str, Any]) -> Decimal:
        paths = [total["at"]] if isinstance(total["at"], str) else total["at"]
        found = [value for page in total["pages"] for path in paths for value in values(self.pages[page], path)]
        if not found:
            raise CaseError(f"{self.id}: provider_totals: {paths} name nothing in {total['pages']}")
        return sum((Decimal(str(value)) for value in found), Decimal(0))


def _with_parts(texts: Iterator[str] | Sequence[str]) -> frozenset[str]:
    # A private key is lines of which each is worth hiding.
    lines = [line for text in texts for line in text.splitlines() if not line.startswith("-----")]
    return frozenset(lines) | {line[_PART] for line in lines if len(line) >= _PART.stop}


@functools.cache
def _private_key() -> str:
    """An RSA key of this run, because a private key in a repository is an alarm even if it opens nothing."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _state(told: Mapping[str, Any]) -> ResourceState:
    resource = dict(told["resource"])
    for name in ("created_at", "modified_at"):
        if resource.get(name) is not None:
            resource[name] = dt.datetime.fromisoformat(resource[name])
    if resource.get("capacity") is not None:
        resource["capacity"] = Decimal(str(resource["capacity"]))
    return ResourceState(
        resource=ProviderResource(**resource),
        first_observed_at=dt.datetime.fromisoformat(told["first_observed_at"]),
        last_observed_at=dt.datetime.fromisoformat(told["last_observed_at"]),
    )


def read_cases(config: ProviderConfig, flow: str, folder: Path) -> list[Case]:
    """Every case of a folder. Raises CaseError."""
    pages = {path.name: path for path in folder.glob("*.json")}
    specs = {name: pages.pop(name) for name in sorted(pages) if re.fullmatch(r"case(_\w+)?\.json", name)}
    if "case.json" not in specs:
        raise CaseError(f"{folder} has no case.json")
    cases = []
    for name, path in specs.items():
        suffix = name.removeprefix("case").removesuffix(".json").replace("_", "-")
        spec = _parsed(path)
        _check(spec, f"{config.id}/{name}", pages)
        parsed = {page: _parsed(file) for page, file in pages.items()}
        cases.append(Case(f"{config.id}-{flow}{suffix}", config, flow, spec, parsed))
    return cases


def _parsed(path: Path) -> Any:
    try:
        return json.loads(path.read_text(), parse_float=Decimal)
    except ValueError as error:
        raise CaseError(f"{path}: {error}") from None


def _check(spec: dict[str, Any], name: str, pages: Mapping[str, Any]) -> None:
    """Raises CaseError for what a typing error could silently switch off."""
    problems = [f"key {key} is missing" for key in _REQUIRED - set(spec)]
    problems += [f"key {key} is unknown" for key in set(spec) - _REQUIRED - _OPTIONAL]
    for exchange in spec.get("exchanges", []):
        problems += [f"exchanges: key {key} is unknown" for key in set(exchange) - _EXCHANGE]
        named = [exchange["page"]] if isinstance(exchange["page"], str) else exchange["page"]
        problems += [f"exchanges: there is no page {page}" for page in named if page not in pages]
    exempt = set(spec.get("not_applicable", {}))
    problems += [f"not_applicable: {key} applies to every provider" for key in exempt - MAY_NOT_APPLY]
    paged = spec.get("paged", [])
    for series in [paged] if isinstance(paged, dict) else paged:
        problems += [f"paged: key {key} is unknown" for key in set(series) - _PAGED]
    wanted = CHANGES - exempt
    problems += [f"changes: {key} is missing" for key in wanted - set(spec.get("changes", {}))]
    problems += [f"changes: {key} is unknown" for key in set(spec.get("changes", {})) - CHANGES]
    if isinstance(spec.get("secret"), dict) and not spec.get("secret_values"):
        problems.append("secret_values is missing: which fields of the secret must never be shown")
        if "more" not in series and "test_a_page_that_promises_more_without_a_cursor_is_refused" not in exempt:
            problems.append("paged: more is missing, and not_applicable does not say why")
    if not paged:
        problems.append("paged is empty: every provider pages something")
    if problems:
        raise CaseError(f"{name}: {'; '.join(sorted(problems))}")
