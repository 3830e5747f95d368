from __future__ import annotations

from collections.abc import Mapping

import duckdb
import pytest

from rddm.resolve.keys import (
    FEW_DESCRIPTIONS,
    KEY_KINDS,
    KIND_NUMBERS,
    Found,
    affordable_kinds,
    keys_sql,
    part_of,
    usable_sql,
    worthwhile_kinds,
)

KINDS = {kind.name: kind for kind in KEY_KINDS}


def mask(*names: str) -> int:
    return sum(1 << KIND_NUMBERS[name] for name in names)


def keys_of(description: Mapping[str, object], *names: str) -> set[int]:
    types = {"last_part": "BIGINT", "last_more": "BIGINT[]", "given_part": "BIGINT", "given_more": "BIGINT[]",
             "middle_part": "BIGINT", "phone": "VARCHAR"}  # fmt: skip
    columns = ", ".join(
        f"{'NULL' if description.get(name) is None else repr(description[name])}::{kind} AS {name}"
        for name, kind in types.items()
    )
    with duckdb.connect() as connection:
        query = keys_sql(f"(SELECT 0 AS n, {columns})", [KINDS[name] for name in names])
        return {row[0] for row in connection.execute(query).fetchall()}


def test_broad_kinds_of_keys_are_for_those_who_can_afford_them() -> None:
    few, many = affordable_kinds(FEW_DESCRIPTIONS - 1), affordable_kinds(FEW_DESCRIPTIONS)
    assert {kind.name for kind in few} - {kind.name for kind in many} == {kind.name for kind in KEY_KINDS if kind.broad}


def test_the_numbers_of_the_kinds_are_all_different_and_fit() -> None:
    assert len(set(KIND_NUMBERS.values())) == len(KEY_KINDS)
    assert all(0 < number < 32 for number in KIND_NUMBERS.values())


def test_a_short_form_of_two_names_gives_a_key_for_each() -> None:
    sasha, alexander, alexandra = (
        {"phone": "+79160000001", "given_part": part_of("given", names[0]),
         "given_more": [part_of("given", name) for name in names[1:]] or None}
        for names in (("aleksandr", "aleksandra"), ("aleksandr",), ("aleksandra",))
    )  # fmt: skip
    assert len(keys_of(sasha, "phone_given")) == 2
    assert keys_of(sasha, "phone_given") == keys_of(alexander, "phone_given") | keys_of(alexandra, "phone_given")


def test_a_key_is_not_made_where_a_part_is_missing() -> None:
    assert keys_of({"phone": "+79160000001"}, "phone_given") == set()
    assert len(keys_of({"phone": "+79160000001"}, "phone")) == 1


@pytest.mark.parametrize("names", [("full_name", "name"), ("phone", "phone_given")])
def test_kinds_do_not_share_keys(names: tuple[str, str]) -> None:
    description = {"phone": "+79160000001", "last_part": 5, "given_part": 6, "middle_part": 7}
    assert not keys_of(description, names[0]) & keys_of(description, names[1])


def test_a_kind_that_finds_only_what_others_find_is_not_used() -> None:
    found = [
        Found(mask("snils", "phone_given"), 1000, 0), Found(mask("phone_given"), 500, 10),
        Found(mask("full_name", "name"), 30, 40), Found(mask("name"), 0.2, 5000),
    ]  # fmt: skip
    used = worthwhile_kinds(found, [KINDS[name] for name in ("phone", "snils", "phone_given", "full_name", "name")])
    assert [kind.name for kind in used] == ["phone", "phone_given", "full_name"]


def test_a_key_of_a_rare_kind_finds_only_where_few_share_it() -> None:
    name, sound = (KINDS[kind].number for kind in ("name", "sound_birth"))
    shared = {1 << 5 | name: 10, 2 << 5 | name: 11, 1 << 5 | sound: 11, 2 << 5 | sound: 61}
    rows = ", ".join(f"({key})" for key, count in shared.items() for _ in range(count))
    with duckdb.connect() as connection:
        usable = connection.execute(usable_sql(f"(SELECT * FROM (VALUES {rows}) AS t(key))", 60)).fetchall()
        lower = connection.execute(usable_sql(f"(SELECT * FROM (VALUES {rows}) AS t(key))", 5)).fetchall()
    assert {key for (key,) in usable} == {1 << 5 | name, 1 << 5 | sound}
    assert lower == []
