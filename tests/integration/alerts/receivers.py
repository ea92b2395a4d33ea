"""Local servers that alerts are sent to, and what they received."""

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope


@dataclass(frozen=True, slots=True)
class Received:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class HttpReceiver:
    """Answers with `status`, `headers` and `body`, whatever is posted."""

    url: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    received: list[Received] = field(default_factory=list)
    #: Called as a request has arrived and before it is answered.
    before_answer: Callable[[Received], None] = lambda _received: None


def kill_sender(received: Received) -> None:
    """The process that names its number in the path dies as `kill -9` lets it."""
    os.kill(int(received.path.rpartition("/")[2]), signal.SIGKILL)


@contextmanager
def http_receiver() -> Iterator[HttpReceiver]:
    receiver = HttpReceiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.received.append(Received(self.path, headers, body))
            receiver.before_answer(receiver.received[-1])
            self.send_response(receiver.status)
            for name, value in {**receiver.headers, "Content-Length": str(len(receiver.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(receiver.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - signature of the library
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A sender that died does not wait for its answer."""

    with Quiet(("127.0.0.1", 0), Handler) as server:
        receiver.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield receiver
        finally:
            server.shutdown()


@dataclass(slots=True)
class MailReceiver:
    """Takes mail, but for recipients of which `refused` names an answer."""

    port: int = 0
    refused: dict[str, str] = field(default_factory=dict)
    received: list[Envelope] = field(default_factory=list)

    async def handle_RCPT(self, *given: Any) -> str:  # noqa: N802 - name of the library
        _server, _session, envelope, address, _options = given
        if address in self.refused:
            return self.refused[str(address)]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, *given: Any) -> str:  # noqa: N802 - as above
        self.received.append(given[2])
        return "250 OK"


class _AnyPort(Controller):
    def _trigger_server(self) -> None:
        # It looks whether it answers at the port that it was given, which is none yet.
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def mail_receiver(**options: object) -> Iterator[MailReceiver]:
    receiver = MailReceiver()
    controller = _AnyPort(receiver, hostname="127.0.0.1", port=0, **options)
    controller.start()
    receiver.port = controller.port
    try:
        yield receiver
    finally:
        controller.stop()


@contextmanager
def dribbling_server() -> Iterator[int]:
    """Greets without end, a byte at a time, so that no single read ever takes long."""
    stopped = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                while not stopped.wait(0.05):
                    connection.sendall(b"2")

        threading.Thread(target=greet, daemon=True).start()
        try:
            yield listener.getsockname()[1]
        finally:
            stopped.set()
