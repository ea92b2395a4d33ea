"""Budgets: what may be spent on a scope in a period, and what follows from what was spent. Pure but for `tick`."""
