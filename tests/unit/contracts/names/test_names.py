from __future__ import annotations

import pytest

from rddm.contracts.names import (
    canonical_given_names,
    given_name_gender,
    is_given_name,
    is_known_patronymic,
    is_patronymic,
    romanisation_key,
    transliterate,
    ungendered_surname,
)
from rddm.contracts.names.diminutives import ENGLISH, RUSSIAN
from rddm.contracts.names.given_names import RUSSIAN_FEMALE, RUSSIAN_MALE


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *(
            ("Саша", "Александр"),
            ("Саша", "Александра"),
            ("Миша", "Mikhail"),
            ("Sasha", "Александр"),
            ("Лёша", "Алексей"),
        ),
        *(
            ("Катя", "Ekaterina"),
            ("Юля", "Julia"),
            ("Bill", "William"),
            ("Kate", "Katherine"),
            ("Alexander", "Александр"),
        ),
        *(("Dmitry", "Дима"), ("Evgenii", "Евгений"), ("Мага", "Магомед"), ("Наталия", "Наталья"), ("Егор", "Георгий")),
    ],
)
def test_names_of_one_person_share_a_full_name(one: str, other: str) -> None:
    assert canonical_given_names(one) & canonical_given_names(other)


@pytest.mark.parametrize(("one", "other"), [("Иван", "Пётр"), ("Саша", "Маша"), ("Bill", "Bob"), ("Мария", "Марина")])
def test_names_of_different_people_share_none(one: str, other: str) -> None:
    assert not canonical_given_names(one) & canonical_given_names(other)


def test_the_tables_are_large_enough_to_decide_the_order_of_names() -> None:
    assert len(set(RUSSIAN_MALE.split()) | set(RUSSIAN_FEMALE.split())) >= 450
    assert sum(len(line.split()) - 1 for line in RUSSIAN.strip().splitlines()) >= 250
    assert sum(len(line.split()) - 1 for line in ENGLISH.strip().splitlines()) >= 120


@pytest.mark.parametrize("table", [RUSSIAN, ENGLISH])
def test_no_name_has_two_entries(table: str) -> None:
    names = [line.partition(":")[0] for line in table.strip().splitlines()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("name", "gender"), [("Никита", "male"), ("Любовь", "female"), ("Женя", None), ("Ilya", "male"), ("Abc", None)]
)
def test_a_given_name_tells_the_gender_unless_it_serves_both(name: str, gender: str | None) -> None:
    assert given_name_gender(name) == gender


def test_patronymics_are_told_from_surnames() -> None:
    assert all(map(is_patronymic, ("Иванович", "Ильинична", "Kuzminichna", "Али оглы")))
    assert not any(map(is_patronymic, ("Иванов", "Мороз", "Heinrich")))
    assert is_known_patronymic("Абрамович") is False or is_given_name("Абрам")
    assert not is_known_patronymic("Рабинович")


@pytest.mark.parametrize(
    "spellings",
    [
        "Щербаков Shcherbakov Scherbakov",
        "Юлия Yulia Iuliia Julija",
        "Чайковский Tchaikovsky Chaykovskiy",
        "Хрущёв Khrushchev Hruschev",
    ],
)
def test_romanisations_of_one_name_share_a_key(spellings: str) -> None:
    assert len({romanisation_key(spelling) for spelling in spellings.split()}) == 1


def test_transliteration_follows_passports() -> None:
    assert transliterate("Щукина Юлия") == "Shchukina Iuliia"


def test_brother_and_sister_share_the_ungendered_surname() -> None:
    assert ungendered_surname("Римская-Корсакова") == ungendered_surname("Римский-Корсаков")
