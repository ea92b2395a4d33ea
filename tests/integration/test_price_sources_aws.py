"""The AWS Price List over a real socket: signed, paged, and by the models of the service that AWS publishes."""

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel
from botocore.parsers import JSONParser
from botocore.validate import ParamValidator

from genai_finops.pricing.aliases import read_alias_rules
from genai_finops.pricing.book import revise
from genai_finops.pricing.sources.aws_price_list import read_aws_price_list
from genai_finops.pricing.sources.network import PriceCredential
from genai_finops.pricing.sources.statement import StatedRate, Statement
from genai_finops.providers.base import (
    CredentialError,
    MalformedPageError,
    MissingRightError,
    PermanentProviderError,
    SourceAccount,
    TransientProviderError,
)
from genai_finops.providers.config import ProviderConfig, ProviderConfigError, load_provider_configs
from genai_finops.providers.http import SessionOptions
from genai_finops.schemas.tables.pricing import PRICE_BOOK
from genai_finops.schemas.validation import empty_frame
from genai_finops.simulator.running import Simulator, running_simulator
from genai_finops.simulator.scenario import Scenario

CONFIGS = Path(__file__).resolve().parents[2] / "configs" / "providers"
PROVIDER = "aws_bedrock"
#: Read through a role with an external id; the others have keys of their own.
ROLE_ORG = "globex"
RETRIEVED_AT = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)

Read = Callable[..., Statement]


class Unlimited:
    """A rate limiter that never waits."""

    def acquire(self) -> float:
        return 0.0


class Recorder(httpx.BaseTransport):
    """Passes requests on and keeps each with its answer."""

    def __init__(self) -> None:
        self.exchanges: list[tuple[httpx.Request, httpx.Response]] = []
        self._wire = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._wire.handle_request(request)
        body = answer.read()
        self.exchanges.append((request, httpx.Response(answer.status_code, headers=answer.headers, content=body)))
        return httpx.Response(answer.status_code, headers=answer.headers, content=body)


@pytest.fixture(scope="module")
def running() -> Iterator[Simulator]:
    with running_simulator(scenario=Scenario(orgs=("acme", ROLE_ORG))) as simulator:
        yield simulator


@pytest.fixture
def simulator(running: Simulator) -> Iterator[Simulator]:
    running.clear_faults()
    running.clear_requests()
    yield running
    running.clear_faults()


def configured(simulator: Simulator, **options: bool | int | str) -> ProviderConfig:
    config = load_provider_configs(CONFIGS, simulator.environment(PROVIDER))[PROVIDER]
    assert config.price_list is not None
    changed = config.price_list.model_copy(update={"options": {**config.price_list.options, **options}})
    return config.model_copy(update={"price_list": changed})


def statement_of(
    simulator: Simulator,
    org: str = "acme",
    *,
    secret: str | None = None,
    transport: httpx.BaseTransport | None = None,
    config: ProviderConfig | None = None,
    **options: bool | int | str,
) -> Statement:
    account = SourceAccount(id=simulator.account_id(org, PROVIDER), options=simulator.account_options(org, PROVIDER))
    return read_aws_price_list(
        config or configured(simulator, **options),
        PriceCredential(secret=secret or simulator.admin_key(org, PROVIDER), account=account),
        SessionOptions(now=lambda: simulator.now, sleep=lambda _: None, rate_limiter=Unlimited(), transport=transport),
        RETRIEVED_AT,
    )


@pytest.fixture(scope="module")
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture(scope="module")
def statement(running: Simulator, recorder: Recorder) -> Statement:
    return statement_of(running, transport=recorder)


def priced(statement: Statement, model_id: str, meter: str, geography: str, tier: str = "standard") -> list[StatedRate]:
    wanted = (model_id, meter, geography, tier)
    return [
        rate for rate in statement.rates if (rate.model_id, rate.meter, rate.geography, rate.service_tier) == wanted
    ]


