from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import duckdb
import pytest

from rddm.resolve.keys import (
    FEW_DESCRIPTIONS,
    KEY_KINDS,
    KIND_NUMBERS,
    SHARED_STEPS,
    FoundAt,
    KeyKind,
    affordable_kinds,
    bit_sql,
    keys_sql,
    kinds_from_json,
    kinds_to_json,
    part_of,
    usable_sql,
    worthwhile_kinds,
)

KINDS = {kind.name: kind for kind in KEY_KINDS}


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
    assert {kind.name for kind in few} - {kind.name for kind in many} == {
        "names", "postcode_given", "given_day", "given_year",
    }  # fmt: skip
    assert set(many) < set(few) == set(KEY_KINDS)


def test_the_numbers_of_the_kinds_are_all_different_and_fit() -> None:
    assert len(set(KIND_NUMBERS.values())) == len(KEY_KINDS)
    assert all(0 < number < 32 for number in KIND_NUMBERS.values())
    assert max(KIND_NUMBERS.values()) * (len(SHARED_STEPS) + 1) + len(SHARED_STEPS) < 127  # bits of a HUGEINT


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


def bits(shared: int, *names: str) -> int:
    """The bits of keys of the kinds *names*, each of which so many have."""
    with duckdb.connect() as connection:
        keys = ", ".join(f"{1 << 20 | KIND_NUMBERS[name]}" for name in names)
        row = connection.execute(
            f"SELECT bit_or({bit_sql(str(shared))}) FROM (SELECT unnest([{keys}]) AS key)"
        ).fetchone()
    assert row is not None
    return int(row[0])


def worthwhile(found: list[FoundAt], *names: str) -> list[str]:
    return [str(kind) for kind in worthwhile_kinds(found, [KINDS[name] for name in names])]


def test_a_kind_that_finds_only_what_others_find_is_not_used() -> None:
    found = [
        FoundAt(bits(50, "mailbox_given", "phone_given"), 1000, 0), FoundAt(bits(50, "phone_given"), 500, 10),
        FoundAt(bits(50, "full_name") | bits(9, "name"), 30, 40), FoundAt(bits(9, "name"), 0.2, 5000),
    ]  # fmt: skip
    assert worthwhile(found, "phone", "snils", "phone_given", "mailbox_given", "full_name", "name") == [
        "phone",
        "snils",
        "phone_given",
        "full_name",
    ]


def test_of_a_kind_are_not_used_the_keys_that_so_many_share_that_they_prove_little() -> None:
    found = [
        FoundAt(bits(5, "names_year"), 900, 100), FoundAt(bits(10, "names_year"), 60, 900),
        FoundAt(bits(11, "names_year"), 40, 900), FoundAt(bits(41, "names_year"), 10, 9000),
    ]  # fmt: skip
    assert worthwhile(found, "names_year") == ["names_year of 10 at most"]


def test_a_kind_that_finds_what_the_dear_keys_of_another_find_is_used_in_their_place() -> None:
    found = [
        FoundAt(bits(4, "names_year"), 900, 100), FoundAt(bits(60, "names_year"), 1, 90000),
        FoundAt(bits(60, "names_year") | bits(3, "sound_birth"), 90, 10),
    ]  # fmt: skip
    assert worthwhile(found, "sound_birth", "names_year") == ["sound_birth", "names_year of 40 at most"]


NUMBERS_OF_THEIR_OWN = tuple(KINDS[name] for name in ("phone", "snils", "email", "document_number"))


@pytest.mark.parametrize("learnt", [(KINDS["name"], replace(KINDS["names_year"], most=20), KINDS["phone"]), ()])
def test_a_model_tells_how_many_may_share_a_key(learnt: tuple[KeyKind, ...]) -> None:
    kinds = {*learnt, *NUMBERS_OF_THEIR_OWN}
    assert kinds_from_json(kinds_to_json(learnt)) == tuple(sorted(kinds, key=lambda kind: kind.number))


def test_a_model_of_a_version_that_learnt_no_limits_has_those_of_its_kinds() -> None:
    kinds = {KINDS["name"], *NUMBERS_OF_THEIR_OWN}
    assert kinds_from_json('["name", "phone"]') == tuple(sorted(kinds, key=lambda kind: kind.number))


def test_a_key_of_a_rare_kind_finds_only_where_few_share_it() -> None:
    name, sound = (KINDS[kind].number for kind in ("name", "sound_birth"))
    shared = {1 << 5 | name: 10, 2 << 5 | name: 11, 1 << 5 | sound: 11, 2 << 5 | sound: 61}
    rows = ", ".join(f"({key})" for key, count in shared.items() for _ in range(count))
    with duckdb.connect() as connection:
        usable = connection.execute(usable_sql(f"(SELECT * FROM (VALUES {rows}) AS t(key))", 60)).fetchall()
        lower = connection.execute(usable_sql(f"(SELECT * FROM (VALUES {rows}) AS t(key))", 5)).fetchall()
    assert set(usable) == {(1 << 5 | name, 10), (1 << 5 | sound, 11)}
    assert lower == []
