"""Runs the migrations on the connection and in the transaction of the caller."""

from alembic import context

from genai_finops.control.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    # SQLite cannot alter a table in place.
    render_as_batch=True,
    # The caller's transaction covers the DDL on SQLite too.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
