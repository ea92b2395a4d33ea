"""The configured providers as a frame, for the lake and for the rating engine."""

from collections.abc import Mapping

import polars as pl

from genai_finops.providers.config import ProviderConfig
from genai_finops.schemas.tables.reference import PROVIDERS
from genai_finops.schemas.validation import empty_frame


def providers_frame(configs: Mapping[str, ProviderConfig]) -> pl.DataFrame:
    """The configured providers, shape of `genai_providers`."""
    rows = [
        {
            "provider": provider,
            "provider_code": provider.upper(),
            **config.service.model_dump(),
            **_infrastructure(config),
        }
        for provider, config in configs.items()
    ]
    schema = empty_frame(PROVIDERS).schema
    return pl.DataFrame([{name: row[name] for name in schema} for row in rows], schema=schema)


def _infrastructure(config: ProviderConfig) -> dict[str, str | None]:
    service = config.infrastructure_service
    return {
        "infrastructure_service_name": service.service_name if service else None,
        "infrastructure_service_category": service.service_category if service else None,
        "infrastructure_service_subcategory": service.service_subcategory if service else None,
    }
