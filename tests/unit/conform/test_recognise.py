from __future__ import annotations

import pyarrow as pa

from rddm.conform.recognise import recognise_columns
from rddm.project.settings import SemanticType

PEOPLE = {
    "last": ["Иванов", "Петрова", "Сидоров", "Ковалёва"],
    "first": ["Иван", "Мария", "Саша", "Ольга"],
    "middle": ["Иванович", "Петровна", None, "Сергеевна"],
    "born": ["05.03.2010", "1999-01-02", "", "31.12.2005"],
    "phone": ["8 916 123-45-67", "+79261234567", "нет", "89031234567"],
    "email": ["a@mail.ru", "b@gmail.com", "c@yandex.ru", "d@bk.ru"],
    "snils": ["112-233-445 95", "11223344595", None, None],
    "region": ["Москва", "Московская обл.", "Татарстан", "СПб"],
    "gender": ["м", "ж", "м", "ж"],
    "school": ["МБОУ СОШ №5", "Школа 7", "Лицей 1535", "Гимназия 2"],
}


def recognised_fields(table: pa.Table) -> dict[str, str]:
    return {column: found.field or str(found.meaning) for column, found in recognise_columns(table).items()}


def test_columns_are_recognised_by_name_in_russian_english_and_romanised() -> None:
    names = [
        "ИД",
        "Фамилия",
        "firstName",
        "otchestvo",
        "дата рождения",
        "моб. тел.",
        "e-mail",
        "пол",
        "регион",
        "updated_at",
    ]
    table = pa.table({name: pa.array([], pa.string()) for name in names})
    assert list(recognised_fields(table).values()) == [
        *(
            "key",
            "last_name",
            "first_name",
            "middle_name",
            "birth_date",
            "phone",
            "email",
            "gender",
            "region",
            "source_time",
        ),
    ]


def test_columns_without_telling_names_are_recognised_by_content() -> None:
    table = pa.table({f"c{index}": values for index, values in enumerate(PEOPLE.values())})
    assert list(recognised_fields(table).values()) == [
        *(
            "last_name",
            "first_name",
            "middle_name",
            "birth_date",
            "phone",
            "email",
            "snils",
            "region",
            "gender",
            "school",
        ),
    ]


def test_a_telling_name_over_values_of_another_kind_does_not_decide() -> None:
    table = pa.table({"phone": PEOPLE["email"], "x": PEOPLE["phone"]})
    assert recognised_fields(table) == {"phone": "email", "x": "phone"}


def test_dates_that_repeat_are_no_birth_dates_unless_the_name_says_so() -> None:
    shows = ["2025-12-20", "2025-12-21"] * 10
    births = [f"19{year}-05-11" for year in range(60, 80)]
    assert recognised_fields(pa.table({"date": shows, "x": births})) == {"x": "birth_date"}
    assert recognised_fields(pa.table({"born": shows})) == {"born": "birth_date"}


def test_a_full_name_in_one_column_is_seen() -> None:
    table = pa.table({"who": ["Иванов Иван Иванович", "Петрова Мария", "Сидоров С. А."]})
    found = recognise_columns(table)["who"]
    assert found.meaning == "full_name"
    assert "100%" in found.reason


def test_a_key_that_repeats_is_no_key_and_a_field_is_given_once() -> None:
    table = pa.table({"id": ["1", "1", "1"], "phone": ["89161234567"] * 3, "mobile": ["89261234567"] * 3})
    assert recognised_fields(table) == {"phone": "phone"}


def test_what_is_not_known_is_left_out_and_reasons_show_no_values() -> None:
    table = pa.table({"z": ["qq17", "zz-9", "##", "%"], "c": PEOPLE["email"]})
    found = recognise_columns(table)
    assert set(found) == {"c"}
    assert found["c"].meaning is SemanticType.EMAIL
    assert "@" not in found["c"].reason


def test_lists_are_recognised_by_name_and_by_any_of_their_items() -> None:
    table = pa.table(
        {
            "phones": ['["call after 6", "+7 912 345-67-89"]', "[]"],
            "contact": ['["a@mail.ru"]', '["none of yours", "b@mail.ru"]'],
            "tags": ['["a", "b"]', '["c"]'],
        }
    )
    assert recognised_fields(table) == {"phones": "phone", "contact": "email"}
    assert "of its lists the first valid value is taken" in recognise_columns(table)["contact"].reason
