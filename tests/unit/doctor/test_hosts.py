"""Why a host cannot be reached, over real sockets."""

import datetime as dt
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from genai_finops.doctor.hosts import reach
from genai_finops.doctor.result import Finding

VARIABLE = "GENAI_FINOPS_X_BASE_URL"
NOW = dt.datetime(2026, 11, 5, 6, tzinfo=dt.UTC)


def found_at(address: str) -> Finding:
    return reach(address, VARIABLE, now=lambda: NOW).finding


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def hanging_up() -> Iterator[str]:
    """The authority of a server that closes every connection without a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                connection.recv(1024)
                connection.close()

        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def test_a_refused_connection_names_the_variable_of_the_address() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
        found = found_at(address)
    assert found == (
        "failed",
        f"{address}: the connection is refused",
        f"Correct {VARIABLE}, or start what listens there.",
    )


def test_a_name_that_does_not_resolve_is_told_apart() -> None:
    found = found_at("https://no-such-host.invalid")
    assert (found.status, "the name is not known" in found.detail) == ("failed", True)


def test_a_tls_failure_is_told_apart(hanging_up: str) -> None:
    found = found_at(f"https://{hanging_up}")
    assert (found.status, "TLS fails" in found.detail) == ("failed", True)


def test_a_connection_without_an_http_answer_is_no_answer(hanging_up: str) -> None:
    found = found_at(f"http://{hanging_up}")
    assert (found.status, "no HTTP answer" in found.detail) == ("failed", True)


@pytest.fixture
def answering() -> Iterator[Callable[[str], str]]:
    """Makes a server that answers every request with these lines after the status line; gives its address."""
    with ExitStack() as opened:

        def serve(headers: str) -> str:
            class Handler(BaseHTTPRequestHandler):
                def do_GET(self) -> None:
                    self.wfile.write(f"HTTP/1.1 404 Not Found\r\n{headers}content-length: 0\r\n\r\n".encode())

                def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
                    """Requests are nobody's business here."""

            server = opened.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
            threading.Thread(target=server.serve_forever, daemon=True).start()
            opened.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_address[1]}"

        yield serve


@pytest.mark.parametrize(
    ("header", "skew"),
    [
        ("date: Thu, 05 Nov 2026 05:58:00 GMT\r\n", dt.timedelta(seconds=120)),
        ("date: Thu, 05 Nov 2026 06:10:00 GMT\r\n", dt.timedelta(seconds=-600)),
        ("date: yesterday\r\n", None),
        ("", None),
    ],
    ids=["we are ahead", "we are behind", "no date", "no header"],
)
def test_the_clocks_difference_is_read_from_the_answer(
    header: str, skew: dt.timedelta | None, answering: Callable[[str], str]
) -> None:
    assert reach(answering(header), VARIABLE, now=lambda: NOW).clock_skew == skew
