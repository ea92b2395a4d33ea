"""Each kind of channel over a real server: what arrives, and what refusals mean."""

import base64
import datetime as dt
import json
import re
import ssl
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from standardwebhooks import Webhook, WebhookVerificationError

from genai_finops.alerts.addresses import Guard
from genai_finops.alerts.channel_kinds import KINDS
from genai_finops.alerts.guarded_http import post
from genai_finops.alerts.send_error import SendError
from genai_finops.alerts.sending import Outgoing
from genai_finops.providers.http import tls_context
from genai_finops.providers.redaction import Redactor

from .alert_cases import KEY, alert
from .receivers import HttpReceiver, dribbling_server, http_receiver, mail_receiver

OPEN = Guard(allow_private=True, allow_plain=True)
SID = "AC" + "0" * 32
MAIL = {"host": "127.0.0.1", "from": "finops@example.com", "to": "cfo@example.com,cto@example.com"}
DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "alerts.md"


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    with http_receiver() as receiver:
        yield receiver


def outgoing(attempt: int = 1) -> Outgoing:
    return Outgoing(
        delivery_id="d" * 64,
        attempt=attempt,
        is_reminder=False,
        alert=alert(),
        # Receivers refuse what is old.
        now=dt.datetime.now(dt.UTC),
    )


def send(kind: str, options: dict[str, str], secret: str | None, guard: Guard = OPEN, attempt: int = 1) -> str | None:
    return KINDS[kind].make(options, secret, guard).send(outgoing(attempt))


def test_others_can_verify_a_webhook(receiver: HttpReceiver) -> None:
    send("webhook", {"url": f"{receiver.url}/hook"}, KEY)
    (received,) = receiver.received
    assert Webhook(KEY).verify(received.body, received.headers)["data"]["alert_id"] == "a1"


@pytest.mark.parametrize("changed", ["webhook-id", "webhook-timestamp", "body", "key"])
def test_a_webhook_that_was_changed_on_its_way_is_refused(changed: str, receiver: HttpReceiver) -> None:
    send("webhook", {"url": receiver.url}, KEY)
    (received,) = receiver.received
    headers = dict(received.headers)
    if changed in headers:
        headers[changed] = str(int(headers[changed]) + 1) if changed == "webhook-timestamp" else "another"
    body = received.body + b" " if changed == "body" else received.body
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "QUJE" * 11 if changed == "key" else KEY).verify(body, headers)


def test_two_keys_both_sign_so_that_a_receiver_can_change_over(receiver: HttpReceiver) -> None:
    other = "whsec_" + "QUJE" * 11
    send("webhook", {"url": receiver.url}, f"{KEY} {other}")
    (received,) = receiver.received
    for key in (KEY, other):
        Webhook(key).verify(received.body, received.headers)


