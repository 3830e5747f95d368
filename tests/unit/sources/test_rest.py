from __future__ import annotations

import datetime as dt
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from rddm.contracts.errors import SourceError
from rddm.project.settings import RestConnector
from rddm.sources.columns import stack
from rddm.sources.rest import Outside, RestSource

Query = dict[str, str]
Answer = tuple[int, dict[str, str], bytes]
Answering = Callable[[str, Query, dict[str, str]], Answer]


def good(value: object, **headers: str) -> Answer:
    return 200, {"Content-Type": "application/json", **headers}, json.dumps(value).encode()


class Service:
    """A real server on the loopback; *answering* says what it answers, and every request is kept."""

    def __init__(self, answering: Answering) -> None:
        self.requests: list[tuple[str, Query, dict[str, str]]] = []
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                headers = {name.lower(): value for name, value in self.headers.items()}
                service.requests.append((parts.path, query, headers))
                status, answered, content = answering(parts.path, query, headers)
                if status == 0:
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in answered.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that has gone is expected
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def serving(answering: Answering) -> Iterator[Service]:
    service = Service(answering)
    try:
        yield service
    finally:
        service.stop()


NOW = dt.datetime(2024, 5, 1, 12, 0, tzinfo=dt.UTC)


def source(service: Service, waits: list[float] | None = None, **settings: Any) -> RestSource:
    outside = Outside(sleep=(waits if waits is not None else []).append, random=lambda: 1.0, now=lambda: NOW)
    connector = RestConnector.model_validate({"url": service.url, "path": "users", **settings})
    return RestSource("camps", "person", connector, outside=outside)


def read(reading: RestSource, cursor: Any = None) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = stack([batch.records for batch in reading.read(cursor)]).to_pylist()
    return rows


def in_turn(*answers: Answer) -> Answering:
    left = list(answers)
    return lambda *_: left.pop(0) if len(left) > 1 else left[0]


def test_numbers_and_nested_values_stay_to_the_letter() -> None:
    content = b'{"data": {"users": [{"id": 1.50, "name": {"last": "A"}, "l": [1.0]}]}}'
    with serving(lambda *_: (200, {}, content)) as service:
        assert read(source(service, records="data.users")) == [{"id": "1.50", "name.last": "A", "l": "[1.0]"}]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_service_in_trouble_is_asked_again_after_doubling_waits(status: int) -> None:
    waits: list[float] = []
    with serving(in_turn((status, {}, b""), (status, {}, b""), (0, {}, b""), good([{"id": 1}]))) as service:
        assert read(source(service, waits)) == [{"id": "1"}]
    assert waits == [0.5, 1.0, 2.0]


@pytest.mark.parametrize("asked", ["30", "Wed, 01 May 2024 12:00:30 GMT"])
def test_retry_after_is_honoured_in_seconds_and_as_a_date(asked: str) -> None:
    waits: list[float] = []
    with serving(in_turn((429, {"Retry-After": asked}, b""), good([{"id": 1}]))) as service:
        read(source(service, waits))
    assert waits == [30.0]


def test_a_service_that_stays_in_trouble_is_given_up() -> None:
    waits: list[float] = []
    with (
        serving(in_turn((503, {}, b"secret data"))) as service,
        pytest.raises(SourceError, match="status 503, after 4 attempts") as caught,
    ):
        read(source(service, waits, retries=3))
    assert len(waits) == 3
    assert "secret" not in str(caught.value)


def test_a_service_that_does_not_answer_in_time_is_given_up() -> None:
    released = threading.Event()

    def slow(*_: object) -> Answer:
        released.wait(10)
        return good([])

    with serving(slow) as service:
        with pytest.raises(SourceError, match=r"does not answer within 0\.1 seconds"):
            read(source(service, retries=0, timeout_seconds=0.1))
        released.set()


def test_html_and_broken_json_are_named_without_their_content() -> None:
    with serving(in_turn((200, {}, b"<!doctype html><p>Ivanov</p>"))) as service:
        with pytest.raises(SourceError, match="an HTML page instead of JSON") as caught:
            read(source(service))
        assert "Ivanov" not in str(caught.value)
    with serving(in_turn((200, {"Content-Type": "application/json"}, b'[{"name": "Ivanov"'))) as service:
        with pytest.raises(SourceError, match=r"is no JSON \(application/json\)") as caught:
            read(source(service))
        assert "Ivanov" not in str(caught.value)


@pytest.mark.parametrize(("status", "words"), [(401, "refuses access"), (404, "status 404")])
def test_refusals_are_not_tried_again(status: int, words: str) -> None:
    with serving(in_turn((status, {}, b""))) as service:
        with pytest.raises(SourceError, match=words):
            read(source(service))
        assert len(service.requests) == 1


