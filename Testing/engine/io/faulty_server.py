"""A local HTTP server that returns specified responses and records the requests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Request:
    """A received request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Response:
    """A response. With ``breaks_off`` its Content-Length exceeds the bytes sent."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    breaks_off: bool = False
    waits: float = 0.0
    """Seconds before the response is sent."""


@dataclass
class Server:
    """A running server."""

    url: str
    requests: list[Request]


@contextmanager
def serving(respond: Callable[[Request], Response]) -> Iterator[Server]:
    """Serve responses until the block ends."""
    seen: list[Request] = []
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            request = Request(
                self.command, self.path, dict(self.headers.items()), self.rfile.read(length)
            )
            seen.append(request)
            response = respond(request)
            ended.wait(response.waits)
            self.send_response(response.status)
            for name, value in response.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(response.body) + 999 * response.breaks_off))
            self.end_headers()
            self.wfile.write(response.body)

        do_GET = do_POST = handle_any  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield Server(f"http://127.0.0.1:{server.server_address[1]}", seen)
    finally:
        ended.set()
        server.shutdown()
        server.server_close()
