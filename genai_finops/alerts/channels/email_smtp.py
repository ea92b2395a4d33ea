"""E-mail by SMTP, encrypted from the start or by STARTTLS, with or without login."""

import datetime as dt
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from typing import Literal

from genai_finops.alerts.addresses import Guard
from genai_finops.alerts.channel_options import mail_address, mail_addresses, matching
from genai_finops.alerts.rendering import html_body, text_body
from genai_finops.alerts.send_error import SendError
from genai_finops.alerts.sending import ChannelKind, ChannelShape, OptionKind, Options, Outgoing, SecretKind
from genai_finops.alerts.wording import worded
from genai_finops.errors import FinopsError
from genai_finops.providers.http import tls_context
from genai_finops.providers.redaction import Redactor

_STEP_TIMEOUT = 10.0
_WHOLE_TIMEOUT = 30.0
_PORTS = {"starttls": "587", "tls": "465", "none": "25"}
_LOWEST_PERMANENT = 500
_READY = 220

Security = Literal["starttls", "tls", "none"]


@dataclass(frozen=True, slots=True)
class SmtpSender:
    host: str
    port: int
    security: str
    guard: Guard
    sender: str
    to: tuple[str, ...]
    user: str | None
    password: str = field(repr=False)

    def send(self, outgoing: Outgoing) -> str | None:
        addresses = self.guard.addresses(self.host, self.port)
        redactor = Redactor([self.password])
        try:
            with _connected(self.host, addresses, self.port, is_tls=self.security == "tls") as connection:
                if self.security == "starttls":
                    connection.starttls(context=tls_context())
                if self.user is not None:
                    connection.login(self.user, self.password)
                refused = connection.send_message(self.mail_of(outgoing), self.sender, list(self.to))
        except smtplib.SMTPRecipientsRefused as error:
            raise _refused(self.host, error.recipients, redactor) from None
        except smtplib.SMTPResponseException as error:
            raise SendError(
                f"{self.host}: SMTP {error.smtp_code}: {_shown(error.smtp_error, redactor)}",
                is_permanent=error.smtp_code >= _LOWEST_PERMANENT,
            ) from None
        except smtplib.SMTPNotSupportedError as error:
            raise SendError(f"{self.host}: {error}", is_permanent=True) from None
        except (smtplib.SMTPException, OSError) as error:
            raise SendError(f"{self.host}: {type(error).__name__}: {_shown(str(error), redactor)}") from None
        if any(code < _LOWEST_PERMANENT for code, _ in refused.values()):
            # Those who got it get it again: better twice than never.
            raise _refused(self.host, refused, redactor)
        return f"refused for {', '.join(sorted(refused))}" if refused else None

    def mail_of(self, outgoing: Outgoing) -> EmailMessage:
        """Text and HTML. The Message-ID is that of the delivery: a mail server may drop a repeat by it."""
        mail = EmailMessage(policy=SMTP)
        mail["Subject"] = worded(outgoing).subject
        mail["From"] = self.sender
        mail["To"] = ", ".join(self.to)
        mail["Date"] = outgoing.now.astimezone(dt.UTC)
        mail["Message-ID"] = f"<{outgoing.delivery_id}@{self.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Genai-Finops-Alert"] = outgoing.alert.alert_id
        mail["X-Genai-Finops-Delivery"] = outgoing.delivery_id
        mail["X-Genai-Finops-Attempt"] = str(outgoing.attempt)
        mail.set_content(text_body(outgoing))
        mail.add_alternative(html_body(outgoing), subtype="html")
        return mail


class _Pinned(smtplib.SMTP):
    """Connects to addresses that were judged; the name is what the certificate is checked against."""

    def __init__(self, host: str, addresses: list[str], *, is_tls: bool) -> None:
        super().__init__(timeout=_STEP_TIMEOUT)
        self._host = host
        self._addresses = addresses
        self._is_tls = is_tls

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        failure: OSError | None = None
        for address in self._addresses[:3]:
            try:
                plain = socket.create_connection((address, port), timeout)
            except OSError as error:
                failure = error
                continue
            return tls_context().wrap_socket(plain, server_hostname=host) if self._is_tls else plain
        raise failure or OSError("no address")


@contextmanager
def _connected(host: str, addresses: list[str], port: int, *, is_tls: bool) -> Iterator[smtplib.SMTP]:
    connection = _Pinned(host, addresses, is_tls=is_tls)
    # Timeouts of a socket are for each read: a server that answers byte by byte would hold us for ever.
    ending = threading.Timer(_WHOLE_TIMEOUT, _shut, (connection,))
    ending.daemon = True
    ending.start()
    try:
        code, said = connection.connect(host, port)
        if code != _READY:
            raise smtplib.SMTPConnectError(code, said)
        # Taking leave is left out: whether the mail was taken is known by then.
        yield connection
    finally:
        ending.cancel()
        connection.close()


def _shut(connection: smtplib.SMTP) -> None:
    if connection.sock is not None:
        try:
            connection.sock.shutdown(socket.SHUT_RDWR)
        except (OSError, ssl.SSLError):
            return


def _refused(host: str, refused: dict[str, tuple[int, bytes]], redactor: Redactor) -> SendError:
    shown = "; ".join(f"{who}: {code} {_shown(said, redactor)}" for who, (code, said) in sorted(refused.items()))
    return SendError(
        f"{host} refused recipients: {shown[:500]}",
        is_permanent=all(code >= _LOWEST_PERMANENT for code, _ in refused.values()),
    )


def _shown(said: bytes | str, redactor: Redactor) -> str:
    text = said.decode("utf-8", errors="replace") if isinstance(said, bytes) else said
    return "".join(character for character in " ".join(redactor.clean(text).split()) if character.isprintable())[:200]


def make(options: Options, secret: str | None, guard: Guard) -> SmtpSender:
    security = matching("security", options["security"], "starttls|tls|none", "It is starttls, tls or none.")
    if security == "none" and not guard.allow_plain:
        raise FinopsError(
            "Option security=none sends without encryption", remedy="Take starttls or tls, or allow plain connections."
        )
    host = matching(
        "host", options["host"], r"[A-Za-z0-9][A-Za-z0-9.:-]{0,252}", "Give a name such as smtp.example.com."
    )
    port = matching("port", options.get("port", _PORTS[security]), r"[1-9]\d{0,4}", "Give a number such as 587.")
    user = options.get("user")
    if (user is None) != (secret is None) and secret is not None:
        raise FinopsError("A password without a user says nothing", remedy="Give the option user as well.")
    return SmtpSender(
        host,
        int(port),
        security,
        guard,
        mail_address("from", options["from"]),
        tuple(mail_addresses("to", options["to"])),
        user,
        secret or "",
    )


KIND = ChannelKind(
    shape=ChannelShape(
        name="smtp",
        description="E-mail by SMTP",
        options={
            "host": OptionKind(description="Name of the server", is_required=True),
            "port": OptionKind(description="587, 465 with security=tls, 25 without any"),
            "security": OptionKind(description="starttls, tls or none", default="starttls"),
            "user": OptionKind(description="Who logs in; without it, nobody does"),
            "from": OptionKind(description="Address of the sender", is_required=True),
            "to": OptionKind(description="Addresses, with commas between them", is_required=True),
        },
        secret=SecretKind(description="Password of the user", is_required=False),
    ),
    make=make,
)
