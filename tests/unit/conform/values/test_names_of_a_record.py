from __future__ import annotations

import pytest

from rddm.conform.values import repair_names, split_full_name
from rddm.contracts.normalised import Normalised, Rejected


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Иванов Иван Иванович", ("Иванов", "Иван", "Иванович")),
        ("Иван Иванович Иванов", ("Иванов", "Иван", "Иванович")),
        ("Иван Иванов Иванович", ("Иванов", "Иван", "Иванович")),
        ("ИВАНОВ ИВАН", ("Иванов", "Иван", None)),
        ("Ivanov Ivan", ("Ivanov", "Ivan", None)),
        ("Ivan Ivanov", ("Ivanov", "Ivan", None)),
        ("John Smith", ("Smith", "John", None)),
        ("Smith, John", ("Smith", "John", None)),
        ("Иванов И.И.", ("Иванов", "И", "И")),
        ("И. И. Иванов", ("Иванов", "И", "И")),
        ("Саша Петров", ("Петров", "Саша", None)),
        ("Алиев Али Мамед оглы", ("Алиев", "Али", "Мамед оглы")),
        ("Рабинович Лев Абрамович", ("Рабинович", "Лев", "Абрамович")),
        ("Герман Алексей", ("Герман", "Алексей", None)),
        ("Мария Ивановна", (None, "Мария", "Ивановна")),
        ("Иван", (None, "Иван", None)),
        ("Иванов", ("Иванов", None, None)),
        ("Гарсия Маркес Габриэль", ("Гарсия Маркес", "Габриэль", None)),
        ("фон Гёте Иоганн", ("фон Гёте", "Иоганн", None)),
        (None, (None, None, None)),
    ],
)
def test_a_full_name_comes_apart_by_what_its_words_are(text: str | None, parts: tuple[str | None, ...]) -> None:
    found = split_full_name(text)
    assert tuple(part.value for part in found if isinstance(part, Normalised)) == parts


def test_what_is_no_full_name_is_rejected_once() -> None:
    assert split_full_name("12345") == (Rejected("not_a_name"), Normalised(None), Normalised(None))


@pytest.mark.parametrize(
    ("before", "after", "repair"),
    [
        (("Иван", "Петров", None), ("Петров", "Иван", None), "names_swapped"),
        (("Наталья", "Кох", None), ("Кох", "Наталья", None), "names_swapped"),
        (("Ivan", "Petrov", None), ("Petrov", "Ivan", None), "names_swapped"),
        (("Петров", "Сергеевич", "Иван"), ("Петров", "Иван", "Сергеевич"), "names_swapped"),
        (("Иван", "Сергеевич", "Петров"), ("Петров", "Иван", "Сергеевич"), "names_swapped"),
        (("Петров Иван Сергеевич", None, None), ("Петров", "Иван", "Сергеевич"), "full_name_split"),
        ((None, "Иван Петров", None), ("Петров", "Иван", None), "full_name_split"),
        (("Петров", "Иван Сергеевич", None), ("Петров", "Иван", "Сергеевич"), "full_name_split"),
        (("Петров Иван", "Иван", None), ("Петров", "Иван", None), "full_name_split"),
    ],
)
def test_names_in_the_wrong_field_are_put_right(
    before: tuple[str | None, str | None, str | None], after: tuple[str | None, str | None, str | None], repair: str
) -> None:
    assert repair_names(*before) == (*after, (repair,))


@pytest.mark.parametrize(
    "names",
    [
        ("Петров", "Иван", "Сергеевич"),
        ("Герман", "Алексей", None),
        ("Роман", "Эркин", None),
        ("Martin", "Dean", None),
        ("Martin", "Devin", None),
        ("Ким", "Анна", None),
        ("Гарсия Маркес", "Габриэль", None),
        ("Мамин Сибиряк", "Дмитрий", None),
        (None, "Анна Мария", None),
        (None, None, None),
    ],
)
def test_names_that_may_be_right_stay(names: tuple[str | None, str | None, str | None]) -> None:
    assert repair_names(*names) == (*names, ())
