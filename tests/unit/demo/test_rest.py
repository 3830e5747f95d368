from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from rddm.demo import REST_TOKEN, World, serve_rest


@pytest.fixture
def client(first_day: Path) -> Iterator[httpx.Client]:
    with (
        serve_rest(first_day) as url,
        httpx.Client(base_url=url, headers={"Authorization": f"Bearer {REST_TOKEN}"}, trust_env=False) as client,
    ):
        yield client


def read_all(client: httpx.Client, path: str, **query: str) -> tuple[list[dict[str, Any]], list[int]]:
    found, statuses, cursor = [], [], None
    while True:
        answer = client.get(path, params={"limit": "10", **query} | ({"cursor": cursor} if cursor else {}))
        statuses.append(answer.status_code)
        if answer.status_code == httpx.codes.OK:
            found += answer.json()["data"]
            cursor = answer.json()["paging"]["next"]
            if cursor is None:
                return found, statuses


def test_all_pages_come_in_spite_of_refusals(client: httpx.Client, small_world: World) -> None:
    found, statuses = read_all(client, "/v1/users")
    assert sorted(item["id"] for item in found) == sorted({row.key for row in small_world.rows_of("app", 1)})
    assert set(statuses) == {200, 429, 503}


def test_a_refusal_for_speed_says_when_to_come_back(client: httpx.Client) -> None:
    answers = [client.get("/v1/checkins") for _ in range(8)]
    assert ["Retry-After" in answer.headers for answer in answers if answer.status_code == 429] == [True]


def test_the_same_requests_are_refused_each_time(first_day: Path) -> None:
    runs = []
    for _ in range(2):
        with serve_rest(first_day) as url, httpx.Client(base_url=url, trust_env=False) as client:
            client.headers["Authorization"] = f"Bearer {REST_TOKEN}"
            runs.append(read_all(client, "/v1/users")[1])
    assert runs[0] == runs[1]


def test_only_what_changed_since_is_given_when_asked(client: httpx.Client) -> None:
    everything, _ = read_all(client, "/v1/users")
    middle = everything[len(everything) // 2]["updated_at"]
    since, _ = read_all(client, "/v1/users", updated_since=middle)
    assert since == [item for item in everything if item["updated_at"] >= middle]


def test_who_has_no_token_is_refused(first_day: Path) -> None:
    with serve_rest(first_day) as url:
        answer = httpx.get(f"{url}/v1/users", headers={"Authorization": "Bearer another"}, trust_env=False)
    assert answer.status_code == 401
    assert "data" not in answer.json()


def test_a_cursor_that_is_none_is_refused(client: httpx.Client) -> None:
    assert client.get("/v1/users", params={"cursor": "\u00e4"}).status_code == 400


def test_the_second_day_shows_what_changed(second_day: Path, small_world: World) -> None:
    with serve_rest(second_day) as url, httpx.Client(base_url=url, trust_env=False) as client:
        client.headers["Authorization"] = f"Bearer {REST_TOKEN}"
        found, _ = read_all(client, "/v1/users", updated_since="2026-06-02 00:00:00")
    assert {item["id"] for item in found} == {row.key for row in small_world.rows_of("app", 2)}
