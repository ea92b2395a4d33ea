"""What usage names beside models: deployments, inference profiles and the like, as the providers' lists described them."""

from genai_finops.schemas.columns import PROVIDER, SLUG
from genai_finops.schemas.table import Column, Table

_COLUMNS = (
    Column(name="x_org_slug", type="string", pattern=SLUG, description="Organisation; the tenancy border."),
    Column(name="x_credential_id", type="string", description="Credential with which the list was read."),
    PROVIDER,
    Column(name="account_id", type="string", description="The provider's id of the account that the list is of."),
    Column(
        name="resource_type",
        type="string",
        description="Kind of resource in the provider's word: Deployment, Inference profile, Model, ...",
    ),
    Column(
        name="resource_id",
        type="string",
        pattern=r"^[^A-Z]+$",
        description="The provider's id of the resource in lower case, because providers spell it in several ways.",
    ),
    Column(name="resource_name", type="string", description="Display name of the resource."),
    Column(
        name="region_id",
        type="string",
        nullable=True,
        description="Region of the resource; null where it has none.",
    ),
    Column(
        name="provider_model_id",
        type="string",
        nullable=True,
        description="Model behind the resource as the provider spells it; null where the list does not say.",
    ),
    Column(name="sku_name", type="string", nullable=True, description="SKU of the resource; null without one."),
    Column(
        name="capacity",
        type="quantity",
        nullable=True,
        minimum=0,
        description="Capacity in units of the SKU; null without one.",
    ),
    Column(name="tags", type="json", nullable=True, description="Tags as a JSON object; null without tags."),
    Column(
        name="created_at",
        type="timestamp",
        nullable=True,
        description="When the resource was made, UTC; null where the list does not say.",
    ),
    Column(
        name="modified_at",
        type="timestamp",
        nullable=True,
        description="When the resource was last changed, UTC; null where the list does not say.",
    ),
    Column(name="first_observed_at", type="timestamp", description="When a list first showed this state, UTC."),
    Column(name="last_observed_at", type="timestamp", description="When a list last showed this state, UTC."),
    Column(
        name="missed_at",
        type="timestamp",
        nullable=True,
        description="When a list first no longer showed the resource, UTC; null while it is listed.",
    ),
)
_GRAIN = ("x_org_slug", "x_credential_id", "resource_type", "resource_id", "first_observed_at")

#: What ingestion writes, one file per credential: resources/<provider>/<org>.<credential>.parquet.
PROVIDER_RESOURCES = Table(
    name="genai_provider_resource_states",
    layer="resources",
    description="One row per organisation, credential, resource type, resource and state: the resources that the providers' "
    "lists described, each state with the first and last time that it was seen.",
    columns=_COLUMNS,
    grain=_GRAIN,
)

#: The same in the warehouse, with the time that each state holds for.
PROVIDER_RESOURCE_VALIDITIES = Table(
    name="genai_provider_resources",
    layer="unified",
    model_folder="unified",
    description="One row per organisation, credential, resource type, resource and state: what deployments, inference profiles and "
    "other resources of the providers were, and from when until when. A state holds from when it was first seen, or from the earlier change "
    "that the provider dates, until the next one begins, or until a list that names all there is no longer shows the resource. Before its "
    "first state a resource counts as what it was first seen as.",
    columns=(
        *_COLUMNS,
        Column(
            name="valid_from", type="timestamp", description="First moment that the state holds at, UTC, inclusive."
        ),
        Column(
            name="valid_to",
            type="timestamp",
            nullable=True,
            description="First moment at which the next state holds, or at which the resource was no longer listed, UTC, exclusive; "
            "null for the newest one of a resource that is listed. Equal to valid_from for a state that a later one dates back over.",
        ),
    ),
    grain=_GRAIN,
)
