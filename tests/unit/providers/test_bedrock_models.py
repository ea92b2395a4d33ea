"""What a ModelId names."""

import pytest

from genai_finops.providers.bedrock_models import geography_of, model_behind, reference_of

MODEL = "anthropic.claude-sonnet-4-5-20250929-v1:0"


@pytest.mark.parametrize(
    ("model_id", "kind", "name"),
    [
        (MODEL, "model", MODEL),
        (f"us-gov.{MODEL}", "model", f"us-gov.{MODEL}"),
        ("amazon.nova-pro-v1:0:300k", "model", "amazon.nova-pro-v1:0:300k"),
        (f"arn:aws:bedrock:us-east-1::foundation-model/{MODEL}", "model", MODEL),
        (f"arn:aws:bedrock:us-east-1:123456789012:inference-profile/eu.{MODEL}", "model", f"eu.{MODEL}"),
        ("x1y2z3a4b5c6", "profile", "x1y2z3a4b5c6"),
        ("arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/x1y2", "profile", "x1y2"),
        (
            "arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:provisioned-model/abc123",
            "provisioned",
            "arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:provisioned-model/abc123",
        ),
        (
            "arn:aws:bedrock:us-east-1:123456789012:imported-model/abc123",
            "other",
            "arn:aws:bedrock:us-east-1:123456789012:imported-model/abc123",
        ),
    ],
)
def test_ids_and_arns_refer_to_models_profiles_and_commitments(model_id, kind, name):
    reference = reference_of(model_id)
    assert (reference.kind, reference.name) == (kind, name)


def test_a_profile_over_several_regions_of_one_model_has_that_model():
    arns = [f"arn:aws:bedrock:{region}::foundation-model/{MODEL}" for region in ("us-east-1", "us-west-2")]
    assert model_behind(arns) == MODEL


def test_an_arn_without_a_region_makes_the_model_a_global_one():
    assert model_behind([f"arn:aws:bedrock:::foundation-model/{MODEL}"]) == f"global.{MODEL}"


@pytest.mark.parametrize("arns", [[], ["no arn"], ["arn:aws:bedrock:us-east-1:1:imported-model/x"]])
def test_a_profile_over_something_else_has_no_model(arns):
    assert model_behind(arns) is None


@pytest.mark.parametrize(
    ("model_id", "region", "geography"),
    [
        (f"global.{MODEL}", "eu-west-1", "global"),
        (f"us.{MODEL}", "us-east-1", "regional"),
        (f"in.{MODEL}", "ap-south-1", "regional_ap"),
        (f"us-gov.{MODEL}", "us-gov-west-1", "regional_other"),
        (f"ca.{MODEL}", "ca-central-1", "regional_other"),
        (MODEL, "us-west-2", "regional"),
        (MODEL, "us-gov-east-1", "regional_other"),
        (MODEL, "eu-north-1", "regional_eu"),
        (MODEL, "ap-northeast-1", "regional_ap"),
        (MODEL, "me-central-1", "regional_other"),
    ],
)
def test_the_prefix_of_a_profile_or_the_region_says_where_the_price_holds(model_id, region, geography):
    assert geography_of(model_id, region) == geography
