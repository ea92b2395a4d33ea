"""Which sources of prices there are for these settings, and how each is read."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import polars as pl

from genai_finops.control.credentials import enabled_credentials, open_secret
from genai_finops.control.database import open_database, reading
from genai_finops.control.organisations import list_accounts, list_organisations
from genai_finops.control.snapshot import capacity_price_entries_frame, price_entries_frame
from genai_finops.ingest.plan import provider_configs, session_options
from genai_finops.ingest.price_entries import revise_capacity_entries, revise_entries
from genai_finops.pricing.aliases import read_alias_rules
from genai_finops.pricing.book import revise_book
from genai_finops.pricing.capacity_book import revise_capacity_book
from genai_finops.pricing.catalogue import read_catalogue
from genai_finops.pricing.catalogue_map import SOURCE as CATALOGUE
from genai_finops.pricing.frames import alias_rules_frame
from genai_finops.pricing.knowledge import Revision, revise_whole
from genai_finops.pricing.sources.aws_price_list import read_aws_price_list
from genai_finops.pricing.sources.azure_retail import read_azure_retail
from genai_finops.pricing.sources.capacity_seeds import CAPACITY_PRICES, read_capacity_prices
from genai_finops.pricing.sources.capacity_seeds import SOURCE as CAPACITY_SEED
from genai_finops.pricing.sources.gcp_billing_catalog import read_gcp_billing_catalog
from genai_finops.pricing.sources.litellm import read_litellm
from genai_finops.pricing.sources.network import PriceCredential
from genai_finops.pricing.sources.seeds import (
    DEFAULT_PRICES,
    FACTORS_SOURCE,
    LIST_PRICES,
    PRICE_FACTORS_SEED,
    price_factors_frame,
    read_default_prices,
    read_list_prices,
)
from genai_finops.pricing.sources.statement import SkippedPrice, Statement
from genai_finops.providers.base import SourceAccount
from genai_finops.providers.config import ProviderConfig
from genai_finops.providers.http import SessionOptions
from genai_finops.schemas.table import Table
from genai_finops.schemas.tables.capacity_prices import CAPACITY_PRICE_BOOK
from genai_finops.schemas.tables.pricing import MODEL_ALIAS_RULES, PRICE_BOOK, PRICE_FACTORS
from genai_finops.settings import Settings

LITELLM = "litellm"
#: Source of what organisations and the platform entered, which the control database holds with its own knowledge.
ENTRIES = "entries"

PriceListReader = Callable[[ProviderConfig, PriceCredential | None, SessionOptions, dt.datetime], Statement]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a source said, as a change of what is known of it in one table."""

    #: None where the rows have versions of their own.
    version: str | None
    skipped: tuple[SkippedPrice, ...] = ()
    revise: Callable[[pl.DataFrame], Revision]


