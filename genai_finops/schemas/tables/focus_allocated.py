"""FOCUS 1.3 Cost and Usage with charges split to who caused them: a variant, never to be added to the other."""

from dataclasses import replace

from genai_finops.schemas.table import Column
from genai_finops.schemas.tables.attribution import ALLOCATION_METHODS, UNATTRIBUTED_REASONS
from genai_finops.schemas.tables.focus import COST_DATA_STANDARD_1_3

#: AllocatedMethodId of each method. A method that splits otherwise than before gets the next version.
ALLOCATED_METHOD_IDS = {method: f"{method.replace('_', '-')}-v1" for method in ALLOCATION_METHODS}

_ROW_ID = replace(
    COST_DATA_STANDARD_1_3.column("x_ChargeId"),
    description="Stable id of the row: that of the charge where it is not split, else a hash of charge, method and consumer.",
)
_METHOD_ID = replace(COST_DATA_STANDARD_1_3.column("AllocatedMethodId"), allowed=tuple(ALLOCATED_METHOD_IDS.values()))

_CONSUMER = (
    Column(
        name="x_OriginChargeId",
        type="string",
        pattern=r"^[0-9a-f]{32}$",
        description="x_ChargeId of the charge in cost_data_standard_1_3 that the row is a part of, or is.",
    ),
    Column(
        name="x_TenantId", type="string", nullable=True, description="Tenant that caused the cost; null where unknown."
    ),
    Column(name="x_UserId", type="string", nullable=True, description="User that caused it; null where unknown."),
    Column(name="x_TaskId", type="string", nullable=True, description="Task that caused it; null where unknown."),
    Column(
        name="x_ConversationId",
        type="string",
        nullable=True,
        description="Conversation that caused it; null where unknown.",
    ),
    Column(
        name="x_AllocationMethod",
        type="string",
        allowed=ALLOCATION_METHODS,
        description="How the row came to its consumer; of a charge that nobody claims unattributed.",
    ),
    Column(
        name="x_UnattributedReason",
        type="string",
        nullable=True,
        allowed=UNATTRIBUTED_REASONS,
        description="Why nobody is named; null exactly when x_AllocationMethod is not unattributed.",
    ),
    Column(
        name="x_EvidenceCoverage",
        type="ratio",
        minimum=0,
        description="Logged quantity for each billed one; above 1 where the logs count more; 0 without evidence.",
    ),
)

COST_DATA_STANDARD_1_3_ALLOCATED = replace(
    COST_DATA_STANDARD_1_3,
    name="cost_data_standard_1_3_allocated",
    description="One row per charge that nobody claims, and one per method and consumer of every other: the parts replace their charge and add up to it to the "
    "last decimal. The same money as cost_data_standard_1_3: never add both.",
    columns=(
        *(
            {"x_ChargeId": _ROW_ID, "AllocatedMethodId": _METHOD_ID}.get(column.name, column)
            for column in COST_DATA_STANDARD_1_3.columns
        ),
        *_CONSUMER,
    ),
    cluster_by=("x_OrgSlug", "x_TenantId", "x_GenaiProvider"),
)
