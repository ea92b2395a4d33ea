"""Which models of the dbt project are built when."""

#: Models that an ordinary build leaves out: they rate all usage there is. They are built when they are selected.
ON_REQUEST = ("tag:on_request",)
#: What says how prices changed and where sources disagree, made of the price book alone.
_PRICE_AUDIT = ("genai_price_changes", "genai_price_differences")
#: The price table and all that it is made of.
PRICES = ("int_pricing__*", "genai_payg_pricing", *_PRICE_AUDIT)
#: Everything that has no days: seeds, prices, and the history of resources, which is made of all that was ever listed.
WITHOUT_DAYS = ("resource_type:seed", *PRICES, "genai_provider_resources")