Answers = tuple[Answer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceSource:
    """One source, and the tables that it fills: `read` gives one answer for each of them, in this order.

    `read` raises FinopsError or ProviderError.
    """

    name: str
    tables: tuple[Table, ...]
    read: Callable[[dt.datetime], Answers]
    #: Where a source is asked for several providers: which of them this is.
    part: str | None = None

    @property
    def file(self) -> str:
        """Name of the file in the lake."""
        return self.name if self.part is None else f"{self.name}.{self.part}"


#: Sources that are asked over the network: the providers whose accounts call for it, and the reader.
PRICE_LISTS: dict[str, tuple[tuple[str, ...], PriceListReader]] = {
    "azure_retail": (("azure_openai",), read_azure_retail),
    "aws_price_list": (("aws_bedrock",), read_aws_price_list),
    "gcp_billing_catalog": (("gemini", "gcp_vertex"), read_gcp_billing_catalog),
}
#: Those of them whose prices of capacity are read as well. How Google words its own is not documented.
CAPACITY_LISTS = frozenset({"azure_retail", "aws_price_list"})


def packaged_sources(settings: Settings) -> tuple[PriceSource, ...]:
    """What comes with the platform, and what was entered: sources that need no network."""
    seeds = settings.seeds_dir
    return (
        PriceSource(name=CATALOGUE, tables=(PRICE_BOOK,), read=_of_statement(read_catalogue)),
        PriceSource(name=CATALOGUE, tables=(MODEL_ALIAS_RULES,), read=_read_alias_rules),
        PriceSource(
            name="list_prices", tables=(PRICE_BOOK,), read=_of_statement(partial(read_list_prices, seeds / LIST_PRICES))
        ),
        PriceSource(
            name="default_prices",
            tables=(PRICE_BOOK,),
            read=_of_statement(partial(read_default_prices, seeds / DEFAULT_PRICES)),
        ),
        PriceSource(name=FACTORS_SOURCE, tables=(PRICE_FACTORS,), read=partial(_read_factors, settings)),
        PriceSource(
            name=CAPACITY_SEED,
            tables=(CAPACITY_PRICE_BOOK,),
            read=_of_capacity(partial(read_capacity_prices, seeds / CAPACITY_PRICES)),
        ),
        PriceSource(name=ENTRIES, tables=(PRICE_BOOK, CAPACITY_PRICE_BOOK), read=partial(_read_entries, settings)),
    )


def configured_sources(settings: Settings) -> tuple[PriceSource, ...]:
    """The further sources that these settings call for.

    A provider's price list is asked where an enabled account of that provider is registered, with its first enabled
    credential; LiteLLM's file is read where one is named. Raises FinopsError for settings that cannot be used.
    """
    return (*_price_lists(settings), *_litellm(settings))


def _price_lists(settings: Settings) -> Iterator[PriceSource]:
    configs = provider_configs(settings)
    with reading(open_database(settings)) as session:
        orgs = {row.slug for row in list_organisations(session) if row.is_enabled}
        registered = {row.provider for row in list_accounts(session) if row.is_enabled and row.org_slug in orgs}
    for name, (asked_for, reader) in PRICE_LISTS.items():
        for provider in asked_for:
            config = configs.get(provider)
            if provider in registered and config is not None and config.price_list is not None:
                ask = partial(_ask, settings, config, reader)
                has_capacity = name in CAPACITY_LISTS
                yield PriceSource(
                    name=name,
                    # One reading fills both books: what is asked over the network is asked once.
                    tables=(PRICE_BOOK, CAPACITY_PRICE_BOOK) if has_capacity else (PRICE_BOOK,),
                    read=_of_both(ask) if has_capacity else _of_statement(ask),
                    part=provider if len(asked_for) > 1 else None,
                )


def _litellm(settings: Settings) -> Iterator[PriceSource]:
    if settings.litellm_prices_path is not None:
        read = partial(read_litellm, settings.litellm_prices_path)
        yield PriceSource(name=LITELLM, tables=(PRICE_BOOK,), read=_of_statement(read))


def _ask(settings: Settings, config: ProviderConfig, reader: PriceListReader, moment: dt.datetime) -> Statement:
    return reader(config, _first_credential(settings, config.id), session_options(settings), moment)


def _first_credential(settings: Settings, provider: str) -> PriceCredential | None:
    engine = open_database(settings)
    with reading(engine) as session:
        found = next(iter(enabled_credentials(session, provider)), None)
    if found is None:
        return None
    secret = open_secret(engine, settings, org_slug=found.org_slug, credential_id=found.credential_id)
    account = SourceAccount(id=found.account_id, options=found.account_options)
    return PriceCredential(secret=secret.reveal(), account=account)


def _of_statement(read: Callable[[dt.datetime], Statement]) -> Callable[[dt.datetime], Answers]:
    return lambda moment: (_rates(read(moment)),)


def _of_capacity(read: Callable[[dt.datetime], Statement]) -> Callable[[dt.datetime], Answers]:
    return lambda moment: (_capacity_rates(read(moment)),)


def _of_both(read: Callable[[dt.datetime], Statement]) -> Callable[[dt.datetime], Answers]:
    def answers(moment: dt.datetime) -> Answers:
        statement = read(moment)
        return _rates(statement), _capacity_rates(statement)

    return answers


def _rates(statement: Statement) -> Answer:
    return Answer(
        version=statement.source_version,
        skipped=statement.skipped,
        revise=lambda known: revise_book(known, statement),
    )


def _capacity_rates(statement: Statement) -> Answer:
    return Answer(version=statement.source_version, revise=lambda known: revise_capacity_book(known, statement))


def _read_alias_rules(moment: dt.datetime) -> Answers:
    rules = read_alias_rules()
    stated = alias_rules_frame(moment, rules)
    answer = Answer(
        version=rules.version,
        revise=lambda known: revise_whole(MODEL_ALIAS_RULES, known, stated, moment, source=CATALOGUE),
    )
    return (answer,)


def _read_factors(settings: Settings, moment: dt.datetime) -> Answers:
    stated = price_factors_frame(settings.seeds_dir / PRICE_FACTORS_SEED, moment)
    answer = Answer(
        version=str(stated["source_version"].max()),
        revise=lambda known: revise_whole(PRICE_FACTORS, known, stated, moment, source=FACTORS_SOURCE),
    )
    return (answer,)


def _read_entries(settings: Settings, _moment: dt.datetime) -> Answers:
    with reading(open_database(settings)) as session:
        entries, capacity_entries = price_entries_frame(session), capacity_price_entries_frame(session)
    return (
        Answer(version=None, revise=lambda known: revise_entries(known, entries)),
        Answer(version=None, revise=lambda known: revise_capacity_entries(known, capacity_entries)),
    )
