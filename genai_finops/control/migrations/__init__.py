"""Alembic migrations of the control database; `genai_finops.control.database.upgrade` runs them."""
