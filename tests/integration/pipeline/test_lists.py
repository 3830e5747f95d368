"""Fields that are mapped from lists."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.warehouse import PERSON, TinyWarehouse

New = Callable[..., TinyWarehouse]

LISTS = PERSON.replace(
    "phone: phone, email: email",
    "phone: phones, email: {sql: \"to_json(json_extract_string(contacts, '$[*].value'))\"}",
)


def test_the_first_valid_value_of_a_list_is_taken_and_which_one_is_noted(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=LISTS)
    anna = {"last": "Белова", "first": "Анна", "changed": "2024-01-01"}
    warehouse.deliver(
        "a/person",
        {"id": "1", **anna, "phones": '["call after 6", "+7 912 345-67-89"]', "contacts": '[{"value": "a@mail.ru"}]'},
        {"id": "2", **anna, "phones": "[]", "contacts": '[{"value": "@anna"}, {"value": "anna@mail.ru"}, {"kind": 1}]'},
    )
    warehouse.run()
    assert warehouse.query("SELECT key, phone, email, repairs FROM lake.conformed.person ORDER BY key") == [
        ("1", "+79123456789", "a@mail.ru", ["phone:list_item_2"]),
        ("2", None, "anna@mail.ru", ["email:list_item_2"]),
    ]