@pytest.mark.parametrize(
    ("key", "unit_price"),
    [
        # 0.0008 per thousand tokens.
        (("amazon.nova-pro", "uncached_input", "regional", "standard"), "0.8"),
        (("amazon.nova-pro", "uncached_input", "regional_eu", "standard"), "1.05"),
        (("amazon.nova-pro", "output", "regional", "flex"), "1.6"),
        (("amazon.titan-embed-text-v2:0", "embedding_input", "regional", "standard"), "0.02"),
        (("openai.gpt-oss-120b", "output", "regional", "standard"), "0.6"),
        # Per million tokens, in the service that lists the others per thousand.
        (("xai.grok-4.3", "uncached_input", "regional", "standard"), "1.25"),
        # Per million tokens, called 1M tokens or Units.
        (("anthropic.claude-sonnet-4-5", "uncached_input", "regional", "standard"), "3.3"),
        (("anthropic.claude-sonnet-4-5", "output", "regional", "batch"), "8.25"),
        (("anthropic.claude-haiku-4-5", "cache_read", "regional_eu", "standard"), "0.11"),
        (("anthropic.claude-haiku-4-5", "cache_write_5m", "regional_eu", "standard"), "1.375"),
        (("anthropic.claude-haiku-4-5", "cache_write_1h", "regional_eu", "standard"), "2.2"),
        (("anthropic.claude-opus-5", "uncached_input", "global", "standard"), "5"),
    ],
)
def test_both_service_codes_and_both_units_give_prices_per_million_tokens(statement, key, unit_price):
    (rate,) = priced(statement, *key)
    assert rate.unit_price == Decimal(unit_price)


@pytest.fixture(scope="module")
def canonical() -> Callable[[str], str | None]:
    """The model that the alias rules make of a spelling."""
    found = (rule for rule in read_alias_rules().rules if rule.provider == PROVIDER)
    rules = sorted(found, key=lambda rule: rule.rank)

    def recognise(spelling: str) -> str | None:
        for rule in rules:
            is_excluded = rule.excluded_pattern and re.search(rule.excluded_pattern, spelling.lower())
            if re.search(rule.pattern, spelling.lower()) and not is_excluded:
                return rule.model_id
        return None

    return recognise


def test_what_the_simulator_charges_is_what_the_price_list_says(simulator, statement, canonical):
    # Tokens whose class is not reported are charged as these.
    meters = {"cache_write": "cache_write_5m", "input": "uncached_input"}
    charged = {
        (
            canonical(row["model"]),
            meters.get(row["meter"], row["meter"]),
            row["geography"],
            row["service_tier"],
            Decimal(row["cost"]) * 1_000_000 / Decimal(row["quantity"]),
        )
        for row in simulator.truth()["rows"]
        if row["provider"] == PROVIDER and row["cost"] is not None and Decimal(row["cost"])
    }
    stated = {
        (canonical(str(rate.model_id)), rate.meter, rate.geography, rate.service_tier, rate.unit_price)
        for rate in statement.rates
    }
    assert len(charged) > 20
    assert charged <= stated


def test_a_range_of_the_list_is_a_volume_tier(statement):
    first, above = priced(statement, "meta.llama3-1-8b-instruct", "uncached_input", "regional")
    assert (first.pricing_type, first.unit_price) == ("standard", Decimal("0.22"))
    assert (above.pricing_type, above.volume_threshold_tokens) == ("volume_discount", 1_000_000_000)
    assert above.unit_price == Decimal("0.2")


def test_long_context_is_a_band_of_its_own(statement):
    found = priced(statement, "openai.gpt-6-astra", "output", "regional")
    assert [(rate.context_tokens_above, rate.context_tokens_up_to, rate.unit_price) for rate in found] == [
        (0, 272_000, Decimal(55)),
        (272_000, None, Decimal("82.5")),
    ]


@pytest.mark.parametrize(
    ("subject", "reason"),
    [
        ("latency-optimized", "latency-optimized inference is a product of its own"),
        ("Reserved_1Month", "a commitment"),
        ("custom-model", "customised models have rates of their own"),
        ("NovaCanvas", "its unit 'image' is no number of tokens"),
        ("NovaReel", "its unit 'second' is no number of tokens"),
        ("Guardrail", "its unit 'TextUnit' is no number of tokens"),
        ("MistralLarge", "no id is known of the model"),
        ("amazon.nova-micro", "us-east-1 (USE1-NovaMicro-input-tokens: 0.035) and us-west-2"),
    ],
)
def test_what_has_no_rate_is_reported_with_the_reason(statement, subject, reason):
    found = [entry for entry in statement.skipped if subject in entry.subject]
    assert found
    assert all(reason in entry.reason for entry in found)


