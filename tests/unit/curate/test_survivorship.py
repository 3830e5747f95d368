"""Which record's value stands, told from tables of records; golden rows come in the order of their ids."""

from __future__ import annotations

import uuid
from typing import Any

import pyarrow as pa
import pytest

from rddm.curate.survivorship import golden_rows
from rddm.project.settings import ModelEntity

ENTITY = ModelEntity.model_validate(
    {
        "description": "A person",
        "identity": {"method": "exact", "fields": ["phone"]},
        "fields": {
            "first_name": {"type": "given_name", "survivorship": "most_frequent", "description": "Given name"},
            "phone": {"type": "phone", "survivorship": "most_recent", "description": "Phone"},
            "gender": {"type": "gender", "survivorship": "most_trusted", "description": "Gender"},
        },
    }
)
DIMINUTIVES = pa.array(["саша"])
LONG_AGO = -62_135_596_800_000_000


def id_of(number: int) -> uuid.UUID:
    return uuid.UUID(int=number)


def golden(*records: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the golden rows of *records*; each is told by what matters of it."""
    plain = {"golden": 1, "source": "a", "time": 0, "trust": 5, "first_name": None, "phone": None, "gender": None}
    rows = [{**plain, "record": number, **each} for number, each in enumerate(records, 1)]

    def ids(name: str) -> pa.Array:
        return pa.ExtensionArray.from_storage(
            pa.uuid(), pa.array([id_of(row[name]).bytes for row in rows], pa.binary(16))
        )

    members = pa.table(
        {
            "golden_id": ids("golden"),
            "record_id": ids("record"),
            "source": pa.array([row["source"] for row in rows], pa.string()),
            "source_time": pa.array([row["time"] for row in rows], pa.int64()),
            "trust": pa.array([row["trust"] for row in rows], pa.int32()),
            **{name: pa.array([row[name] for row in rows], pa.string()) for name in ENTITY.fields},
        }
    )
    found: list[dict[str, Any]] = golden_rows(members, "person", ENTITY, DIMINUTIVES).to_pylist()
    return found


@pytest.mark.parametrize(
    ("records", "stands"),
    [
        ([{"phone": "old", "time": 1}, {"phone": "new", "time": 2}], 2),
        ([{"phone": "new", "time": 2}, {"phone": "old", "time": 1}], 1),
        ([{"phone": "kept", "time": 1}, {"time": 2}], 1),
        ([{"phone": "undated", "time": LONG_AGO, "trust": 9}, {"phone": "dated", "time": 1}], 2),
        ([{"phone": "trusted", "time": 1, "trust": 9}, {"phone": "other", "time": 1}], 1),
        ([{"phone": "first", "time": 1}, {"phone": "second", "time": 1}], 2),
    ],
)
def test_the_newest_value_stands_then_the_more_trusted_then_the_higher_record_id(
    records: list[dict[str, Any]], stands: int
) -> None:
    (row,) = golden(*records)
    assert (row["phone"], row["phone__origin"]) == (records[stands - 1]["phone"], id_of(stands))


def test_the_most_trusted_value_stands_whatever_its_age() -> None:
    (row,) = golden({"gender": "female", "trust": 8, "time": 1}, {"gender": "male", "trust": 5, "time": 9})
    assert (row["gender"], row["gender__origin"]) == ("female", id_of(1))


def test_the_most_frequent_value_stands_and_names_the_newest_record_that_has_it() -> None:
    (row,) = golden(
        {"first_name": "Анна", "time": 3},
        {"first_name": "Инна", "time": 9},
        {"first_name": "Анна", "time": 1},
        {"time": 10},
    )
    assert (row["first_name"], row["first_name__origin"]) == ("Анна", id_of(1))


def test_a_complete_name_stands_before_frequent_short_ones() -> None:
    names = ["Саша", "Саша", "Aleksandr", "Aleksandr", "А", "А", "А", "Александр"]
    (row,) = golden(*({"first_name": name, "time": -place} for place, name in enumerate(names)))
    assert row["first_name"] == "Александр"


def test_of_values_that_are_as_frequent_and_as_new_the_higher_record_id_decides_and_not_the_trust() -> None:
    (row,) = golden({"first_name": "Анна", "trust": 9}, {"first_name": "Инна", "trust": 1})
    assert (row["first_name"], row["first_name__origin"]) == ("Инна", id_of(2))


def test_groups_stay_apart_and_come_in_the_order_of_their_ids() -> None:
    same_first_half = 1 << 70
    rows = golden(
        {"golden": same_first_half + 2, "phone": "b", "source": "b"},
        {"golden": 7, "phone": "c"},
        {"golden": same_first_half + 1, "phone": "a", "source": "b"},
        {"golden": same_first_half + 2, "source": "a"},
        {"golden": same_first_half + 2, "source": "b"},
    )
    assert [(row["person_id"], row["phone"], row["records"], row["sources"]) for row in rows] == [
        (id_of(7), "c", 1, ["a"]),
        (id_of(same_first_half + 1), "a", 1, ["b"]),
        (id_of(same_first_half + 2), "b", 3, ["a", "b"]),
    ]


def test_a_field_that_no_record_gives_has_neither_value_nor_origin() -> None:
    (row,) = golden({"phone": "only"})
    assert (row["first_name"], row["first_name__origin"], row["gender"], row["gender__origin"]) == (None,) * 4


def test_no_records_make_no_golden_rows() -> None:
    assert golden() == []
