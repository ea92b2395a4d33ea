"""The control database for callers that rather go without an answer than wait for it."""

import datetime as dt
import math

from sqlalchemy import Engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from genai_finops.control.database import connect, open_database, schema_revisions
from genai_finops.settings import Settings


def open_impatient_database(settings: Settings, *, wait: dt.timedelta) -> Engine:
    """The control database of these settings, migrated; to connect and to take a lock may last for `wait` each.

    Raises FinopsError when it does not answer within that, or was migrated by a newer release.
    """
    url = make_url(settings.control_url)
    milliseconds = max(1, math.ceil(wait.total_seconds() * 1000))
    if url.get_backend_name() == "postgresql":
        # libpq takes whole seconds, and no less than 2.
        url = url.update_query_dict({"connect_timeout": str(max(2, math.ceil(milliseconds / 1000)))})
    engine = connect(url.render_as_string(hide_password=False))

    def limit_waits(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        if engine.dialect.name == "sqlite":
            cursor.execute(f"PRAGMA busy_timeout = {milliseconds}")
        else:
            cursor.execute(f"SET lock_timeout = {milliseconds}")
            cursor.execute(f"SET statement_timeout = {milliseconds}")
            # A setting that was made in a transaction ends with it.
            connection.commit()
        cursor.close()

    event.listen(engine, "connect", limit_waits)
    try:
        revision, newest = schema_revisions(engine)
        if revision != newest:
            # A migration may take longer than a check.
            open_database(settings).dispose()
    except BaseException:
        engine.dispose()
        raise
    return engine
