"""What the tables of the control database have in common."""

import datetime as dt

from sqlalchemy import MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from genai_finops.control.column_types import UtcDateTime


class Base(DeclarativeBase):
    """Constraints have names, because a migration can only drop what has one."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Entered:
    """Columns of what is entered and removed, never changed: a row held while entered_at <= moment < removed_at."""

    entered_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, index=True)
    entered_by: Mapped[str] = mapped_column(String(255))
    removed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, index=True)
    removed_by: Mapped[str | None] = mapped_column(String(255))
