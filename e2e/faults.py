"""A proxy between an SDK and the server that plants what networks and deployments do: answers of 503, and a server that
dies in mid-stream and comes back at another port. It counts what it planted, so that a check can tell it happened.

The twin of faults.mjs.
"""

from __future__ import annotations

import http.client
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Callable
from urllib.parse import urlsplit

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


class FaultProxy:
    """Passes requests on to a server that may change; counts what it passed on and what it did not."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.planted = self.cut = self.passed = 0
        self._refusing = 0
        self._target: str | None = None
        self._lock = threading.Lock()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                proxy._pass(self)

            do_GET = do_OPTIONS = do_POST

            def log_message(self, *_: object) -> None:
                """Nothing: the SDKs say what they saw."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.port = self._server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    def aim(self, url: str | None) -> None:
        """Sends everything to this server from now on; to none while it is away."""
        self._target = url

    def refuse(self, posts: int) -> None:
        """Answers the next posts with 503 and a time to come back."""
        with self._lock:
            self._refusing = posts

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _pass(self, asked: BaseHTTPRequestHandler) -> None:
        body = asked.rfile.read(int(asked.headers.get("content-length") or 0))
        with self._lock:
            refused = asked.command == "POST" and self._refusing > 0
            self._refusing -= refused
        if refused:
            self.planted += 1
            self._answer(asked, 503, {"retry-after": "1", "content-type": "application/problem+json"},
                         b'{"code":"unavailable","message":"planted"}')
            return
        try:
            if self._target is None:
                raise OSError("the server is away")
            onward = http.client.HTTPConnection(urlsplit(self._target).netloc, timeout=30)
            headers = {name: value for name, value in asked.headers.items() if name.lower() not in HOP_BY_HOP}
            onward.request(asked.command, asked.path, body, headers)
            reply = onward.getresponse()
            self.passed += 1
            self._answer(asked, reply.status, dict(reply.getheaders()), reply.read())
            onward.close()
        except (OSError, http.client.HTTPException):
            self.cut += 1
            asked.close_connection = True

    @staticmethod
    def _answer(asked: BaseHTTPRequestHandler, status: int, headers: dict[str, str], body: bytes) -> None:
        asked.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in HOP_BY_HOP:
                asked.send_header(name, value)
        asked.send_header("content-length", str(len(body)))
        asked.end_headers()
        asked.wfile.write(body)


def eventually(holds: Callable[[], bool], within: float = 30.0) -> bool:
    """Waits until something holds, at most this long; tells whether it did."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.05)
    return False
