"""Azure Cost Management: hours of machines with accelerators, by resource, meter and day, as the bill counts them."""

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar, cast

import httpx

from genai_finops.providers.azure_arm import classify_arm, region_id, without_default_port
from genai_finops.providers.azure_source import AzureAccountOptions
from genai_finops.providers.base import (
    CredentialError,
    MalformedPageError,
    MissingRightError,
    Page,
    PermanentProviderError,
    ProbeCheck,
    UsageRow,
    Window,
)
from genai_finops.providers.config import ProviderConfig
from genai_finops.providers.entra_auth import ClientCredential, EntraAuth
from genai_finops.providers.http import AuthContext
from genai_finops.providers.machine_time import rounded_rows
from genai_finops.providers.records import Record, UsageTotals
from genai_finops.providers.registry import register
from genai_finops.providers.retry import Verdict
from genai_finops.providers.source import HttpUsageSource, Options

METERS = "costManagement/meters"
LOCATIONS = "costManagement/locations"

_VERSION = ("api-version", "2025-03-01")
_SUBSCRIPTION = re.compile(r"[0-9A-Za-z-]{1,64}")
#: Names of sizes of the N series (NC, ND, NV, ...): `NC40ads H100 v5`, `ND96isr H100 v5 Spot`.
_N_SERIES = re.compile(r"(?:standard_)?n[a-z]\d\w*( .+)?")
_SPOT = re.compile(r"\s+spot$")
_LOW_PRIORITY = re.compile(r"\blow priority$")
_DAY_NUMBER = re.compile(r"\d{8}")
_TOO_LARGE = 10**20
#: Resource types by the provider and type in a resource's id.
_TYPES = {
    "microsoft.compute/virtualmachines": "Virtual machine",
    "microsoft.compute/virtualmachinescalesets": "Virtual machine scale set",
    "microsoft.machinelearningservices/workspaces": "Machine learning workspace",
    "microsoft.batch/batchaccounts": "Batch account",
}
#: Callers without a name of their own share one budget of requests.
_CLIENT_TYPE = "genai-finops"
_ROLE = "Cost Management Reader"


class AzureInfrastructureOptions(Options):
    """Options of the flow."""

    arm_scope: str = "https://management.azure.com/.default"
    #: Services of the bill, parted by commas, among whose meters those of N-series machines are read.
    services: str = "Virtual Machines,Azure Machine Learning"


