"""What the flows of Vertex AI have in common that read publisher models: rights, and one way to read a metric."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import httpx
from pydantic import Field

from genai_finops.providers.base import MalformedPageError, Page, Window
from genai_finops.providers.cloud_monitoring import SCOPE, Aligner, Interval, metric_descriptors, time_series
from genai_finops.providers.config import ProviderConfig
from genai_finops.providers.google_auth import check_google_secret, google_auth, google_secret_parts
from genai_finops.providers.google_errors import classify_google
from genai_finops.providers.http import AuthContext
from genai_finops.providers.retry import Verdict
from genai_finops.providers.source import HttpUsageSource, Options
from genai_finops.providers.vertex_account import VertexAccountOptions

log = logging.getLogger(__name__)

#: What the names of all metrics of publisher models begin with.
PREFIX = "aiplatform.googleapis.com/publisher/online_serving/"
#: Not `tokens`: that is a histogram over requests, and no sum of it counts tokens.
TOKENS = f"{PREFIX}token_count"
INVOCATIONS = f"{PREFIX}model_invocation_count"

_RESOURCE_LABELS = ("location", "publisher", "model_user_id")
_DAY_SECONDS = 86_400


class VertexOptions(Options):
    """Options of a flow."""

    #: Days that Cloud Monitoring keeps.
    retention_days: int = Field(42, ge=1)
    #: Points in one page of time series, whatever their number of series.
    page_points: int = Field(20_000, ge=1, le=100_000)
    #: Upper bounds of the buckets of `max_token_size`, in rising order, separated by commas.
    context_bounds: str = Field("128k,200k,1M,2M", pattern=r"^\d+[kM]?(,\d+[kM]?)*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How one metric is read."""

    metric: str
    #: Labels that are asked for, of those that the project's metric has. Others are added up.
    labels: tuple[str, ...] = ()
    #: Labels that decide nothing here.
    added_up: frozenset[str] = frozenset()
    #: Labels without which values mean nothing.
    needed: tuple[str, ...] = ()
    #: Further terms of the filter.
    where: str = ""
    aligner: Aligner = "ALIGN_SUM"
    seconds: int = _DAY_SECONDS
    #: Name of the request; by default that of the metric.
    source: str | None = None


class VertexSource(HttpUsageSource):
    """Base of the flows that read Cloud Monitoring of one Google Cloud project."""

    provider: ClassVar[str] = "gcp_vertex"
    options_model: ClassVar[type[Options]] = VertexOptions
    account_options_model: ClassVar[type[Options]] = VertexAccountOptions

    @staticmethod
    def classify(status: int, headers: Mapping[str, str], body: Any) -> Verdict:
        """By google.rpc.Status."""
        return classify_google(status, headers, body)

    @classmethod
    def authenticate(cls, config: ProviderConfig, secret: str, context: AuthContext) -> httpx.Auth:
        """Tokens that may read monitoring data only."""
        return google_auth(secret, context, config=config, scopes=[SCOPE])

    @classmethod
    def check_secret(cls, secret: str) -> None:
        """A service account's key file, an authorized_user file, or the word application-default."""
        check_google_secret(secret, cls.provider)

    @classmethod
    def secret_parts(cls, secret: str) -> tuple[str, ...]:
        """The key file and the private key in it."""
        return google_secret_parts(secret)

    @property
    def options(self) -> VertexOptions:
        """The flow's options."""
        return cast(VertexOptions, self.options_model.model_validate(self.flow_config.options))

    @property
    def needs(self) -> str:
        """The role that reading needs."""
        return f"roles/monitoring.viewer on project {self.account_id}, and the Cloud Monitoring API enabled in it"

    def described(self) -> dict[str, frozenset[str]]:
        """The project's metrics of publisher models, each with its labels. Raises ProviderError."""
        return metric_descriptors(
            self.session,
            self.account_id,
            PREFIX,
            provider=self.provider,
            page_size=self.flow_config.page_entries,
            max_pages=self.flow_config.max_pages,
        )

    def read(self, reading: Reading, labels: frozenset[str], window: Window | Interval) -> Iterator[Page]:
        """The series of a metric that has these labels. Raises ProviderError."""
        name = reading.metric.removeprefix(PREFIX)
        for needed in reading.needed:
            if needed not in labels:
                raise MalformedPageError(
                    f"{self.provider} metricDescriptors: {reading.metric} has no label {needed}, only "
                    f"{', '.join(sorted(labels)) or 'none'}; its values cannot be told apart"
                )
        unknown = labels - set(reading.labels) - reading.added_up
        if unknown:
            log.warning(
                "provider=%s source=%s unknown_label=%s: added up, whatever its value",
                self.provider,
                name,
                ",".join(sorted(unknown)),
            )
        grouped = [label for label in reading.labels if label in labels]
        return time_series(
            self.session,
            self.account_id,
            # Never by project: its label is called differently from page to page of the documentation.
            f'metric.type = "{reading.metric}"{reading.where}',
            window,
            provider=self.provider,
            source=reading.source or name,
            group_by=[
                *(f"resource.labels.{label}" for label in _RESOURCE_LABELS),
                *(f"metric.labels.{label}" for label in grouped),
            ],
            page_size=self.options.page_points,
            max_pages=self.flow_config.max_pages,
            aligner=reading.aligner,
            alignment_seconds=reading.seconds,
        )
