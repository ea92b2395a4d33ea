"""What refusals of the Price List API mean."""

import pytest

from genai_finops.pricing.sources.aws_price_list import classify
from genai_finops.providers.base import (
    CredentialError,
    MissingRightError,
    PermanentProviderError,
    TransientProviderError,
)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("AccessDeniedException", MissingRightError),
        ("UnrecognizedClientException", CredentialError),
        ("ThrottlingException", TransientProviderError),
        ("InternalErrorException", TransientProviderError),
        ("ExpiredNextTokenException", TransientProviderError),
        ("InvalidNextTokenException", TransientProviderError),
        ("InvalidParameterException", PermanentProviderError),
        ("NotFoundException", PermanentProviderError),
    ],
)
def test_a_refusal_is_told_by_its_code(code, expected):
    status = 500 if code == "InternalErrorException" else 400
    assert classify(status, {}, {"__type": f"com.amazonaws.pricing#{code}", "Message": "no"}).error is expected


def test_a_denial_names_the_permission_even_where_aws_does_not():
    verdict = classify(400, {}, {"__type": "AccessDeniedException", "Message": "no"})
    assert "allow pricing:GetProducts" in verdict.remedy