def test_the_documented_receiver_takes_a_webhook_once_and_refuses_replays(receiver: HttpReceiver) -> None:
    (sample,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(sample, names)  # noqa: S102 - the sample of our own documentation
    send("webhook", {"url": receiver.url}, KEY)
    send("webhook", {"url": receiver.url}, KEY, attempt=2)
    seen: set[str] = set()
    first, repeat = (
        names["accept"](received.headers, received.body, KEY, seen, now=dt.datetime.now(dt.UTC).timestamp())
        for received in receiver.received
    )
    assert (first["alert_id"], repeat) == ("a1", None)
    old = dt.datetime.now(dt.UTC).timestamp() + 301
    forged = {**receiver.received[0].headers, "webhook-signature": "v1,AAAA"}
    for headers, now in ((receiver.received[0].headers, old), (forged, old - 301)):
        with pytest.raises(ValueError, match="webhook"):
            names["accept"](headers, receiver.received[0].body, KEY, set(), now=now)


def test_slack_is_posted_blocks(receiver: HttpReceiver) -> None:
    send("slack", {}, f"{receiver.url}/services/T0/B0/x")
    (received,) = receiver.received
    assert received.path == "/services/T0/B0/x"
    assert json.loads(received.body)["text"] == "[WARNING] Budget monthly (a1)"


def test_teams_is_posted_a_card(receiver: HttpReceiver) -> None:
    receiver.status = 202
    send("teams", {}, f"{receiver.url}/workflows/1?sig=secret")
    (received,) = receiver.received
    assert received.path == "/workflows/1?sig=secret"
    assert json.loads(received.body)["attachments"][0]["content"]["type"] == "AdaptiveCard"


def test_pagerduty_is_posted_an_event(receiver: HttpReceiver) -> None:
    receiver.status = 202
    send("pagerduty", {"base_url": receiver.url}, "routing-key")
    (received,) = receiver.received
    event = json.loads(received.body)
    assert (received.path, event["routing_key"], event["dedup_key"]) == ("/v2/enqueue", "routing-key", "a1")


def test_twilio_is_posted_a_form_with_login(receiver: HttpReceiver) -> None:
    receiver.status = 201
    options = {"account_sid": SID, "from": "+4930123456", "to": "+4930654321", "base_url": receiver.url}
    send("twilio", options, "token")
    (received,) = receiver.received
    form = parse_qs(received.body.decode())
    assert received.path == f"/2010-04-01/Accounts/{SID}/Messages.json"
    assert base64.b64decode(received.headers["authorization"].removeprefix("Basic ")).decode() == f"{SID}:token"
    assert (form["To"], form["From"]) == (["+4930654321"], ["+4930123456"])
    assert form["Body"][0].startswith("[WARNING] Budget monthly (a1)")


def test_sendgrid_is_posted_a_mail(receiver: HttpReceiver) -> None:
    receiver.status = 202
    send("sendgrid", {"from": "a@example.com", "to": "b@example.com", "base_url": receiver.url}, "SG.key-of-sendgrid")
    (received,) = receiver.received
    assert (received.path, received.headers["authorization"]) == ("/v3/mail/send", "Bearer SG.key-of-sendgrid")
    assert [part["type"] for part in json.loads(received.body)["content"]] == ["text/plain", "text/html"]


@pytest.mark.parametrize(
    ("kind", "options", "secret"),
    [
        ("sendgrid", {"from": "a@example.com", "to": "b@example.com"}, "SG.key-of-sendgrid"),
        ("pagerduty", {}, "0123456789abcdef"),
        ("twilio", {"account_sid": SID, "from": "+4930123456", "to": "+4930654321"}, "token-of-twilio"),
        ("slack", None, "secret-of-slack"),
        ("teams", None, "secret-of-teams"),
    ],
)
def test_an_answer_that_repeats_the_secret_does_not_show_it(
    kind: str, options: dict[str, str] | None, secret: str, receiver: HttpReceiver
) -> None:
    receiver.status, receiver.body = 500, f"cannot use {secret}".encode()
    whole = secret if options is not None else f"{receiver.url}/{secret}"
    with pytest.raises(SendError, match=r"HTTP 500: cannot use \*\*\*"):
        send(kind, {**(options or {}), "base_url": receiver.url}, whole)


def test_a_redirect_is_not_followed(receiver: HttpReceiver) -> None:
    with http_receiver() as elsewhere:
        receiver.status, receiver.headers = 307, {"Location": elsewhere.url}
        with pytest.raises(SendError) as caught:
            send("webhook", {"url": receiver.url}, KEY)
        assert (caught.value.is_permanent, elsewhere.received) == (True, [])


def test_the_address_that_was_judged_is_the_one_connected_to(receiver: HttpReceiver) -> None:
    """A name that changes its address after it was judged: it is asked for once."""
    port = int(receiver.url.rpartition(":")[2])
    asked: list[str] = []

    def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    guard = Guard(allow_private=True, allow_plain=True, resolve=resolve)
    send("webhook", {"url": f"http://rebinding.invalid:{port}/"}, KEY, guard)
    assert (asked, receiver.received[0].headers["host"]) == (["rebinding.invalid"], f"rebinding.invalid:{port}")


def test_a_proxy_of_the_environment_is_not_used(receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    send("webhook", {"url": receiver.url}, KEY)
    assert len(receiver.received) == 1


@pytest.mark.parametrize("guard", [Guard(allow_plain=True), Guard(allow_private=True)])
def test_what_is_not_allowed_is_not_connected_to(guard: Guard, receiver: HttpReceiver) -> None:
    url = receiver.url.replace("127.0.0.1", "localhost")
    with pytest.raises(SendError) as caught:
        post(url, content=b"", headers={}, guard=guard, redactor=Redactor([]), now=dt.datetime.now(dt.UTC))
    assert (caught.value.is_permanent, receiver.received) == (True, [])


def test_mail_arrives_as_text_and_html_with_the_id_of_the_delivery() -> None:
    with mail_receiver() as mail:
        send("smtp", {**MAIL, "port": str(mail.port), "security": "none"}, None, attempt=2)
    (envelope,) = mail.received
    message = message_from_bytes(envelope.original_content, policy=default)
    assert envelope.rcpt_tos == ["cfo@example.com", "cto@example.com"]
    assert message["Subject"] == "[WARNING] Budget monthly (a1)"
    assert (message["Message-ID"], message["X-Genai-Finops-Attempt"]) == (f"<{'d' * 64}@example.com>", "2")
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.parametrize(
    ("answer", "is_permanent", "remark"),
    [("550 unknown", None, "refused for cto@example.com"), ("451 later", False, None)],
)
def test_mail_that_one_of_two_does_not_get(answer: str, is_permanent: bool | None, remark: str | None) -> None:
    with mail_receiver() as mail:
        mail.refused["cto@example.com"] = answer
        options = {**MAIL, "port": str(mail.port), "security": "none"}
        if is_permanent is None:
            assert send("smtp", options, None) == remark
        else:
            with pytest.raises(SendError, match=r"cto@example\.com: 451 later") as caught:
                send("smtp", options, None)
            assert caught.value.is_permanent is is_permanent


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of mail.example.com, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example.com")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("mail.example.com")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "mail.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ssl.SSLContext]:
    """The server's side; our own trusts the certificate as an operator lets it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    tls_context.cache_clear()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    yield context
    monkeypatch.undo()
    tls_context.cache_clear()


def at_local(name: str) -> tuple[dict[str, str], Guard]:
    return {**MAIL, "host": name}, Guard(allow_private=True, resolve=lambda _host, _port: ["127.0.0.1"])


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_is_encrypted_and_logged_in(security: str, trusted: ssl.SSLContext) -> None:
    def login(_server: object, _session: object, _envelope: object, _mechanism: str, given: Any) -> AuthResult:
        return AuthResult(success=(given.login, given.password) == (b"finops", b"password"), handled=False)

    tls = {"tls_context": trusted, "require_starttls": True} if security == "starttls" else {"ssl_context": trusted}
    with mail_receiver(authenticator=login, auth_required=True, auth_require_tls=security == "starttls", **tls) as mail:
        options, guard = at_local("mail.example.com")
        options = {**options, "port": str(mail.port), "security": security, "user": "finops"}
        send("smtp", options, "password", guard)
        with pytest.raises(SendError, match="SMTP 535") as caught:
            send("smtp", options, "another password", guard)
    assert (len(mail.received), caught.value.is_permanent) == (1, True)


def test_a_certificate_of_another_name_is_refused(trusted: ssl.SSLContext) -> None:
    with mail_receiver(tls_context=trusted, require_starttls=True) as mail:
        options, guard = at_local("another.example.com")
        with pytest.raises(SendError, match="SSLCertVerificationError"):
            send("smtp", {**options, "port": str(mail.port), "security": "starttls"}, None, guard)


def test_a_server_without_starttls_is_given_nothing() -> None:
    with mail_receiver() as mail:
        options, guard = at_local("mail.example.com")
        with pytest.raises(SendError, match="STARTTLS") as caught:
            send("smtp", {**options, "port": str(mail.port), "security": "starttls"}, None, guard)
    assert (caught.value.is_permanent, mail.received) == (True, [])


def test_a_mail_server_that_dribbles_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genai_finops.alerts.channels.email_smtp._WHOLE_TIMEOUT", 0.3)
    with dribbling_server() as port, pytest.raises(SendError):
        send("smtp", {**MAIL, "port": str(port), "security": "none"}, None)
