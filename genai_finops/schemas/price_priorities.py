"""Precedence of the sources of prices."""

#: By source; the lowest number holds. What was entered for one account comes before what was entered for its organisation
#: and for the platform, that before what is published, and that before the defaults.
PRIORITIES: dict[str, int] = {
    "account": 10,
    "organisation": 20,
    "platform": 30,
    "genai-prices": 40,
    "azure_retail": 50,
    "aws_price_list": 50,
    "gcp_billing_catalog": 50,
    "list_prices": 60,
    "capacity_prices": 60,
    "litellm": 70,
    "organisation_defaults": 80,
    "default_prices": 90,
}
