"""What a price list is read with is shown nowhere."""

from genai_finops.pricing.sources.network import PriceCredential
from genai_finops.providers.base import SourceAccount


def test_a_credential_does_not_show_its_secret() -> None:
    assert "planted" not in repr(PriceCredential(secret="planted", account=SourceAccount(id="a")))
