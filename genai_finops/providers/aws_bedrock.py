"""AWS Bedrock: tokens per model from CloudWatch, region by region, and the inference profiles behind them."""

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import ClassVar, Literal, cast

from genai_finops.providers.aws_auth import SIGNED_FOR
from genai_finops.providers.base import (
    MalformedPageError,
    Page,
    ProbeCheck,
    ProviderResource,
    TransientProviderError,
    UsageRow,
    Window,
)
from genai_finops.providers.bedrock_models import PROFILE, NamedModel, name_model
from genai_finops.providers.bedrock_profiles import PROFILES, TAGS, listed_profiles, tags_by_arn
from genai_finops.providers.bedrock_source import (
    BedrockAccountOptions,
    BedrockSource,
    Series,
    listed_metrics,
    series_resources,
    words_of,
)
from genai_finops.providers.bedrock_usage import (
    MANTLE,
    METERS,
    MODEL_DIMENSION,
    RUNTIME,
    Sums,
    check_totals,
    metrics_to_ask,
    model_of,
    report_unknown,
    usage_rows,
)
from genai_finops.providers.cloudwatch import (
    METRIC_DATA,
    METRICS,
    Metric,
    listed,
    points,
)
from genai_finops.providers.records import UnknownFields, UsageTotals
from genai_finops.providers.registry import register
from genai_finops.providers.source import Options

#: Reads of the totals and their parts before usage is taken to be in motion.
_READS = 3


class BedrockOptions(Options):
    """Options of the flow."""

    #: Seconds of one sum.
    period_seconds: Literal[3600, 86400] = 86400
    #: False for a principal that may not list them: their usage then has no model.
    inference_profiles: bool = True
    #: False where tags are not needed; they cost one request for each profile.
    profile_tags: bool = True
    #: False where the series without dimensions counts other things than the models' own.
    control_totals: bool = True
    #: Names of metrics, parted by commas, that are no usage although their name looks like it.
    ignored_metrics: str = ""


