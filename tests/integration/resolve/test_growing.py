"""Data that outgrow what their model was learnt from."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import pytest
from tests.integration.resolve.conftest import Record, Warehouse

from rddm.project.settings import ProbabilisticIdentity
from rddm.resolve.comparisons import NAMES
from rddm.resolve.weights import Mixture, shipped_mixture

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


def test_a_run_says_when_there_is_enough_to_learn_from_at_last(warehouse: Warehouse) -> None:
    little = warehouse.run(_people(0, 20))
    assert (little.model_learnt, little.model_is_outgrown) == (False, False)
    enough = warehouse.run(_people(20, 100))
    assert (enough.model_learnt, enough.model_version, enough.model_is_outgrown) == (False, 1, True)
    learnt = warehouse.run(relearn=True)
    assert (learnt.model_learnt, learnt.model_version, learnt.model_is_outgrown) == (True, 2, False)


def test_what_another_version_of_the_program_learnt_is_used_and_told_once(warehouse: Warehouse) -> None:
    assert not warehouse.run(_people(0, 100)).model_was_learnt_otherwise
    applied = "json_merge_patch(applied, '{\"comparisons\": 1}')"
    warehouse.connection.execute(f"UPDATE testlake.identity.model SET applied = {applied}")
    assert [warehouse.run().model_was_learnt_otherwise for _ in range(2)] == [True, False]
    warehouse.connection.execute(f"UPDATE testlake.identity.model SET applied = {applied}")
    assert not warehouse.run(relearn=True).model_was_learnt_otherwise


def test_a_model_is_outgrown_by_ten_times_its_records(warehouse: Warehouse) -> None:
    warehouse.run(_people(0, 99))
    warehouse.run(relearn=True)
    for records, is_outgrown in ((21, False), (20, True), (None, False)):
        warehouse.connection.execute("UPDATE testlake.identity.model SET records = ?, learnt = true", [records])
        some = {"a0": {**_people(0, 1)["a0"], "email": f"{records}@mail.ru"}, **_people(99, 100)}
        assert warehouse.run(some).model_is_outgrown == is_outgrown


def test_where_no_families_show_a_year_that_is_a_generation_off_is_learnt_from_as_a_slip(warehouse: Warehouse) -> None:
    people: dict[str, Record] = {}
    for number, (last_name, first_name) in enumerate(product(LAST_NAMES, FIRST_NAMES)):
        name, day = {"last_name": last_name, "first_name": first_name}, f"{number % 12 + 1:02d}-{number % 28 + 1:02d}"
        people[f"a{number}"] = {
            **name,
            "birth_date": f"{1960 + number % 40}-{day}",
            "phone": f"+7916{number * 7919:07d}",
        }
        off = 23 if number % 10 == 7 else 0
        people[f"b{number}"] = {**name, "birth_date": f"{1960 + number % 40 - off}-{day}", "source": "school"}
    assert warehouse.run(people).model_learnt
    [(text,)] = warehouse.rows("SELECT parameters FROM testlake.identity.model")
    assert not Mixture.from_json(text).families
    ids = warehouse.golden_ids()
    assert [ids[f"a{number}"] == ids[f"b{number}"] for number in range(100)] == [True] * 100


def test_a_mailbox_that_too_many_share_teaches_nothing(warehouse: Warehouse) -> None:
    school = {key: {**record, "email": "office@school.alt"} for key, record in _people(0, 100).items()}
    warehouse.run(school, relearn=True)
    [(text,)] = warehouse.rows("SELECT parameters FROM testlake.identity.model ORDER BY version DESC LIMIT 1")
    field = NAMES.index("email")
    learnt, shipped = (mixture.levels[:2, field].tolist() for mixture in (Mixture.from_json(text), shipped_mixture()))
    assert learnt == [pytest.approx(levels) for levels in shipped]


def test_two_of_one_name_and_a_mailbox_that_too_many_share_stay_two(warehouse: Warehouse) -> None:
    people: dict[str, Record] = {}
    for number, (last_name, first_name, year) in enumerate(product(LAST_NAMES, FIRST_NAMES[:7], range(2001, 2005))):
        name: Record = {"last_name": last_name, "first_name": first_name}
        born: Record = {**name, "birth_date": f"{year}-{number % 12 + 1:02d}-{number % 28 + 1:02d}"}
        people[f"a{number}"] = {**born, "phone": f"+7916{number * 7919:07d}"}
        people[f"b{number}"] = {**born, "source": "school", "email": f"{number}@mail.ru"}
        people[f"c{number // 4}"] = {**name, "source": "app", "email": "office@school.alt"}
    hers: Record = {"last_name": "Кораблёва", "first_name": "Юлия", "email": "office@school.alt"}
    his: Record = {"last_name": "Лапин", "first_name": "Олег", "email": "lapin@mail.ru"}
    people |= {"she": hers, "another": hers, "he": his, "again": his}
    learnt = warehouse.run(people)
    ids = warehouse.golden_ids()
    assert learnt.model_learnt
    assert ids["she"] != ids["another"]
    assert ids["he"] == ids["again"]
    later = warehouse.run({"third": hers, "once more": his})
    ids = warehouse.golden_ids()
    assert len({ids["she"], ids["another"], ids["third"]}) == 3
    assert ids["once more"] == ids["he"]
    assert (later.split, later.merged) == (0, 0)
    warehouse.model_entity = warehouse.model_entity.model_copy(
        update={"identity": ProbabilisticIdentity(key_limit=1000)}
    )
    warehouse.run()
    assert len({warehouse.golden_ids()[each] for each in ("she", "another", "third")}) == 1