@register
class AzureInfrastructure(HttpUsageSource):
    """Machine hours of one subscription by UTC day, resource and meter."""

    provider: ClassVar[str] = "azure_openai"
    flow: ClassVar[str] = "infrastructure"
    options_model: ClassVar[type[Options]] = AzureInfrastructureOptions
    account_options_model: ClassVar[type[Options]] = AzureAccountOptions

    @classmethod
    def authenticate(cls, config: ProviderConfig, secret: str, context: AuthContext) -> httpx.Auth:
        """Entra tokens for Resource Manager."""
        flow = next(values for name, values in config.flows.items() if name == cls.flow)
        options = cast("AzureInfrastructureOptions", cls.read_options(flow))
        return EntraAuth(
            ClientCredential.parse(secret, provider=cls.provider),
            provider=cls.provider,
            auth_url=config.hosts["auth_url"],
            scopes={config.base_url: options.arm_scope},
            options=context.options,
            redactor=context.redactor,
        )

    @classmethod
    def check_secret(cls, secret: str) -> None:
        """Raises CredentialError that names the field."""
        ClientCredential.parse(secret, provider=cls.provider)

    @classmethod
    def secret_parts(cls, secret: str) -> tuple[str, ...]:
        """The whole text and the client secret in it."""
        try:
            return (secret, secret.strip(), ClientCredential.parse(secret, provider=cls.provider).client_secret)
        except CredentialError:
            return (secret, secret.strip())

    @staticmethod
    def classify(status: int, headers: Mapping[str, str], body: Any) -> Verdict:
        """By code; a missing right is one to read costs."""
        verdict = classify_arm(status, headers, body)
        if verdict.error is MissingRightError:
            return Verdict(MissingRightError, f"give the app the role {_ROLE} on the subscription")
        return verdict

    @property
    def _is_read(self) -> bool:
        return cast("AzureAccountOptions", self.account_options).infrastructure

    def fetch(self, window: Window) -> Iterator[Page]:
        """Quantities by resource and meter, and by resource and location: a query takes two groupings only.

        Nothing is asked for an account without the option `infrastructure`. Raises ProviderError.
        """
        self.refuse_future(window)
        if not self._is_read:
            return
        for part in window.split(self.flow_config.window_days):
            yield from self._query(part, METERS, "Meter")
            yield from self._query(part, LOCATIONS, "ResourceLocation")

    def checks(self, now: dt.datetime) -> Sequence[ProbeCheck]:
        """That costs of the subscription can be queried."""

        if not self._is_read:
            return ()

        def read() -> str:
            yesterday = now.date() - dt.timedelta(days=1)
            page = next(self._query(Window.of_days(yesterday, yesterday), METERS, "Meter"))
            return "answers" if page.content is not None else "answers; no machine hours of yesterday yet"

        return (ProbeCheck(name="query costs", needs=f"{_ROLE} on the subscription", run=read),)

    def _query(self, window: Window, source: str, grouping: str) -> Iterator[Page]:
        if not _SUBSCRIPTION.fullmatch(self.account_id):
            raise PermanentProviderError(
                f"{self.provider}: account {self.account_id!r} is no subscription id; set the account's id to it"
            )
        path = f"/subscriptions/{self.account_id}/providers/Microsoft.CostManagement/query"
        services = cast("AzureInfrastructureOptions", self.read_options(self.flow_config)).services
        body = _body(window, grouping, [name.strip() for name in services.split(",") if name.strip()])

        def ask(link: str | None) -> Page:
            return self.session.request(
                "POST",
                link or path,
                source=source,
                # A link has its own api-version, and is posted with the same body.
                params=[_VERSION] if link is None else [],
                headers={"Content-Type": "application/json", "ClientType": _CLIENT_TYPE},
                content=body,
                recorded={"start": window.start.isoformat(), "end": window.end.isoformat()},
                may_be_empty=True,
            )

        return _linked(ask, subject=f"{self.provider} {source}", max_pages=self.flow_config.max_pages)

    def normalise(self, pages: Sequence[Page], window: Window) -> Iterator[UsageRow]:
        """Rows by day, resource and meter. Raises MalformedPageError."""
        for page in pages:
            if page.source not in {METERS, LOCATIONS}:
                raise MalformedPageError(f"{self.provider}: page {page.sha256} answers unknown request {page.source!r}")
        regions = {
            (day, resource): region_id(location)
            for _, day, resource, location, _ in self._values(pages, LOCATIONS, "ResourceLocation", window)
            if location
        }
        totals = UsageTotals()
        for sha256, day, resource, meter, quantity in self._values(pages, METERS, "Meter", window):
            size = meter.lower().strip()
            if not _N_SERIES.fullmatch(size):
                continue
            totals.add(_row(day, resource, size, quantity, region=regions.get((day, resource)), page=sha256))
        return rounded_rows(totals)

    def _values(
        self, pages: Sequence[Page], source: str, grouping: str, window: Window
    ) -> Iterator[tuple[str, dt.date, str, str, Decimal]]:
        for page in pages:
            # 204: nothing.
            if page.source != source or page.content is None:
                continue
            answer = Record.of(page.content, provider=self.provider, page=page, place="body").child("properties")
            for values in _rows(answer):
                day = _day(answer, values["UsageDate"])
                if day not in window.days:
                    answer.fail(f"day {day.isoformat()} is outside the window")
                resource, group = values["ResourceId"], values[grouping]
                if not isinstance(resource, str | None) or not isinstance(group, str | None):
                    answer.fail(f"ResourceId {resource!r} or {grouping} {group!r} is no text")
                yield (
                    page.sha256,
                    day,
                    (resource or "").lower(),
                    group or "",
                    _quantity(answer, values["UsageQuantity"]),
                )


