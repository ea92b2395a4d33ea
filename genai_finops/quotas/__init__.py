"""Quotas: whether a request may be made before it is made, reservations, and the list of what is blocked."""
