"""What Python made of a text comes back as notes, a problem, and the doubt whether a name is in its place."""

from __future__ import annotations

from datetime import date

from rddm.conform.lookup import cleaner, lookup_table, name_lookup_table
from rddm.conform.mapping import MappedEntity
from rddm.project.settings import FieldMapping, FileConnector, ModelEntity, ModelField, SemanticType, SourceEntity

CAMPER = MappedEntity(
    "camps",
    "camper",
    SourceEntity(
        connector=FileConnector(),
        key=("id",),
        fields={name: FieldMapping(column=name) for name in ("last_name", "first_name", "birth_date", "phone")},
    ),
    ModelEntity(
        fields={
            "last_name": ModelField(type=SemanticType.FAMILY_NAME),
            "first_name": ModelField(type=SemanticType.GIVEN_NAME),
            "birth_date": ModelField(type=SemanticType.BIRTH_DATE, on_invalid="quarantine"),
            "phone": ModelField(type=SemanticType.PHONE),
        }
    ),
)


def looked_up(field: str, *texts: str) -> list[tuple[object, ...]]:
    """Value, repairs, problem and doubt of each text."""
    table = lookup_table(texts, cleaner(CAMPER, field, date(2026, 1, 1), {}))
    return [tuple(row[name] for name in ("value", "repairs", "problem", "is_doubtful")) for row in table.to_pylist()]


def test_repairs_carry_the_name_of_their_field() -> None:
    assert looked_up("last_name", "Бeлова", "Орлова") == [
        ("Белова", "last_name:latin_lookalike", None, False),
        ("Орлова", None, None, False),
    ]


def test_what_is_no_value_is_a_problem_or_dropped_as_the_model_says() -> None:
    assert looked_up("birth_date", "2999-01-01") == [(None, None, "invalid:birth_date:birth_date_in_future", False)]
    assert looked_up("phone", "12") == [(None, "phone:dropped_invalid_phone", None, False)]


def test_a_known_given_name_is_doubtful_where_a_family_name_belongs_and_certain_in_its_own_place() -> None:
    assert [row[3] for row in looked_up("last_name", "Иван", "Иванов", "нет", "Иванов Иван")] == [
        True, False, False, True,
    ]  # fmt: skip
    assert [row[3] for row in looked_up("first_name", "Иван", "Иванов", "нет")] == [False, True, False]


def test_a_sparse_table_leaves_out_what_stays_as_it_is_beyond_doubt() -> None:
    texts = ("Орлова", "орлова", "Bелова", "Иван", "нет")
    table = lookup_table(texts, cleaner(CAMPER, "last_name", date(2026, 1, 1), {}), is_sparse=True)
    assert table["delivered"].to_pylist() == ["орлова", "Bелова", "Иван", "нет"]


def test_names_of_a_field_that_is_right_may_not_move() -> None:
    clean = {name: cleaner(CAMPER, name, date(2026, 1, 1), {}) for name in ("last_name", "first_name", "phone")}
    assert [clean["last_name"](text).may_move for text in ("Орлова", "Иван", "Орлова Анна")] == [False, True, True]
    assert [clean["first_name"](text).may_move for text in ("Анна", "Орлова", "Петровна")] == [False, False, True]
    assert not clean["phone"]("+7 916 123").may_move


def test_a_word_is_cleaned_once_for_all_sources() -> None:
    memory: dict[object, dict[str, object]] = {}
    clean = cleaner(CAMPER, "last_name", date(2026, 1, 1), memory)  # type: ignore[arg-type]
    assert cleaner(CAMPER, "last_name", date(2026, 1, 1), memory)("Бeлова") is clean("Бeлова")  # type: ignore[arg-type]


def test_only_names_that_move_are_in_the_table_of_names() -> None:
    table = name_lookup_table([("a", "Иван", "Петров", None), ("b", "Герман", "Алексей", "Петрович")])
    assert table is not None
    assert table.to_pylist() == [
        {
            "names_before": "a",
            "last_after": "Петров",
            "first_after": "Иван",
            "middle_after": None,
            "repairs": "names_swapped",
        }
    ]
    assert name_lookup_table([("b", "Герман", "Алексей", "Петрович")]) is None
