"""The connector for JSON services over HTTP: pages followed to their end, patiently, and never further."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin

import httpx
import pyarrow as pa

from rddm.contracts.batches import Batch, Cursor, Json, Unreadable
from rddm.contracts.errors import SourceError
from rddm.project.settings import RestConnector
from rddm.sources.columns import records_table
from rddm.sources.files.chunks import unreadable_piece
from rddm.sources.files.formats import is_html
from rddm.sources.json_text import (
    BrokenJson,
    FlatRecord,
    NoObject,
    Value,
    as_text,
    decode,
    look_up,
    parse_path,
    select_records,
)
from rddm.sources.protocol import BatchLimits

LONGEST_WAIT_SECONDS = 60.0
LONGEST_RETRY_AFTER_SECONDS = 900.0
REDIRECTS = 5
ANSWER_LIMIT_BYTES = 256 * 1024 * 1024
RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
PAGES_LIMITS = BatchLimits(records=50_000, size_bytes=64 * 1024 * 1024)


@dataclass(frozen=True)
class Outside:
    """What the connector needs of the world; each can be replaced in a test."""

    transport: httpx.BaseTransport | None = None
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = random.random
    now: Callable[[], dt.datetime] = field(default=lambda: dt.datetime.now(dt.UTC))


@dataclass(frozen=True)
class _Position:
    """Which page comes next: a page's number, an offset, a cursor's text or a whole address."""

    kind: str
    value: str


@dataclass(frozen=True)
class _Page:
    records: list[FlatRecord]
    unreadable: tuple[Unreadable, ...]
    next: _Position | None
    origin: str


class RestSource:
    """
    One resource of a service.

    The cursor holds the highest value seen of ``cursor_column`` once a reading came to its end; within a reading it also
    holds the page that comes next, so that an interrupted one goes on there.
    """

    def __init__(
        self,
        source: str,
        entity: str,
        connector: RestConnector,
        *,
        outside: Outside | None = None,
        limits: BatchLimits = PAGES_LIMITS,
    ) -> None:
        self._source, self._entity, self._connector = source, entity, connector
        self._outside = outside or Outside()
        self._limits = limits
        self._url = connector.url.rstrip("/") + ("/" + connector.path.lstrip("/") if connector.path else "")

    def read(self, cursor: Cursor | None) -> Iterator[Batch]:
        state = dict(cursor or {})
        since, highest = _text_of(state.get("since")), _text_of(state.get("highest"))
        begin = _position_of(state.get("next"))
        held: list[_Page] = []
        with self._client() as client:
            pages = self._pages(client, since, begin)
            while True:
                try:
                    page = next(pages, None)
                except SourceError:
                    if held:
                        yield self._batch(held, since, highest)
                    raise
                if page is None:
                    return
                highest = self._highest(highest or since, page.records)
                held.append(page)
                if page.next is None or self._is_full(held):
                    if any(page.records or page.unreadable for page in held) or page.next is None:
                        yield self._batch(held, since, highest)
                    held = []

    def probe(self) -> None:
        with self._client() as client:
            self._fetch(client, self._first(), None)

    def sample(self, rows: int) -> pa.Table:
        records: list[FlatRecord] = []
        with self._client() as client:
            for page in self._pages(client, None, None):
                records.extend(page.records)
                if len(records) >= rows:
                    break
        return records_table(records[:rows])

    # --- batches and the cursor ---

    def _batch(self, pages: list[_Page], since: str | None, highest: str | None) -> Batch:
        following = pages[-1].next
        cursor: dict[str, Json]
        if following is None:
            cursor = {"since": highest} if highest is not None else {}
        else:
            cursor = {"since": since, "highest": highest, "next": {"kind": following.kind, "value": following.value}}
        records = [record for page in pages for record in page.records]
        origin = pages[0].origin if len(pages) == 1 else f"{pages[0].origin} and {len(pages) - 1} more"
        return Batch(records_table(records), origin, cursor, tuple(bad for page in pages for bad in page.unreadable))

    def _is_full(self, pages: list[_Page]) -> bool:
        return sum(len(page.records) for page in pages) >= self._limits.records

    def _highest(self, highest: str | None, records: list[FlatRecord]) -> str | None:
        column = self._connector.cursor_column
        values = [record.get(column) for record in records] if column else []
        for value in values:
            if value is not None and (highest is None or _is_beyond(value, highest)):
                highest = value
        return highest

    # --- pages ---

    def _first(self) -> _Position:
        match self._connector.pagination:
            case "page":
                return _Position("page", str(self._connector.first_page))
            case "offset":
                return _Position("offset", "0")
            case _:
                return _Position("first", "")

    def _pages(self, client: httpx.Client, since: str | None, begin: _Position | None) -> Iterator[_Page]:
        """Yield pages to the last one; raise when the service leads in a circle."""
        position: _Position | None = begin or self._first()
        visited: set[_Position] = set()
        contents: set[bytes] = set()
        while position is not None:
            if position in visited:
                raise self._error(
                    "the service leads in a circle: it names a page that was read already as the next one.",
                    "Check `pagination` and `next_cursor`.",
                )
            visited.add(position)
            answer = self._fetch(client, position, since)
            if answer.status_code in (404, 410) and position.kind == "page" and position != self._first():
                return
            page = self._page(position, answer)
            digest = hashlib.sha256(answer.content).digest()
            if page.records and position.kind in ("page", "offset") and digest in contents:
                raise self._error(
                    f"the service gives the same page again for another {position.kind}.",
                    f"Check `{position.kind}_parameter` and `pagination`.",
                )
            contents.add(digest)
            yield page
            position = page.next

    def _page(self, position: _Position, answer: httpx.Response) -> _Page:
        value = self._decoded(answer)
        place = f"{self._connector.path or '/'}, {position.kind} {position.value}".rstrip()
        if position.kind == "url":
            place = f"{self._connector.path or '/'}, a following page"
        records: list[FlatRecord] = []
        bad: list[Unreadable] = []
        for found in select_records(value, parse_path(self._connector.records), self._connector.carry):
            if isinstance(found, NoObject):
                bad.append(unreadable_piece(place, "a JSON value that is no object", found.text.encode()))
            else:
                records.append(found)
        following = self._following(position, value, answer, len(records) + len(bad))
        return _Page(records, tuple(bad), following, place)

    def _following(self, position: _Position, value: Value, answer: httpx.Response, found: int) -> _Position | None:
        match self._connector.pagination:
            case "page":
                return _Position("page", str(int(position.value) + 1)) if self._may_go_on(found) else None
            case "offset":
                return _Position("offset", str(int(position.value) + found)) if self._may_go_on(found) else None
            case "cursor":
                following = as_text(look_up(value, self._connector.next_cursor or "next"))
                if not following or following == "false":
                    return None
                is_address = re.match(r"https?://|/", following) is not None
                address = urljoin(str(answer.url), following)
                return _Position("url", address) if is_address else _Position("cursor", following)
            case "link":
                link = answer.links.get("next", {}).get("url")
                return _Position("url", urljoin(str(answer.url), link)) if link else None
            case _:
                return None

    def _may_go_on(self, found: int) -> bool:
        """Whether there may be a page after one with so many records; a page shorter than asked for is the last."""
        return found >= (self._connector.page_size if self._connector.limit_parameter else 1)

    # --- requests ---

    def _client(self) -> httpx.Client:
        return httpx.Client(
            timeout=self._connector.timeout_seconds, transport=self._outside.transport, follow_redirects=False
        )

    def _parameters(self, position: _Position, since: str | None) -> dict[str, str]:
        connector = self._connector
        parameters = dict(connector.parameters)
        if connector.limit_parameter:
            parameters[connector.limit_parameter] = str(connector.page_size)
        if connector.since_parameter and since is not None:
            parameters[connector.since_parameter] = since
        names = {
            "page": connector.page_parameter,
            "offset": connector.offset_parameter,
            "cursor": connector.cursor_parameter,
        }
        if position.kind in names:
            parameters[names[position.kind]] = position.value
        return parameters

    def _fetch(self, client: httpx.Client, position: _Position, since: str | None) -> httpx.Response:
        """Return the answer for a page: a good one, or a 404 or 410 for a page after the first."""
        following, first = position.kind == "url", httpx.URL(self._url)
        url = httpx.URL(position.value) if following else first.copy_merge_params(self._parameters(position, since))
        attempt = 0
        while True:
            trouble, wait = "", 0.0
            try:
                answer = self._request(client, url)
            except httpx.TimeoutException:
                trouble = f"does not answer within {self._connector.timeout_seconds:g} seconds"
            except httpx.TransportError as error:
                trouble = f"cannot be reached, or the connection broke ({type(error).__name__})"
            else:
                if answer.status_code not in RETRIED:
                    return self._accepted(answer, position)
                trouble, wait = f"answers with status {answer.status_code}", self._retry_after(answer)
            if attempt >= self._connector.retries or wait > LONGEST_RETRY_AFTER_SECONDS:
                later = f" and asks to wait {wait:.0f} seconds" if wait > LONGEST_RETRY_AFTER_SECONDS else ""
                raise self._error(
                    f"the service {trouble}{later}, after {attempt + 1} attempts.", "The next run goes on from here."
                )
            self._outside.sleep(max(wait, self._backed_off(attempt)))
            attempt += 1

    def _backed_off(self, attempt: int) -> float:
        """Return how long to wait: doubling, at most a minute, and not in step with others."""
        return float(min(LONGEST_WAIT_SECONDS, 0.5 * 2**attempt) * (0.5 + self._outside.random() / 2))

    def _retry_after(self, answer: httpx.Response) -> float:
        """Return the seconds that Retry-After asks for (RFC 9110 §10.2.3: seconds or a date); 0 without it."""
        text = answer.headers.get("Retry-After", "").strip()
        if re.fullmatch(r"\d{1,9}", text):
            return float(text)
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, TypeError):
            return 0.0
        moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
        return max((moment - self._outside.now()).total_seconds(), 0.0)

    def _request(self, client: httpx.Client, url: httpx.URL) -> httpx.Response:
        """Return the answer, after redirects. Another host than the one in the settings gets no credentials."""
        for _ in range(REDIRECTS + 1):
            headers = self._headers() if _origin(url) == _origin(httpx.URL(self._url)) else {}
            request = client.build_request("GET", url, headers={"Accept": "application/json", **headers})
            streamed = client.send(request, stream=True)
            try:
                answer = self._read_whole(streamed)
            finally:
                streamed.close()
            if answer.next_request is None and not answer.has_redirect_location:
                return answer
            url = url.join(answer.headers["Location"])
        raise self._error(f"the service redirects more than {REDIRECTS} times.", "Check `url`.")

    def _read_whole(self, streamed: httpx.Response) -> httpx.Response:
        size_bytes = 0
        parts: list[bytes] = []
        for part in streamed.iter_bytes():
            size_bytes += len(part)
            if size_bytes > ANSWER_LIMIT_BYTES:
                raise self._error(
                    f"an answer is larger than {ANSWER_LIMIT_BYTES} bytes.", "Use `pagination` with smaller pages."
                )
            parts.append(part)
        headers = [
            (name, value)
            for name, value in streamed.headers.multi_items()
            if name.lower() not in ("content-encoding", "content-length", "transfer-encoding")
        ]
        return httpx.Response(streamed.status_code, headers=headers, content=b"".join(parts), request=streamed.request)

    def _headers(self) -> Mapping[str, str]:
        headers = {name: value.get_secret_value() for name, value in self._connector.headers.items()}
        if self._connector.bearer_token is not None:
            headers["Authorization"] = f"Bearer {self._connector.bearer_token.get_secret_value()}"
        return headers

    # --- answers ---

    def _accepted(self, answer: httpx.Response, position: _Position) -> httpx.Response:
        status = answer.status_code
        if status == 204:
            return httpx.Response(200, content=b"[]", request=answer.request)
        if 200 <= status < 300:
            return answer
        if status in (401, 403):
            raise self._error(
                f"the service refuses access (status {status}).", "Check `bearer_token` or `headers` and its rights."
            )
        if status in (404, 410) and position.kind == "page" and position != self._first():
            return answer
        raise self._error(f"the service answers with status {status}.", "Check `url`, `path` and `parameters`.")

    def _decoded(self, answer: httpx.Response) -> Value:
        if is_html(answer.content[:1024]):
            raise self._error(
                "the service answers with an HTML page instead of JSON.", "Check `url`, `path` and login."
            )
        try:
            return decode(answer.content.decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise self._error("the service's answer is not valid UTF-8.", "JSON must be (RFC 8259 §8.1).") from None
        except BrokenJson as broken:
            kind = answer.headers.get("Content-Type", "no content type").partition(";")[0][:60]
            raise self._error(
                f"the service's answer is no JSON ({kind}): {broken} at character {broken.position + 1}.",
                "Check `url` and `path`; a cut off answer may be whole in the next run.",
            ) from None

    def _error(self, message: str, fix: str) -> SourceError:
        return SourceError(self._source, self._entity, message, fix)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _is_beyond(value: str, other: str) -> bool:
    """Whether *value* comes after *other*: as numbers when both are, else as text, as ISO 8601 times sort."""
    try:
        return Decimal(value) > Decimal(other)
    except InvalidOperation:
        return value > other


def _text_of(value: Json) -> str | None:
    return value if isinstance(value, str) else None


def _position_of(value: Json) -> _Position | None:
    if not isinstance(value, dict):
        return None
    return _Position(str(value.get("kind", "")), str(value.get("value", "")))
