"""What a provider's source says of an account's options and of a secret, before they are stored."""

from collections.abc import Iterator, Mapping

from genai_finops.errors import FinopsError
from genai_finops.providers.base import CredentialError, SourceAccount
from genai_finops.providers.config import load_provider_configs
from genai_finops.providers.registry import discover, source_class_of
from genai_finops.providers.source import HttpUsageSource
from genai_finops.settings import Settings


def refuse_unreadable_account(
    settings: Settings, provider: str, account_id: str, account_options: Mapping[str, str]
) -> None:
    """Raises FinopsError where a flow of the provider could not read an account with these options.

    A provider without configuration has no say.
    """
    account = SourceAccount(id=account_id, options=account_options)
    for source_class in _source_classes(settings, provider):
        source_class.read_account_options(account)


def refuse_malformed_secret(settings: Settings, provider: str, secret: str) -> None:
    """Raises FinopsError, without the secret or a part of it, where it cannot be one of the provider."""
    for source_class in _source_classes(settings, provider):
        try:
            source_class.check_secret(secret)
        except CredentialError as error:
            # Not chained: what the check stumbled over may carry the secret.
            raise FinopsError(
                str(error), remedy="Nothing was stored: correct the secret and run the command again."
            ) from None


def _source_classes(settings: Settings, provider: str) -> Iterator[type[HttpUsageSource]]:
    config = load_provider_configs(settings.provider_config_dir, settings.environ).get(provider)
    if config is not None:
        discover(settings.environ)
        yield from {source_class_of(config, flow)[0]: None for flow in config.flows}
