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


PERSON = ModelEntity.model_validate(
    {
        "description": "A person",
        "identity": {"method": "exact", "fields": ["last_name"]},
        "fields": {
            "last_name": {"type": "family_name", "survivorship": "most_frequent", "description": "Family name"},
            "first_name": {"type": "given_name", "survivorship": "most_frequent", "description": "Given name"},
            "middle_name": {"type": "patronymic", "survivorship": "most_frequent", "description": "Patronymic"},
            "gender": {"type": "gender", "survivorship": "most_frequent", "description": "Gender"},
        },
    }
)


def golden(*records: dict[str, Any], entity: ModelEntity = ENTITY) -> list[dict[str, Any]]:
    """Return the golden rows of *records*; each is told by what matters of it."""
    plain = {"golden": 1, "source": "a", "time": 0, "trust": 5, **dict.fromkeys(entity.fields)}
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
            **{name: pa.array([row[name] for row in rows], pa.string()) for name in entity.fields},
        }
    )
    found: list[dict[str, Any]] = golden_rows(members, "person", entity, DIMINUTIVES).to_pylist()
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


def golden_name(*names: str, gender: str | None = None) -> str:
    """Return the golden name of records that give *names* ("family given patronymic", - for none), the newest first."""
    records = []
    for age, name in enumerate(names):
        parts = dict(zip(PERSON.fields, name.split(), strict=False))
        records.append(
            {**{field: part for field, part in parts.items() if part != "-"}, "time": -age, "gender": gender}
        )
    (row,) = golden(*records, entity=PERSON)
    for field in ("last_name", "first_name", "middle_name"):
        if row[field] is not None:  # what stands is what that record says
            assert records[row[f"{field}__origin"].int - 1][field] == row[field]
    return " ".join(row[field] for field in ("last_name", "first_name", "middle_name") if row[field])


@pytest.mark.parametrize(
    ("names", "stands"),
    [
        (["Титво Анна", "Титова Анна", "Titova Anna"], "Титова Анна"),
        (["Титво Анна", "Titova Anna", "Titova Anna"], "Titova Anna"),
        (["Титво Анна", "Титова Анна", "Титова Анна"], "Титова Анна"),
        (["Титов Анна", "Титов Анна", "Титова Анна"], "Титова Анна"),
        (["Titova Anna", "Титов Анна"], "Titova Anna"),
        (["Титов Анна", "Титов Анна"], "Титов Анна"),
        (["Шевченко Анна", "Титова Анна"], "Шевченко Анна"),
        (["Титова Анна Игоревич", "Титова Анна Игоревич", "Титова Анна Игоревна"], "Титова Анна Игоревна"),
    ],
    ids=[
        "a slip against two variants", "a slip against two romanisations", "a slip against two", "her father's form",
        "a form that fits before a script", "no form that fits", "another name, the newest", "her brother's patronymic",
    ],
)  # fmt: skip
def test_a_womans_name_stands_in_her_form_and_a_slip_does_not(names: list[str], stands: str) -> None:
    assert golden_name(*names, gender="female") == stands


def test_where_no_gender_is_known_the_form_that_most_records_give_stands() -> None:
    assert golden_name("Титов Женя", "Титова Женя", "Титов Женя") == "Титов Женя"


@pytest.mark.parametrize(
    ("names", "stands"),
    [
        (["Щербаков Александр", "Shcherbakov Alexander", "Shcherbakov Alexander"], "Щербаков Александр"),
        (["Щербаков -", "Shcherbakov Alexander", "Shcherbakov Alexander"], "Shcherbakov Alexander"),
        (["Щербаков - Игоревич", "Shcherbakov Alexander"], "Щербаков Alexander Игоревич"),
        (["Shcherbakov Alexander", "Shcherbakov Александр"], "Shcherbakov Alexander"),
        (["Щербаков Александр", "Sherbakov John"], "Щербаков Александр"),
        (["Sherbakov John", "Щербаков Александр"], "Щербаков Александр"),
    ],
    ids=["both", "only one has both parts", "neither has all parts", "a given name in both", "another name, older",
         "another name, newer"],
)  # fmt: skip
def test_the_parts_of_a_name_are_of_one_script_where_they_can_be(names: list[str], stands: str) -> None:
    assert golden_name(*names) == stands


def test_of_spellings_alike_in_all_the_most_frequent_stands() -> None:
    assert golden_name("Петров Пётр", "Петров Петр", "Петров Петр") == "Петров Петр"
