"""`genai-finops alert`: what it takes, says and exits with."""

import json
from collections.abc import Callable, Iterator

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, select

from genai_finops.alerts.alert import Alert
from genai_finops.cli import main
from genai_finops.control.alert_models import AlertChannel
from genai_finops.control.database import reading
from genai_finops.control.models import AuditEntry
from genai_finops.settings import Settings

from .alert_cases import KEY, alert
from .receivers import HttpReceiver, http_receiver

Run = Callable[..., Result]


@pytest.fixture
def run(settings: Settings) -> Run:
    def invoke(*arguments: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(main, ["alert", *arguments], obj=settings, input=stdin)

    return invoke


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    with http_receiver() as receiver:
        yield receiver


def add_hook(run: Run, url: str, *more: str, owner: str = "acme") -> Result:
    options = ("--option", f"url={url}", "--secret-stdin", "--allow-private", "--allow-plain")
    return run("channel", "add", owner, "hook", "webhook", *options, *more, stdin=KEY)


def test_a_channel_is_added_tested_routed_and_sends(
    run: Run, receiver: HttpReceiver, raised: Callable[..., None]
) -> None:
    assert add_hook(run, receiver.url).output.startswith("alert channel acme/hook: added\n")
    assert add_hook(run, receiver.url).output == "alert channel acme/hook: unchanged\n"
    assert run("channel", "test", "acme", "hook").output == "alert channel acme/hook: the test was accepted\n"
    assert run("route", "add", "acme", "hook").output == "alert route 1: added\n"
    raised(alert())
    result = run("dispatch")
    assert (result.exit_code, result.output) == (0, "1 sent, 0 failed, 0 given up, 0 put off\n")
    assert [json.loads(received.body)["type"] for received in receiver.received] == ["alert.test", "alert.threshold"]


def test_the_secret_is_nowhere_to_be_seen(run: Run, receiver: HttpReceiver, engine: Engine, settings: Settings) -> None:
    add_hook(run, receiver.url)
    said = [run("channel", *words).output for words in (["list"], ["list", "--json"], ["show", "acme", "hook"])]
    with reading(engine) as session:
        said += session.scalars(select(AuditEntry.detail)).all()
    assert [text for text in said if KEY.removeprefix("whsec_") in text] == []
    stored = b"".join(path.read_bytes() for path in settings.home.glob("control.db*"))
    assert KEY.encode() not in stored


def test_changing_the_master_key_keeps_channels_sending(run: Run, receiver: HttpReceiver, settings: Settings) -> None:
    add_hook(run, receiver.url)
    before = settings.master_key_path.read_bytes()
    assert CliRunner().invoke(main, ["credential", "rotate-key"], obj=settings).exit_code == 0
    assert settings.master_key_path.read_bytes() != before
    assert run("channel", "test", "acme", "hook").exit_code == 0


def test_a_secret_that_was_moved_to_another_channel_is_refused(
    run: Run, receiver: HttpReceiver, engine: Engine
) -> None:
    add_hook(run, receiver.url)
    add_hook(run, receiver.url, owner="globex")
    with engine.begin() as connection:
        ciphertext = select(AlertChannel.ciphertext).filter_by(owner="acme").scalar_subquery()
        connection.execute(AlertChannel.__table__.update().values(ciphertext=ciphertext).filter_by(owner="globex"))
    result = run("channel", "test", "globex", "hook")
    assert "was altered, or was moved there" in result.output


def test_a_test_that_does_not_arrive_fails_and_says_why(run: Run, receiver: HttpReceiver) -> None:
    add_hook(run, receiver.url)
    receiver.status, receiver.body = 404, b"no such hook"
    result = run("channel", "test", "acme", "hook")
    assert result.exit_code == 1
    assert "did not arrive: 127.0.0.1: HTTP 404: no such hook." in result.output


def test_dead_letters_are_listed_shown_and_retried(
    run: Run, receiver: HttpReceiver, raised: Callable[..., tuple[Alert, ...]]
) -> None:
    add_hook(run, receiver.url)
    run("route", "add", "acme", "hook")
    raised(alert())
    receiver.status = 404
    assert run("dispatch").exit_code == 1
    (letter,) = json.loads(run("dead-letters", "--json").output)
    assert json.loads(run("dead-letters", "globex", "--json").output) == []
    assert (letter["channel"], letter["error"]) == ("acme/hook", "127.0.0.1: HTTP 404: ok")
    assert run("retry", letter["delivery"]).output == "1 deliveries will be sent again\n"
    receiver.status = 200
    run("dispatch")
    (shown,) = json.loads(run("show", "a1", "--json").output)
    assert [row["state"] for row in shown["deliveries"]] == ["sent"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["channel", "add", "nobody", "hook", "slack", "--reference", "env:X"], "nobody"),
        (["channel", "add", "acme", "hook", "slack"], "needs a secret: URL of the incoming webhook"),
        (["channel", "add", "acme", "hook", "webhook", "--reference", "env:X"], "lacks url"),
        (["channel", "add", "acme", "hook", "webhook", "--option", "url"], "has no value or is given twice"),
        (
            ["channel", "add", "acme", "hook", "slack", "--reference", "https://hooks.slack.com/secret"],
            "unknown scheme",
        ),
        (["channel", "remove", "acme", "hook"], "acme has no alert channel 'hook' (known: none)"),
        (["route", "add", "acme", "hook"], "acme has no alert channel 'hook'"),
        (["route", "remove", "acme", "7"], "acme has no alert route 7"),
        (["retry"], "Neither or both"),
        (["show", "f00"], "No alert begins with 'f00'"),
    ],
)
def test_what_cannot_be_done_says_why_and_exits_with_1(run: Run, arguments: list[str], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 1
    assert said in result.output


@pytest.mark.parametrize(
    "quiet",
    [
        ["--quiet", "22-7", "--time-zone", "UTC"],
        ["--quiet", "22:00-22:00", "--time-zone", "UTC"],
        ["--quiet", "22:00-24:00", "--time-zone", "UTC"],
        ["--quiet", "22:00-07:00"],
        ["--quiet", "22:00-07:00", "--time-zone", "Berlin"],
        ["--breakthrough", "critical"],
    ],
)
def test_quiet_hours_that_are_none_are_refused(run: Run, receiver: HttpReceiver, quiet: list[str]) -> None:
    add_hook(run, receiver.url)
    assert run("route", "add", "acme", "hook", *quiet).exit_code == 1


def test_one_organisation_does_not_see_the_routes_and_alerts_of_another(
    run: Run, receiver: HttpReceiver, raised: Callable[..., tuple[Alert, ...]]
) -> None:
    add_hook(run, receiver.url)
    run("route", "add", "acme", "hook")
    raised(alert())
    listed = [
        json.loads(run(*words, "globex", "--json").output)
        for words in (["channel", "list"], ["route", "list"], ["list"])
    ]
    assert listed == [[], [], []]
