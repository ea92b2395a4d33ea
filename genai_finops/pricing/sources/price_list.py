"""What the readers of public price lists have in common: checked options, and a session without a credential."""

from typing import TypeVar

import httpx
from pydantic import ValidationError

from genai_finops.providers.config import PriceListConfig, ProviderConfig, ProviderConfigError
from genai_finops.providers.http import ProviderSession, SessionOptions
from genai_finops.providers.redaction import Redactor
from genai_finops.providers.source import Options

OptionsModel = TypeVar("OptionsModel", bound=Options)


def price_list_of(config: ProviderConfig, model: type[OptionsModel]) -> tuple[PriceListConfig, OptionsModel]:
    """The provider's `price_list` and its options as `model` knows them.

    Raises ProviderConfigError where the provider has none, and for an option that is unknown or of another type.
    """
    if config.price_list is None:
        raise ProviderConfigError(
            f"provider {config.id}: key price_list is missing",
            remedy=f"Add it to {config.id}.yml; configs/providers/schema.json describes it.",
        )
    try:
        return config.price_list, model.model_validate(config.price_list.options)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(part) for part in problem["loc"])
        known = ", ".join(sorted(model.model_fields)) or "none"
        raise ProviderConfigError(
            f"provider {config.id}: key price_list.options.{key}: {problem['msg']}",
            remedy=f"The options of this price list are: {known}.",
        ) from error


def public_session(config: ProviderConfig, options: SessionOptions) -> ProviderSession:
    """A session that sends no credential: for lists that everyone may read. Close it, or use it as a context."""
    return ProviderSession(config, auth=httpx.Auth(), redactor=Redactor(()), options=options)
