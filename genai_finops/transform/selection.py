"""Which models of the dbt project are built when."""

#: Models that an ordinary build leaves out: they rate all usage there is. They are built when they are selected.
ON_REQUEST = ("tag:on_request",)
#: What says how prices changed and where sources disagree, made of the price book alone.
_PRICE_AUDIT = ("genai_price_changes", "genai_price_differences")
#: The price table and all that it is made of.
PRICES = ("int_pricing__*", "genai_payg_pricing", *_PRICE_AUDIT)
#: Prices of capacity, the commitments that were bought at them, and what is paid for these when.
_COMMITMENTS = (
    "int_capacity_pricing__*",
    "genai_commitment_pricing",
    "genai_infrastructure_pricing",
    "int_commitment__priced_commitments",
    "int_commitment__payment_periods",
    "contract_commitment_1_3",
)
#: Everything that has no days: seeds, prices, commitments, and the history of resources, which is made of all lists.
WITHOUT_DAYS = ("resource_type:seed", *PRICES, *_COMMITMENTS, "genai_provider_resources")
