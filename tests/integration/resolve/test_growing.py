"""Data that outgrow what their model was learnt from."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from tests.integration.resolve.conftest import Record, Warehouse

LAST_NAMES = ("Щербаков", "Гордеев", "Шилов", "Лапин", "Жуков", "Рябов", "Титов", "Уваров", "Мельник", "Кораблёв")
FIRST_NAMES = ("Пётр", "Иван", "Егор", "Глеб", "Лев", "Яков", "Марк", "Артём", "Юрий", "Олег")


def _people(first: int, last: int) -> Mapping[str, Record]:
    """Twice each of the people from number *first* to *last*."""
    people: dict[str, Record] = {}
    for number, (last_name, first_name) in enumerate(product(LAST_NAMES, FIRST_NAMES)):
        if first <= number < last:
            record = {"last_name": last_name, "first_name": first_name, "birth_date": f"20{number:02d}-03-05"}
            people |= {
                f"a{number}": record | {"phone": f"+7916{number * 7919:07d}"},
                f"b{number}": record | {"source": "school", "email": f"{number}@mail.ru"},
            }
    return people


def test_what_was_too_little_to_learn_from_is_learnt_from_as_soon_as_it_is_enough(warehouse: Warehouse) -> None:
    little = warehouse.run(_people(0, 20))
    assert (little.model_learnt, little.model_version) == (False, 1)
    before = warehouse.golden_ids()

    enough = warehouse.run(_people(20, 100))
    assert (enough.model_learnt, enough.model_version, enough.model_is_new) == (True, 2, True)
    assert len(warehouse.groups()) == 100
    after = warehouse.golden_ids()
    assert {key: after[key] for key in before} == before

    more = warehouse.run({"c": _people(0, 1)["a0"]})
    assert (more.model_version, more.model_is_new) == (2, False)


def test_a_model_is_not_learnt_anew_before_the_data_are_several_times_as_many(warehouse: Warehouse) -> None:
    assert not warehouse.run(_people(0, 99)).model_learnt
    assert warehouse.run(_people(99, 100)).model_version == 1
