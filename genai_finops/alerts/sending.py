"""What a channel is given to send, and how it says that it could not."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from genai_finops.alerts.addresses import Guard
from genai_finops.alerts.alert import Alert


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """An alert on its way to one channel."""

    #: The same at every attempt.
    delivery_id: str
    #: From 1 on. Above it, this may be a repeat of what arrived.
    attempt: int
    is_reminder: bool
    alert: Alert
    #: Moment of the attempt.
    now: dt.datetime

    @property
    def may_be_repeat(self) -> bool:
        """Whether an earlier attempt may have arrived."""
        return self.attempt > 1


class Sender(Protocol):
    """A channel that is ready to send."""

    def send(self, outgoing: Outgoing) -> str | None:
        """Sends it; gives what is to be remarked of it, None: nothing. Raises SendError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionKind:
    """An option of a kind of channel."""

    description: str
    is_required: bool = False
    default: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretKind:
    """The secret of a kind of channel."""

    description: str
    is_required: bool = True


Options = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelShape:
    """What the user of a kind of channel enters."""

    name: str
    description: str
    options: Mapping[str, OptionKind] = field(default_factory=dict)
    secret: SecretKind


class MakeSender(Protocol):
    """Makes the sender of a kind of channel. Raises FinopsError for an option or a secret that cannot be right."""

    def __call__(self, options: Options, secret: str | None, guard: Guard) -> Sender:
        """`options` are complete, defaults included. `secret` is None where the channel has none, or it is not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelKind:
    """A kind of channel: what its user enters, and how it sends."""

    shape: ChannelShape
    make: MakeSender