def _body(window: Window, grouping: str, services: Sequence[str]) -> bytes:
    asked = {
        # What was used is the same in all views of cost; purchases are in this one only once.
        "type": "ActualCost",
        "timeframe": "Custom",
        "timePeriod": {
            "from": f"{window.start:%Y-%m-%dT%H:%M:%SZ}",
            "to": f"{window.end - dt.timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}",
        },
        "dataset": {
            "granularity": "Daily",
            "aggregation": {"quantity": {"name": "UsageQuantity", "function": "Sum"}},
            "grouping": [{"type": "Dimension", "name": "ResourceId"}, {"type": "Dimension", "name": grouping}],
            "filter": {"dimensions": {"name": "ServiceName", "operator": "In", "values": list(services)}},
        },
    }
    return json.dumps(asked).encode()


def _linked(ask: Callable[[str | None], Page], *, subject: str, max_pages: int) -> Iterator[Page]:
    """The pages of one query; the link to the next one is within `properties`."""
    seen: set[str] = set()
    link: str | None = None
    for _ in range(max_pages):
        page = ask(link)
        yield page
        properties = page.content.get("properties") if isinstance(page.content, dict) else None
        found = properties.get("nextLink") if isinstance(properties, dict) else None
        if not found:
            return
        if not isinstance(found, str):
            raise MalformedPageError(f"{subject}: field nextLink is {found!r}, no address (page {page.sha256})")
        link = without_default_port(found)
        if link in seen:
            raise PermanentProviderError(
                f"{subject}: nextLink comes a second time (page {page.sha256}); the paginator loops"
            )
        seen.add(link)
    raise PermanentProviderError(
        f"{subject}: more than {max_pages} pages; raise the flow's max_pages if that many are to be expected"
    )


def _rows(answer: Record) -> Iterator[Mapping[str, Any]]:
    """The values of each row by column: columns come in an order of the server's choosing."""
    columns = [column.text("name") for column in answer.children("columns")]
    rows = answer.required("rows")
    if not isinstance(rows, list):
        answer.fail("field rows is no list")
    grouping = "Meter" if answer.page.source == METERS else "ResourceLocation"
    missing = {"UsageQuantity", "UsageDate", "ResourceId", grouping} - set(columns)
    if missing:
        answer.fail(f"column {min(missing)} is missing; there are {', '.join(str(name) for name in columns)}")
    for number, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != len(columns):
            answer.fail(f"rows[{number}] has not one value for each of the {len(columns)} columns")
        yield {str(name): value for name, value in zip(columns, row, strict=True)}


def _day(answer: Record, value: Any) -> dt.date:
    """From a number such as 20261120."""
    if not isinstance(value, int) or not _DAY_NUMBER.fullmatch(str(value)):
        answer.fail(f"UsageDate is {value!r}, not a number of year, month and day")
    try:
        return dt.datetime.strptime(str(value), "%Y%m%d").replace(tzinfo=dt.UTC).date()
    except ValueError:
        answer.fail(f"UsageDate is {value!r}, no day")


def _quantity(answer: Record, value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 <= value < _TOO_LARGE:
        answer.fail(f"UsageQuantity is {value!r}, not a number of hours")
    return Decimal(value)


def _row(day: dt.date, resource: str, size: str, quantity: Decimal, *, region: str | None, page: str) -> UsageRow:
    start = dt.datetime.combine(day, dt.time(0), tzinfo=dt.UTC)
    variant = _SPOT.sub("", size)
    return UsageRow(
        period_start=start,
        period_end=start + dt.timedelta(days=1),
        meter="node_hour",
        quantity=quantity,
        page=page,
        # Low priority is the older offer of machines that may be taken away, at prices of its own.
        service_tier="spot" if variant != size or _LOW_PRIORITY.search(size) else "standard",
        provider_service_tier="compute",
        resource_id=resource or None,
        resource_name=resource.rpartition("/")[2] or None,
        resource_type=_resource_type(resource) if resource else None,
        region_id=region,
        variant=variant.removeprefix("standard_"),
    )


def _resource_type(resource: str) -> str:
    """In the words of its id, where it is none of those that are known."""
    parts = resource.rpartition("/providers/")[2].split("/")
    named = "/".join(parts[:2])
    return _TYPES.get(named, named or "Resource")
