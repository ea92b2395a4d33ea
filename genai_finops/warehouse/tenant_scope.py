"""Whose rows may be read: those of one organisation, or of one tenant of it."""

import hashlib
import re
from dataclasses import dataclass

from genai_finops.errors import FinopsError
from genai_finops.schemas.columns import SLUG


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantScope:
    """One organisation or, with a tenant, that tenant of it alone.

    Names are compared by their bytes: what only looks alike, or is composed otherwise in Unicode, is another tenant.
    Raises FinopsError for what is no slug, or no text.
    """

    org: str
    tenant: str | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(SLUG, self.org):
            raise FinopsError(f"Organisation {self.org!r} is not a slug", remedy="Take it from genai-finops org list.")
        try:
            (self.tenant or "").encode()
        except UnicodeEncodeError:
            raise FinopsError(
                f"Tenant {self.tenant!r} is no text", remedy="Give the name in UTF-8, as the logs have it."
            ) from None

    @property
    def condition(self) -> str:
        """What every query on the scope's rows has in its where clause; its `?` are `parameters`."""
        return "x_org_slug = ?" if self.tenant is None else "x_org_slug = ? and tenant_id = ?"

    @property
    def parameters(self) -> tuple[str, ...]:
        """The values of `condition`."""
        return (self.org,) if self.tenant is None else (self.org, self.tenant)

    @property
    def kind(self) -> str:
        """org or tenant."""
        return "org" if self.tenant is None else "tenant"

    @property
    def digest(self) -> str:
        """32 hexadecimal digits that no other scope of the same kind has; fit for a name in any database."""
        # The length parts the two names, whatever they hold.
        told = f"{len(self.org)}:{self.org}{self.tenant or ''}"
        return hashlib.sha256(told.encode()).hexdigest()[:32]