def test_provisioned_throughput_is_priced_by_model_region_and_commitment(statement):
    found = {
        (rate.model_id, rate.term, rate.unit_price)
        for rate in statement.capacity_rates
        if rate.region_id == "us-west-2"
    }
    assert found >= {
        ("anthropic.claude-3-7-sonnet", "P1M", Decimal("158.4")),
        ("amazon.nova-pro", "P1M", Decimal("108.15")),
    }
    assert [entry for entry in statement.skipped if "ProvisionedThroughput" in entry.subject] == []


def test_the_version_is_the_day_of_publication(statement):
    assert (statement.source, statement.source_version) == ("aws_price_list", "2026-09-25T18:21:32Z")
    assert statement.retrieved_at == RETRIEVED_AT


def test_the_book_takes_the_statement_and_keeps_a_price_that_aws_only_dates_anew(statement):
    book = revise(empty_frame(PRICE_BOOK), statement)
    dated_anew = replace(
        statement,
        retrieved_at=RETRIEVED_AT + dt.timedelta(days=30),
        rates=tuple(replace(rate, valid_from=dt.date(2026, 12, 1)) for rate in statement.rates),
    )
    assert revise(book, dated_anew).equals(book)


def test_the_list_is_read_page_by_page(statement, recorder):
    asked = [json.loads(request.content) for request, _ in recorder.exchanges]
    assert statement.rates
    assert {body["ServiceCode"] for body in asked} == {"AmazonBedrock", "AmazonBedrockFoundationModels"}
    assert {body["MaxResults"] for body in asked} == {100}
    assert any("NextToken" in body for body in asked)


def operation() -> OperationModel:
    return ServiceModel(Loader().load_service_model("pricing", "service-2")).operation_model("GetProducts")


def test_every_request_is_valid_by_the_model_of_the_service(statement, recorder):
    metadata = operation().service_model.metadata
    assert statement.rates
    for request, _ in recorder.exchanges:
        report = ParamValidator().validate(json.loads(request.content), operation().input_shape)  # type: ignore[arg-type]
        assert not report.has_errors(), report.generate_report()
        assert request.headers["x-amz-target"] == f"{metadata['targetPrefix']}.GetProducts"
        assert request.headers["content-type"] == f"application/x-amz-json-{metadata['jsonVersion']}"
        assert f"/us-east-1/{metadata['signingName']}/aws4_request" in request.headers["authorization"]


def test_botocores_parser_reads_every_answer_of_the_simulator(statement, recorder):
    shape = operation().output_shape
    assert statement.rates
    for _, answer in recorder.exchanges:
        whole = {"status_code": answer.status_code, "headers": answer.headers, "body": answer.content}
        said = JSONParser().parse(whole, shape)  # type: ignore[arg-type]
        found = {name: value for name, value in said.items() if name != "ResponseMetadata"}
        report = ParamValidator().validate(found, shape)  # type: ignore[arg-type]
        assert not report.has_errors(), report.generate_report()
        assert set(answer.json()) <= set(shape.members)  # type: ignore[union-attr]
        assert all(isinstance(json.loads(entry)["product"]["sku"], str) for entry in said["PriceList"])


def test_botocores_parser_reads_a_refusal_of_the_simulator(simulator):
    recorder = Recorder()
    with pytest.raises(MissingRightError):
        statement_of(simulator, secret=simulator.inference_key("acme", PROVIDER), transport=recorder)
    ((_, answer),) = recorder.exchanges
    whole = {"status_code": answer.status_code, "headers": answer.headers, "body": answer.content}
    said = JSONParser().parse(whole, operation().output_shape)  # type: ignore[arg-type]
    assert said["Error"]["Code"] == "AccessDeniedException"


def test_the_list_is_read_through_an_assumed_role(simulator):
    assert "role_arn" in simulator.admin_key(ROLE_ORG, PROVIDER)
    assert statement_of(simulator, ROLE_ORG, regions="us-east-1").rates
    assert sum("/sts/" in seen.path for seen in simulator.requests) == 1


