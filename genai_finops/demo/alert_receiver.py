"""A webhook on this machine that keeps what it is sent, as a receiver of alerts would: after checking who sent it."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(slots=True)
class ReceivedAlerts:
    """What arrived, each delivery once."""

    url: str
    #: Payload by delivery id.
    accepted: dict[str, dict[str, Any]] = field(default_factory=dict)
    #: Deliveries whose signature is not ours.
    refused: int = 0


@contextmanager
def alert_receiver(key: bytes) -> Iterator[ReceivedAlerts]:
    """Listens on a free port of the loopback address until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            delivery = self.headers.get("webhook-id", "")
            with lock:
                if not _is_signed(key, delivery, self.headers.get("webhook-timestamp", ""), body, self._signatures()):
                    received.refused += 1
                    status = 401
                else:
                    received.accepted.setdefault(delivery, json.loads(body))
                    status = 204
            self.send_response(status)
            self.end_headers()

        def _signatures(self) -> list[str]:
            return self.headers.get("webhook-signature", "").split()

        def log_message(self, *_: object) -> None:
            """Says nothing: the demo prints what arrived."""

    lock = threading.Lock()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    received = ReceivedAlerts(url=f"http://127.0.0.1:{server.server_address[1]}/alerts")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield received
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)


def _is_signed(key: bytes, delivery: str, timestamp: str, body: bytes, signatures: list[str]) -> bool:
    """As Standard Webhooks has it. The age is not looked at: the demo's time is the simulator's."""
    digest = hmac.new(key, f"{delivery}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    wanted = f"v1,{base64.b64encode(digest).decode('ascii')}"
    return any(hmac.compare_digest(wanted, found) for found in signatures)