def test_secrets_are_sent_and_never_shown() -> None:
    settings: dict[str, Any] = {"bearer_token": "t0ken", "headers": {"X-Key": "k3y"}}
    with serving(in_turn((403, {}, b""))) as service:
        with pytest.raises(SourceError) as caught:
            read(source(service, **settings))
        _, _, headers = service.requests[0]
    assert (headers["authorization"], headers["x-key"]) == ("Bearer t0ken", "k3y")
    assert "t0ken" not in str(caught.value)
    assert "k3y" not in str(caught.value)


def test_another_host_gets_no_secrets_by_a_redirect_or_a_link() -> None:
    with serving(in_turn(good([{"id": 2}]))) as other:

        def answering(path: str, *_: object) -> Answer:
            if path == "/users":
                return 307, {"Location": "/moved"}, b""
            if path == "/moved":
                return good([{"id": 1}], Link=f'<{other.url}/more>; rel="next"')
            raise AssertionError(path)

        with serving(answering) as service:
            reading = source(service, pagination="link", bearer_token="t0ken", headers={"X-Key": "k3y"})
            assert [row["id"] for row in read(reading)] == ["1", "2"]
            assert ["authorization" in headers for _, _, headers in service.requests] == [True, True]
        with serving(lambda *_: (302, {"Location": f"{other.url}/away"}, b"")) as service:
            read(source(service, bearer_token="t0ken", headers={"X-Key": "k3y"}))
        for _, _, headers in other.requests:
            assert "authorization" not in headers
            assert "x-key" not in headers


def test_endless_redirects_end() -> None:
    with (
        serving(lambda *_: (302, {"Location": "/users"}, b"")) as service,
        pytest.raises(SourceError, match="redirects more than"),
    ):
        read(source(service))


def test_a_service_that_ignores_the_page_is_found_out() -> None:
    with (
        serving(lambda *_: good([{"id": 1}])) as service,
        pytest.raises(SourceError, match="gives the same page again"),
    ):
        read(source(service, pagination="page"))


def test_a_cursor_that_leads_in_a_circle_is_found_out() -> None:
    def answering(_: str, query: Query, __: object) -> Answer:
        return good({"rows": [{"id": len(query)}], "next": "b" if query.get("cursor") == "a" else "a"})

    with serving(answering) as service, pytest.raises(SourceError, match="in a circle"):
        read(source(service, pagination="cursor", next_cursor="next", records="rows"))


def test_only_what_is_new_is_asked_for() -> None:
    def answering(_: str, query: Query, __: object) -> Answer:
        return good([{"id": number, "at": f"2024-05-0{number}"} for number in (1, 3, 2)])

    settings: dict[str, Any] = {"since_parameter": "changed_since", "cursor_column": "at"}
    with serving(answering) as service:
        (batch,) = source(service, **settings).read(None)
        assert batch.cursor == {"since": "2024-05-03"}
        list(source(service, **settings).read(batch.cursor))
        assert [query for _, query, _ in service.requests] == [{}, {"changed_since": "2024-05-03"}]


def test_what_was_read_before_the_service_broke_is_not_lost() -> None:
    def answering(_: str, query: Query, __: object) -> Answer:
        return (
            (500, {}, b"")
            if broken and query["page"] == "3"
            else good([{"id": query["page"]}] if query["page"] < "5" else [])
        )

    settings: dict[str, Any] = {"pagination": "page", "retries": 0}
    with serving(answering) as service:
        broken = True
        reading = source(service, **settings).read(None)
        first = next(reading)
        assert [row["id"] for row in first.records.to_pylist()] == ["1", "2"]
        with pytest.raises(SourceError, match="status 500"):
            next(reading)
        broken = False
        assert [row["id"] for row in read(source(service, **settings), first.cursor)] == ["3", "4"]


def test_elements_that_are_no_objects_are_unreadable() -> None:
    with serving(in_turn(good([{"id": 1}, "oops", {"id": 2}]))) as service:
        (batch,) = source(service).read(None)
    assert (batch.records.num_rows, [piece.content for piece in batch.unreadable]) == (2, [b'"oops"'])


def test_the_size_of_a_page_is_asked_for_and_a_short_one_is_the_last() -> None:
    def answering(_: str, query: Query, __: object) -> Answer:
        begin = int(query["offset"])
        return good([{"id": number} for number in range(begin, min(begin + int(query["limit"]), 5))])

    with serving(answering) as service:
        assert len(read(source(service, pagination="offset", limit_parameter="limit", page_size=2))) == 5
        assert [query["offset"] for _, query, _ in service.requests] == ["0", "2", "4"]
