"""What a price API is read with."""

from dataclasses import dataclass, field

from genai_finops.providers.base import SourceAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceCredential:
    """The credential of an organisation that a price API is asked with: prices are public, some of the APIs are not."""

    #: As the provider's credential is stored; shown nowhere.
    secret: str = field(repr=False)
    account: SourceAccount