@register
class BedrockUsage(BedrockSource):
    """On-demand usage of one AWS account, by period, region, model, profile, service tier and project."""

    flow: ClassVar[str] = "payg"
    options_model: ClassVar[type[Options]] = BedrockOptions
    namespaces: ClassVar[tuple[str, ...]] = (RUNTIME, MANTLE)

    @property
    def _options(self) -> BedrockOptions:
        return cast("BedrockOptions", self.read_options(self.flow_config))

    def fetch(self, window: Window) -> Iterator[Page]:
        """Profiles, metrics and sums of each region. Raises ProviderError.

        Where the models do not add up to the total, it is read again: TransientProviderError where usage is in motion.
        """
        self.refuse_forgotten(window, self.refuse_future(window))
        for region in self.regions:
            if self._options.inference_profiles:
                yield from self._list_profiles(region)
            listing = [
                page for namespace in self.namespaces for page in self.cloudwatch.list_metrics(region, namespace)
            ]
            yield from listing
            series = self._series(region, listed(listing, provider=self.provider, unknown=UnknownFields()))
            metrics = metrics_to_ask(series, with_totals=self._options.control_totals)
            for part in window.split(self.flow_config.window_days):
                yield from self._read_settled(region, metrics, part)

    def checks(self, now: dt.datetime) -> Sequence[ProbeCheck]:
        """That the keys are of the account, and each action of the policy in each region."""
        profiles = {"bedrock:ListInferenceProfiles": self._check_profiles} if self._options.inference_profiles else {}
        return self.region_checks(now, profiles)

    def _check_profiles(self, region: str, _: dt.datetime) -> str:
        profiles = list(listed_profiles([next(self._profile_pages(region))], UnknownFields()))
        if profiles and self._options.profile_tags:
            self._tags_page(region, profiles[0][1])
            return "answers, with the tags of a profile"
        return "answers" if profiles else "answers; no profile whose tags could be read"

    def _series(self, region: str, found: Iterable[tuple[str, Metric]]) -> set[Series]:
        """Namespace and dimensions of all series with a model: listed, remembered, and named by the account."""
        series = {
            (metric.namespace, metric.dimensions)
            for _, metric in found
            if metric.namespace in METERS and model_of(metric) is not None
        }
        series.update(self.known_series(region))
        for model_id in words_of(cast("BedrockAccountOptions", self.account_options).model_ids):
            series.add((RUNTIME, ((MODEL_DIMENSION[RUNTIME], model_id),)))
        return series

    def _read_settled(self, region: str, metrics: Sequence[Metric], window: Window) -> list[Page]:
        before: list[bytes] = []
        for _ in range(_READS):
            pages = list(self.cloudwatch.sums(region, metrics, window, self._options.period_seconds))
            try:
                if self._options.control_totals:
                    check_totals(points(pages, window, provider=self.provider, unknown=UnknownFields()))
            except MalformedPageError:
                bodies = [page.body for page in pages]
                if bodies != before:
                    before = bodies
                    continue
            # What is wrong twice is not in motion: normalising the pages says what it is.
            return pages
        raise TransientProviderError(
            f"{self.provider} {METRIC_DATA} {region}: usage of {window.start.date().isoformat()} to "
            f"{window.days[-1].isoformat()} changed during each of {_READS} reads; run the partition again later"
        )

    def _profile_pages(self, region: str) -> Iterator[Page]:
        return self.list_region("/inference-profiles", region, source=PROFILES, query=[("type", "APPLICATION")])

    def _tags_page(self, region: str, arn: str) -> Page:
        return self.session.request(
            "POST",
            "/listTagsForResource",
            source=TAGS,
            headers={SIGNED_FOR: f"bedrock/{region}", "Content-Type": "application/json"},
            content=json.dumps({"resourceARN": arn}).encode(),
            place={"region": region},
            recorded={"region": region, "arn": arn},
        )

    def _list_profiles(self, region: str) -> Iterator[Page]:
        pages = list(self._profile_pages(region))
        yield from pages
        if self._options.profile_tags:
            for _, arn in listed_profiles(pages, UnknownFields()):
                yield self._tags_page(region, arn)

    def resources(self, pages: Sequence[Page]) -> Iterator[ProviderResource]:
        """The application inference profiles with model and tags, and the series of metrics that were listed."""
        tags = tags_by_arn(pages)
        for profile, arn in listed_profiles(pages, UnknownFields()):
            yield replace(profile, tags=tags.get(arn, {}))
        yield from series_resources(listed_metrics(pages, UnknownFields()))

    def normalise(self, pages: Sequence[Page], window: Window) -> Iterator[UsageRow]:
        """Disjoint meters per period and key. Raises MalformedPageError, also where models miss the total."""
        unknown = UnknownFields()
        for page in pages:
            if page.source not in {PROFILES, TAGS, METRICS, METRIC_DATA}:
                raise MalformedPageError(f"{self.provider}: page {page.sha256} answers unknown request {page.source!r}")
        profiles = self._known_profiles() | {
            profile.resource_id: profile for profile, _ in listed_profiles(pages, unknown)
        }
        found = {metric for _, metric in listed_metrics(pages, unknown)}
        report_unknown(found, words_of(self._options.ignored_metrics))
        data = [page for page in pages if page.source == METRIC_DATA]
        sums: Sums = points(data, window, provider=self.provider, unknown=unknown)
        if self._options.control_totals:
            check_totals(sums)
        totals = UsageTotals()

        def name(model_id: str, region: str, _: dt.datetime) -> NamedModel | None:
            return name_model(model_id, region, profiles)

        for row in usage_rows(sums, name, dt.timedelta(seconds=self._options.period_seconds)):
            totals.add(row)
        unknown.report()
        return iter(totals)

    def _known_profiles(self) -> dict[str, ProviderResource]:
        """Profiles of earlier lists: their usage is still read after they are deleted."""
        states = sorted(self.known_resources, key=lambda state: state.last_observed_at)
        return {
            state.resource.resource_id: state.resource for state in states if state.resource.resource_type == PROFILE
        }
