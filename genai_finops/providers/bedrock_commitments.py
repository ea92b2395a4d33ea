"""Provisioned throughput of AWS Bedrock: model units by the hour from its lists, and the tokens served on them."""

import datetime as dt
import logging
from collections.abc import Iterator, Sequence
from typing import ClassVar, cast

from genai_finops.providers.base import MalformedPageError, Page, ProbeCheck, ProviderResource, UsageRow, Window
from genai_finops.providers.bedrock_models import NamedModel, geography_of, reference_of
from genai_finops.providers.bedrock_provisioned import MODELS, PROVISIONED, listed_models
from genai_finops.providers.bedrock_source import (
    BedrockAccountOptions,
    BedrockSource,
    Series,
    listed_metrics,
    series_resources,
    words_of,
)
from genai_finops.providers.bedrock_usage import (
    METERS,
    MODEL_DIMENSION,
    RUNTIME,
    Meters,
    metrics_to_ask,
    model_of,
    report_unknown,
    usage_rows,
)
from genai_finops.providers.cloudwatch import METRIC_DATA, METRICS, points
from genai_finops.providers.commitments import COMMITMENT
from genai_finops.providers.records import UnknownFields, UsageTotals
from genai_finops.providers.registry import register
from genai_finops.providers.resources import ResourceHistory, merged_states
from genai_finops.providers.source import Options
from genai_finops.providers.unit_hours import HOUR, unit_hours

log = logging.getLogger(__name__)

_PERIOD = 3600
#: A refused request shows that the units are taken; nobody pays for it.
_METERS: Meters = {RUNTIME: {**METERS[RUNTIME], "InvocationThrottles": "throttled_request"}}


class BedrockCommitmentOptions(Options):
    """Options of the flow."""

    #: Names of metrics, parted by commas, that are no usage although their name looks like it.
    ignored_metrics: str = ""


