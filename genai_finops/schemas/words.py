"""Words and names that have one meaning in all tables, for code that must not pay for importing the tables."""

SERVICE_TIERS = ("standard", "batch", "flex", "priority", "priority_on_demand", "fast", "spot", "free", "committed")
SLUG = r"^[a-z0-9][a-z0-9_-]{0,62}$"
