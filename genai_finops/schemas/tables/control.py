"""What dbt sees of the control database: snapshots without secrets, ciphertexts or references."""

from genai_finops.schemas.columns import HIERARCHY_LEVELS, PROVIDER, SLUG
from genai_finops.schemas.table import Column, Table

_ORG = Column(name="x_org_slug", type="string", pattern=SLUG, description="Organisation; the tenancy border.")

ORGANISATIONS = Table(
    name="genai_organisations",
    layer="reference",
    description="One row per organisation, enabled or not.",
    columns=(
        _ORG,
        Column(name="org_name", type="string", description="Display name of the organisation."),
        Column(
            name="currency",
            type="string",
            pattern=r"^[A-Z]{3}$",
            description="ISO 4217 code of the currency in which the organisation reports.",
        ),
        Column(name="is_enabled", type="bool", description="Whether usage is fetched for the organisation."),
        Column(name="created_at", type="timestamp", description="When the organisation was added, UTC."),
    ),
    grain=("x_org_slug",),
)

PROVIDER_ACCOUNTS = Table(
    name="genai_provider_accounts",
    layer="reference",
    description="One row per organisation, provider and account at that provider, enabled or not.",
    columns=(
        _ORG,
        PROVIDER,
        Column(name="account_id", type="string", description="The provider's id of the account that is billed."),
        Column(name="account_name", type="string", description="Display name of the account."),
        Column(name="is_free_tier", type="bool", description="Whether the account is on the provider's free tier."),
        Column(name="is_enabled", type="bool", description="Whether usage is fetched for the account."),
    ),
    grain=("x_org_slug", "provider", "account_id"),
)

HIERARCHY_ENTITIES = Table(
    name="genai_hierarchy_entities",
    layer="reference",
    description="One row per organisation and hierarchy entity: a department, project or team, at any depth.",
    columns=(
        _ORG,
        Column(name="entity_id", type="string", description="Id of the entity, unique within the organisation."),
        Column(name="entity_name", type="string", description="Display name of the entity."),
        Column(
            name="level_code",
            type="string",
            allowed=HIERARCHY_LEVELS,
            description="DEPT, PROJ or TEAM; never below an entity of a lower level.",
        ),
        Column(
            name="parent_entity_id",
            type="string",
            nullable=True,
            description="Entity above; null directly below the organisation.",
        ),
        Column(name="owner", type="string", nullable=True, description="Person or group that answers for the entity."),
        Column(name="level", type="int", minimum=1, description="Depth: 1 directly below the organisation."),
        Column(
            name="path",
            type="string",
            description="Ids from the organisation (in capitals) down, as in /ACME/DEPT-001/PROJ-042.",
        ),
        Column(
            name="path_names",
            type="string",
            description="Names along the path, as in /Acme/Engineering/Backend; a slash within a name is a hyphen here.",
        ),
    ),
    grain=("x_org_slug", "entity_id"),
)

HIERARCHY_ASSIGNMENTS = Table(
    name="genai_hierarchy_assignments",
    layer="reference",
    description="One row per organisation, provider, scope, scope id and start of validity: the entity that owns the cost of "
    "an account, sub-account or API key. The validities of one scope id never overlap.",
    columns=(
        _ORG,
        PROVIDER,
        Column(
            name="scope",
            type="string",
            allowed=("account", "sub_account", "api_key"),
            description="What is assigned. The finest scope that matches a row of usage wins: api_key, sub_account, account.",
        ),
        Column(name="scope_id", type="string", description="The provider's id of the account, sub-account or API key."),
        Column(name="entity_id", type="string", description="Entity that owns the cost."),
        Column(name="valid_from", type="date", description="First UTC day of the assignment."),
        Column(
            name="valid_to",
            type="date",
            nullable=True,
            description="First UTC day after the assignment; null while it is open.",
        ),
    ),
    grain=("x_org_slug", "provider", "scope", "scope_id", "valid_from"),
)
