"""
The mobile app's REST service on a loopback port: pages by cursor, asks for a token, limits the rate, fails now and then.

``GET /v1/users`` and ``GET /v1/checkins`` take ``limit``, ``cursor`` and ``updated_since`` and answer
``{"data": [...], "paging": {"next": "<cursor>" or null}}``, ordered by ``updated_at`` and id.
"""

from __future__ import annotations

import base64
import binascii
import json
import threading
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from rddm.demo.services.app import CHECKINS, USERS

REST_TOKEN_VARIABLE = "RDDM_DEMO_TOKEN"  # noqa: S105 - the name of a variable
"""The environment variable from which the demo's project takes the token."""
REST_TOKEN = "a-token-of-the-demo-that-opens-nothing-else"  # noqa: S105 - it guards invented data
"""What the invented service expects; it guards invented data on the loopback interface."""

LARGEST_PAGE = 500
RATE_LIMITED_EVERY = 7
"""Each 7th request is told to come back later (429 with Retry-After, RFC 6585 §4)."""
UNAVAILABLE_EVERY = 11
"""Each 11th request fails with 503, without a word about when to come back."""
RETRY_AFTER_SECONDS = 0
"""Kept at once, so that trying it out does not mean waiting; the header is there all the same."""


class _Service(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, folder: Path, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.requests = count(1)
        self.counting = threading.Lock()
        self.items: dict[str, list[dict[str, Any]]] = {
            f"/v1/{name.removesuffix('.json')}": json.loads((folder / "app" / name).read_text(encoding="utf-8"))
            for name in (USERS, CHECKINS)
        }
        self.keys = {path: [(item["updated_at"], item["id"]) for item in items] for path, items in self.items.items()}

    def number_request(self) -> int:
        with self.counting:
            return next(self.requests)


class _Handler(BaseHTTPRequestHandler):
    server: _Service
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body leave separately, and would wait for each other's receipt

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if self.headers.get("Authorization") != f"Bearer {REST_TOKEN}":
            self._answer(HTTPStatus.UNAUTHORIZED, {"error": "a token is needed"})
            return
        number = self.server.number_request()
        if number % RATE_LIMITED_EVERY == 0:
            self._answer(HTTPStatus.TOO_MANY_REQUESTS, {"error": "too fast"}, {"Retry-After": str(RETRY_AFTER_SECONDS)})
        elif number % UNAVAILABLE_EVERY == 0:
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, {"error": "busy"})
        elif address.path not in self.server.items:
            self._answer(HTTPStatus.NOT_FOUND, {"error": "no such collection"})
        else:
            self._page(address.path, {name: values[-1] for name, values in parse_qs(address.query).items()})

    def _page(self, path: str, query: dict[str, str]) -> None:
        items, keys = self.server.items[path], self.server.keys[path]
        try:
            limit = min(LARGEST_PAGE, max(1, int(query.get("limit", LARGEST_PAGE))))
            start = _read_cursor(query["cursor"]) if "cursor" in query else None
        except ValueError:
            self._answer(HTTPStatus.BAD_REQUEST, {"error": "limit or cursor is not right"})
            return
        place = bisect_left(keys, start or (_as_utc(query.get("updated_since", "")), ""))
        page = items[place : place + limit]
        more = place + limit < len(items)
        self._answer(
            HTTPStatus.OK, {"data": page, "paging": {"next": _write_cursor(keys[place + limit]) if more else None}}
        )

    def _answer(self, status: HTTPStatus, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        content = json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: the demo's screen belongs to the pipeline."""


def _as_utc(moment: str) -> str:
    """Return a moment as our items write it, whichever of the usual forms it was asked in."""
    plain = moment.replace(" ", "T").removesuffix("Z").split("+")[0].split(".")[0]
    return f"{plain}Z" if "T" in plain else plain


def _write_cursor(key: tuple[str, str]) -> str:
    return base64.urlsafe_b64encode("|".join(key).encode()).decode()


def _read_cursor(cursor: str) -> tuple[str, str]:
    try:
        moment, key = base64.b64decode(cursor.encode(), altchars=b"-_", validate=True).decode().split("|")
    except (binascii.Error, UnicodeError) as error:
        raise ValueError from error
    return moment, key


@contextmanager
def serve_rest(folder: Path, port: int = 0) -> Iterator[str]:
    """
    Serve the app's data below the services' *folder* while the context lasts; give the base URL, ``http://127.0.0.1:…``.

    Shows what was there when it started. Which requests fail depends on their number alone.
    """
    service = _Service(folder, port)
    thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{service.server_address[1]}"
    finally:
        service.shutdown()
        service.server_close()
        thread.join()