@register
class BedrockCommitments(BedrockSource):
    """Provisioned models of one AWS account by hour: units that were provisioned, and what was served on them.

    Units come from the dated states of the lists; CloudWatch knows no utilisation, only the tokens of each ARN.
    """

    flow: ClassVar[str] = "commitment"
    options_model: ClassVar[type[Options]] = BedrockCommitmentOptions
    namespaces: ClassVar[tuple[str, ...]] = (RUNTIME,)

    def fetch(self, window: Window) -> Iterator[Page]:
        """Provisioned models, metrics and hourly sums of each region. Raises ProviderError."""
        self.refuse_forgotten(window, self.refuse_future(window))
        for region in self.regions:
            models = list(self._list_models(region))
            yield from models
            listing = list(self.cloudwatch.list_metrics(region, RUNTIME))
            yield from listing
            metrics = metrics_to_ask(self._series(region, models, listing, window), with_totals=False, meters=_METERS)
            for part in window.split(self.flow_config.window_days):
                yield from self.cloudwatch.sums(region, metrics, part, _PERIOD)

    def fetch_lists(self) -> Iterator[Page]:
        """The provisioned models of each region. Raises ProviderError."""
        for region in self.regions:
            yield from self._list_models(region)

    def checks(self, now: dt.datetime) -> Sequence[ProbeCheck]:
        """That the keys are of the account, and each action of the policy in each region."""
        return self.region_checks(now, {"bedrock:ListProvisionedModelThroughputs": self._check_models})

    def _check_models(self, region: str, _: dt.datetime) -> str:
        page = next(self._list_models(region))
        found = list(listed_models([page], UnknownFields()))
        return f"{len(found)} provisioned models" if found else "answers; no provisioned model"

    def _list_models(self, region: str) -> Iterator[Page]:
        return self.list_region("/provisioned-model-throughputs", region, source=MODELS)

    def _series(self, region: str, models: Sequence[Page], listing: Sequence[Page], window: Window) -> set[Series]:
        """Namespace and dimensions of all series of provisioned models: listed, remembered, and named by the account.

        Models that were not there in the window are left out: each metric that is asked for costs.
        """
        found = {
            (metric.namespace, metric.dimensions)
            for _, metric in listed_metrics(listing, UnknownFields())
            if metric.namespace == RUNTIME and _is_provisioned(model_of(metric))
        }
        gone: set[str] = set()
        arns = set(words_of(cast("BedrockAccountOptions", self.account_options).model_ids))
        for resource, start, end in self._history(models).periods(PROVISIONED):
            if resource.region_id == region:
                is_there = start < window.end and (end is None or end > window.start)
                (arns if is_there else gone).add(resource.resource_id)
        for series in self.known_series(region):
            model = dict(series[1]).get(MODEL_DIMENSION[RUNTIME])
            if _is_provisioned(model) and model not in gone - arns:
                found.add(series)
        return found | {(RUNTIME, ((MODEL_DIMENSION[RUNTIME], arn),)) for arn in arns if _is_provisioned(arn)}

    def _history(self, pages: Sequence[Page]) -> ResourceHistory:
        """What earlier lists said and these say; a model that these no longer show ends now."""
        models = [model.resource for model in listed_models(pages, UnknownFields())]
        complete = self.listed_types(pages)
        return ResourceHistory(merged_states(self.known_resources, models, self.session.now(), complete=complete))

    def listed_types(self, pages: Sequence[Page]) -> frozenset[str]:
        """Provisioned models and commitments, where the last page of every region is among the pages.

        Not where a model was listed in a region that is no longer read: it is out of sight, not gone.
        """
        whole = {
            page.request["region"]
            for page in pages
            if page.source == MODELS and isinstance(page.content, dict) and not page.content.get("nextToken")
        }
        is_whole = whole.issuperset(self.regions) and not self._unread_regions()
        return frozenset({PROVISIONED, COMMITMENT}) if is_whole else frozenset()

    def _unread_regions(self) -> set[str | None]:
        return {
            state.resource.region_id
            for state in self.known_resources
            if state.resource.resource_type == PROVISIONED and state.missed_at is None
        } - set(self.regions)

    def resources(self, pages: Sequence[Page]) -> Iterator[ProviderResource]:
        """The provisioned models, their commitments, and the series of metrics of such models."""
        for model in listed_models(pages, UnknownFields()):
            yield model.resource
            if model.commitment is not None:
                yield model.commitment.as_resource()
        found = listed_metrics(pages, UnknownFields())
        yield from series_resources((region, metric) for region, metric in found if _is_provisioned(model_of(metric)))

    def normalise(self, pages: Sequence[Page], window: Window) -> Iterator[UsageRow]:
        """Unit-hours, tokens and refused requests of each provisioned model and hour. Raises MalformedPageError."""
        for page in pages:
            if page.source not in {MODELS, METRICS, METRIC_DATA}:
                raise MalformedPageError(f"{self.provider}: page {page.sha256} answers unknown request {page.source!r}")
        unknown = UnknownFields()
        listed = list(listed_models(pages, unknown))
        metrics = {metric for _, metric in listed_metrics(pages, unknown) if _is_provisioned(model_of(metric))}
        options = cast("BedrockCommitmentOptions", self.read_options(self.flow_config))
        report_unknown(metrics, words_of(options.ignored_metrics))
        totals = UsageTotals()
        history = self._history(pages)
        for row in self._capacity(history, pages, window):
            totals.add(row)
        for row in self._served(history, pages, window, unknown):
            totals.add(row)
        unknown.report()
        for model in listed:
            if model.status == "Failed":
                arn = model.resource.resource_id
                log.warning("provider=%s model=%s: status Failed, taken as not billed", self.provider, arn)
        for region in sorted(filter(None, self._unread_regions())):
            log.warning(
                "provider=%s region=%s: has provisioned models but is not read; add it to the account option regions",
                self.provider,
                region,
            )
        return iter(totals)

    def _capacity(self, history: ResourceHistory, pages: Sequence[Page], window: Window) -> Iterator[UsageRow]:
        by_region = {page.request["region"]: page.sha256 for page in pages if page.source == MODELS}
        by_model = {model.resource.resource_id: model.page.sha256 for model in listed_models(pages, UnknownFields())}
        end = min(window.end, self.session.now())
        for found in unit_hours(history.periods(PROVISIONED), window.start, end):
            resource = found.resource
            region = resource.region_id or ""
            if region in by_region:
                named = _named(resource, region)
                yield UsageRow(
                    period_start=found.hour,
                    period_end=found.hour + HOUR,
                    meter="model_unit_hour",
                    quantity=found.quantity,
                    # A model that is gone is known by the list that no longer shows it.
                    page=by_model.get(resource.resource_id, by_region[region]),
                    service_tier="committed",
                    region_id=region,
                    geography=named.geography,
                    provider_model_id=named.provider_model_id,
                    resource_id=named.resource_id,
                    resource_name=named.resource_name,
                    resource_type=named.resource_type,
                )

    def _served(
        self, history: ResourceHistory, pages: Sequence[Page], window: Window, unknown: UnknownFields
    ) -> Iterator[UsageRow]:
        data = [page for page in pages if page.source == METRIC_DATA]
        unlisted: set[str] = set()

        def name(model_id: str, region: str, hour: dt.datetime) -> NamedModel | None:
            if not _is_provisioned(model_id):
                return None
            resource = history.at(PROVISIONED, model_id, hour)
            if resource is None:
                unlisted.add(model_id)
                resource = ProviderResource(
                    resource_type=PROVISIONED, resource_id=model_id.lower(), resource_name=model_id.rpartition("/")[2]
                )
            return _named(resource, region)

        sums = points(data, window, provider=self.provider, unknown=unknown)
        yield from usage_rows(sums, name, HOUR, meters=_METERS, service_tier="committed")
        for arn in sorted(unlisted):
            log.warning(
                "provider=%s model=%s: has usage but was never listed; its tokens are kept, its units are unknown",
                self.provider,
                arn,
            )


def _is_provisioned(model_id: str | None) -> bool:
    return model_id is not None and reference_of(model_id).kind == "provisioned"


def _named(resource: ProviderResource, region: str) -> NamedModel:
    model = resource.provider_model_id
    return NamedModel(
        provider_model_id=model,
        geography=geography_of(model, region) if model else None,
        resource_id=resource.resource_id,
        resource_name=resource.resource_name,
        resource_type=PROVISIONED,
    )