def test_a_principal_without_the_right_is_told_its_name(simulator):
    with pytest.raises(MissingRightError, match="allow pricing:GetProducts in the policy of this principal"):
        statement_of(simulator, secret=simulator.inference_key("acme", PROVIDER))


def test_without_a_credential_the_permission_and_the_remedy_are_named(simulator):
    with pytest.raises(CredentialError, match=r"add one .* whose policy allows pricing:GetProducts"):
        read_aws_price_list(configured(simulator), None, SessionOptions(), RETRIEVED_AT)


def test_a_wrong_secret_is_refused_and_not_shown(simulator):
    credential = json.loads(simulator.admin_key("acme", PROVIDER))
    wrong = json.dumps({**credential, "secret_access_key": "n0tTheSecretOfThisKey"})
    with pytest.raises(CredentialError, match="does not belong to the access_key_id") as refused:
        statement_of(simulator, secret=wrong)
    assert "n0tTheSecret" not in str(refused.value)


def test_a_request_that_is_signed_for_another_region_is_refused(simulator):
    with pytest.raises(CredentialError, match="us-east-1"):
        statement_of(simulator, api_region="eu-central-1")


def test_a_page_token_that_comes_again_is_an_error_and_not_half_a_list(simulator):
    simulator.set_fault(PROVIDER, "repeated_page_token", path_prefix="/pricing/")
    with pytest.raises(PermanentProviderError, match="NextToken comes a second time"):
        statement_of(simulator)


def test_pages_without_an_end_are_given_up(simulator):
    simulator.set_fault(PROVIDER, "endless_pages", path_prefix="/pricing/")
    config = configured(simulator)
    assert config.price_list is not None
    short = config.model_copy(update={"price_list": config.price_list.model_copy(update={"max_pages": 5})})
    with pytest.raises(PermanentProviderError, match="more than 5 pages"):
        statement_of(simulator, config=short)


@pytest.mark.parametrize("fault", ["rate_limited", "server_error", "truncated_body", "not_json", "disconnect"])
def test_what_passes_is_tried_again(simulator, fault):
    before = statement_of(simulator, regions="us-east-1")
    simulator.set_fault(PROVIDER, fault, path_prefix="/pricing/", times=2)
    assert statement_of(simulator, regions="us-east-1") == before


def test_throttling_that_does_not_pass_says_so(simulator):
    simulator.set_fault(PROVIDER, "rate_limited", path_prefix="/pricing/")
    with pytest.raises(TransientProviderError, match="Rate exceeded"):
        statement_of(simulator)


def test_a_service_without_a_product_is_an_error_because_half_of_the_models_would_be_missing(simulator):
    with pytest.raises(MalformedPageError, match="AmazonBedrockFoundationModels has no product in sa-east-1"):
        statement_of(simulator, regions="sa-east-1", service_codes="AmazonBedrockFoundationModels")


def test_a_service_that_aws_does_not_know_is_an_error(simulator):
    with pytest.raises(PermanentProviderError, match="Service code AmazonBedRock was not found"):
        statement_of(simulator, service_codes="AmazonBedRock")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("regions", ""),
        ("regions", "us-east-1, us-west-2"),
        ("regions", "us-east-1,us-east-1"),
        ("service_codes", "AmazonBedrock,"),
        ("api_region", "us east 1"),
        ("currency", "USD"),
    ],
)
def test_an_option_that_is_wrong_is_named(simulator, option, value):
    options: dict[str, Any] = {option: value}
    with pytest.raises(ProviderConfigError, match=rf"price_list\.options\.{option}"):
        statement_of(simulator, **options)


def test_a_configuration_without_the_address_names_the_key(simulator):
    config = configured(simulator)
    hosts = {name: address for name, address in config.hosts.items() if name != "pricing_url"}
    with pytest.raises(ProviderConfigError, match=r"hosts\.pricing_url is missing"):
        statement_of(simulator, config=config.model_copy(update={"hosts": hosts}))


def test_the_configured_address_is_that_of_the_signed_region():
    config = load_provider_configs(CONFIGS, {})[PROVIDER]
    assert config.price_list is not None
    host = urlsplit(config.hosts["pricing_url"]).hostname
    assert host == f"api.pricing.{config.price_list.options['api_region']}.amazonaws.com"
