from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from tests.integration.resolve.conftest import Warehouse

from rddm.contracts.errors import NotFound
from rddm.project.settings import ExactIdentity, ProbabilisticIdentity, SemanticType
from rddm.serve.identity_explain import (
    MemberLink,
    candidate_ceiling,
    explain_membership,
    explain_records,
    is_candidate_pair,
)

BROTHER: dict[str, Any] = {
    "last_name": "Щербаков",
    "first_name": "Александр",
    "middle_name": "Игоревич",
    "birth_date": "2008-03-05",
    "phone": "+79161234567",
    "region": "Москва",
}
KIM: dict[str, Any] = {"last_name": "Ким", "first_name": "Ольга", "birth_date": "1961-02-03", "email": "kim@mail.ru"}
RIDER: dict[str, Any] = {
    "last_name": "Ройтман",
    "first_name": "Лев",
    "birth_date": "1975-08-17",
    "email": "lev@mail.ru",
}


def split(warehouse: Warehouse) -> set[frozenset[str]]:
    return set(warehouse.groups())


def membership(warehouse: Warehouse, golden_id: UUID) -> list[MemberLink]:
    return explain_membership(
        warehouse.connection,
        lake="testlake",
        entity="person",
        model_entity=warehouse.model_entity,
        golden_id=golden_id,
    )


def test_names_are_one_across_scripts_and_short_forms(warehouse: Warehouse) -> None:
    warehouse.run(
        {
            "a": BROTHER,
            "b": {**BROTHER, "last_name": "Shcherbakov", "first_name": "Alexander", "middle_name": None},
            "c": {**BROTHER, "first_name": "Саша", "middle_name": None, "birth_date": "2008-05-03"},
        }
    )
    assert split(warehouse) == {frozenset("abc")}


@pytest.mark.parametrize(
    "sibling",
    [
        {"first_name": "Мария", "middle_name": "Игоревна", "last_name": "Щербакова", "birth_date": "2010-11-20"},
        {"first_name": "Мария", "middle_name": "Игоревна", "last_name": "Щербакова"},
        {"first_name": "Александра", "middle_name": "Игоревна", "last_name": "Щербакова"},
        {"first_name": "Михаил"},
    ],
    ids=["sister", "twin sister", "twin sister of nearly the same name", "twin brother"],
)
def test_a_family_on_one_phone_stays_apart(warehouse: Warehouse, sibling: dict[str, Any]) -> None:
    warehouse.run(
        {
            "a": BROTHER,
            "b": {**BROTHER, **sibling},
            "c": {**BROTHER, "region": None},
            "d": {**BROTHER, **sibling, "region": None},
        }
    )
    assert split(warehouse) == {frozenset("ac"), frozenset("bd")}


FATHER: dict[str, Any] = {
    "last_name": "Иванов",
    "first_name": "Иван",
    "middle_name": "Иванович",
    "birth_date": "1970-05-12",
    "gender": "male",
    "phone": "+79161234567",
    "address": "ул. Ленина, 5-12",
    "postcode": "420000",
}


@pytest.mark.parametrize(
    ("born", "son_born"),
    [
        ("1970-05-12", "1998-05-12"),
        ("1970-05-12", "1990-05-12"),
        ("1970-05-12", "1998-11-30"),
        ("1970-01-01", "1998-01-01"),
        ("1970-01-01", "1990-01-01"),
        ("1940-05-12", "2010-05-12"),
    ],
    ids=["on one day", "one digit off", "any day", "1 January", "1 January, one digit off", "grandfather"],
)
@pytest.mark.parametrize("name", [{}, {"middle_name": None}, {"last_name": "Иванова", "first_name": "Анна",
    "middle_name": "Ивановна", "gender": "female"}], ids=["father", "without patronymic", "mother"])  # fmt: skip
def test_a_father_and_his_son_of_the_same_name_are_two(
    warehouse: Warehouse, name: dict[str, Any], born: str, son_born: str
) -> None:
    father = {**FATHER, **name, "birth_date": born}
    son = {**father, "birth_date": son_born}
    warehouse.run(
        {
            "f": father,
            "g": {**father, "region": "Татарстан"},
            "s": son,
            "t": {**son, "email": "ivan@pismo.alt"},
        }
    )
    assert split(warehouse) == {frozenset("fg"), frozenset("st")}


def test_records_without_a_birth_date_do_not_join_father_and_son(warehouse: Warehouse) -> None:
    undated = {**FATHER, "birth_date": None}
    places = ["Казань", "Мытищи", "Тверь", "Калуга", "Псков"]
    records = {"f": FATHER, "s": {**FATHER, "birth_date": "1998-05-12"}}
    warehouse.run({**records, **{str(number): {**undated, "city": city} for number, city in enumerate(places)}})
    assert split(warehouse) == {frozenset("f"), frozenset("s"), frozenset("01234")}


def test_a_number_outweighs_a_mistyped_decade(warehouse: Warehouse) -> None:
    numbered = {**FATHER, "snils": "11223344595"}
    warehouse.run({"a": numbered, "b": {**numbered, "birth_date": "1990-05-12"}, "c": {**FATHER, "city": "Казань"}})
    assert split(warehouse) == {frozenset("abc")}


def test_a_son_who_comes_later_is_nobody_we_know(warehouse: Warehouse) -> None:
    warehouse.run({"f": FATHER, "g": {**FATHER, "region": "Татарстан"}})
    father = warehouse.golden_ids()["f"]
    warehouse.run({"s": {**FATHER, "birth_date": "1998-05-12"}})
    assert split(warehouse) == {frozenset("fg"), frozenset("s")}
    assert warehouse.golden_ids()["f"] == father


@pytest.mark.parametrize(
    ("last_name", "first_name"),
    [("Александр", "Щербаков"), ("Aleksandr", "Shcherbakov"), ("Георгий", "Щербаков")],
    ids=["as it is", "in Latin letters", "another given name"],
)
def test_names_in_each_others_field_are_seen_in_any_script(
    warehouse: Warehouse, last_name: str, first_name: str
) -> None:
    swapped = {**BROTHER, "last_name": last_name, "first_name": first_name, "middle_name": None}
    warehouse.run({"a": BROTHER, "b": swapped})
    assert len(split(warehouse)) == (2 if last_name == "Георгий" else 1)


@pytest.mark.parametrize(
    ("change", "people"),
    [
        ({"address": "д. 5 кв. 12, Ленина"}, 1),
        ({"document_number": "9205123475"}, 1),
        ({"first_name": "Михаил", "document_number": "9205999111"}, 2),
        ({"first_name": "Михаил", "document_number": "9205999111", "birth_date": "2010-11-20"}, 2),
    ],
    ids=["the same address written otherwise", "two digits of the document swapped", "a twin", "a brother"],
)
def test_who_lives_together_is_told_apart_by_the_rest(
    warehouse: Warehouse, change: dict[str, Any], people: int
) -> None:
    home = {"address": "ул. Ленина, 5-12", "postcode": "420000", "document_number": "9205123457"}
    record = {**BROTHER, **home, "phone": None}
    warehouse.run({"a": record, "b": {**record, "region": None, **change}})
    assert len(split(warehouse)) == people


def test_a_document_finds_a_person_whose_name_and_home_changed(warehouse: Warehouse) -> None:
    anna = {"last_name": "Иванова", "first_name": "Анна", "birth_date": "1999-05-06", "document_number": "9205123457"}
    warehouse.run(
        {"a": anna, "b": {**anna, "last_name": "Шкилева", "postcode": "420000"}, "c": {**anna, "document_number": None}}
    )
    assert frozenset("ab") <= max(split(warehouse), key=len)


def test_two_documents_are_two_people(warehouse: Warehouse) -> None:
    warehouse.run({"a": {**BROTHER, "snils": "11223344595"}, "b": {**BROTHER, "snils": "08765430300"}})
    assert split(warehouse) == {frozenset("a"), frozenset("b")}


def test_a_source_that_vouches_for_its_records_is_believed(warehouse: Warehouse) -> None:
    warehouse.exclusive = [("pass", "person")]
    warehouse.run({"a": {**BROTHER, "source": "pass"}, "b": {**BROTHER, "source": "pass"}, "c": BROTHER})
    assert split(warehouse) == {frozenset("a"), frozenset("b"), frozenset("c")}


def test_a_bare_name_is_nobody_in_particular(warehouse: Warehouse) -> None:
    name = {"last_name": "Иванов", "first_name": "Иван"}
    warehouse.run({"a": name, "b": name, "c": {**name, "region": "Москва"}})
    assert len(split(warehouse)) == 3


def test_a_stewards_word_stands_through_later_runs(warehouse: Warehouse) -> None:
    twin = {**BROTHER, "first_name": "Михаил"}
    warehouse.run({"a": BROTHER, "b": {**BROTHER, "region": None}, "c": twin})
    assert split(warehouse) == {frozenset("ab"), frozenset("c")}
    warehouse.judgements = {frozenset("ab"): "different", frozenset("ac"): "same"}
    warehouse.run()
    assert split(warehouse) == {frozenset("ac"), frozenset("b")}
    warehouse.run({"b": {**BROTHER, "region": "Татарстан"}, "d": BROTHER})
    assert split(warehouse) == {frozenset("ac"), frozenset("bd")}
    warehouse.judgements = {}
    warehouse.run()
    assert split(warehouse) == {frozenset("abd"), frozenset("c")}


def test_a_merge_keeps_the_older_id_and_the_other_redirects(warehouse: Warehouse) -> None:
    warehouse.run({"a": {**BROTHER, "phone": None, "middle_name": None, "birth_date": None, "email": "a@mail.ru"}})
    warehouse.run({"b": {**BROTHER, "email": None}})
    old, young = warehouse.golden_ids()["a"], warehouse.golden_ids()["b"]
    assert old != young
    warehouse.run({"c": {**BROTHER, "email": "a@mail.ru"}})
    assert set(warehouse.golden_ids().values()) == {old}
    assert warehouse.events(3) == [("merged", young, old)]
    assert warehouse.rows("SELECT old_id, golden_id FROM testlake.identity.redirect") == [(young, old)]
    assert {old, young} <= warehouse.touched()


def test_an_id_that_was_merged_lives_again_when_a_stewards_word_takes_it_out(warehouse: Warehouse) -> None:
    warehouse.run({"a": {**BROTHER, "phone": None, "middle_name": None, "birth_date": None, "email": "a@mail.ru"}})
    warehouse.run({"b": {**BROTHER, "email": None}})
    before = warehouse.golden_ids()
    warehouse.run({"c": {**BROTHER, "email": "a@mail.ru"}})
    assert set(warehouse.golden_ids().values()) == {before["a"]}
    warehouse.judgements = {frozenset("ab"): "different", frozenset("cb"): "different"}
    warehouse.run()
    assert {key: warehouse.golden_ids()[key] for key in "ab"} == before
    assert warehouse.events(4) == [("split", before["b"], before["a"])]
    assert warehouse.rows("SELECT old_id, golden_id FROM testlake.identity.redirect") == []


def test_an_id_that_was_merged_redirects_no_more_when_its_deleted_record_comes_back_as_somebody_else(
    warehouse: Warehouse,
) -> None:
    warehouse.run({"a": {**BROTHER, "phone": None, "middle_name": None, "birth_date": None, "email": "a@mail.ru"}})
    warehouse.run({"b": {**BROTHER, "email": None}})
    before = warehouse.golden_ids()
    warehouse.run({"c": {**BROTHER, "email": "a@mail.ru"}})
    warehouse.run({"b": None})
    assert warehouse.rows("SELECT old_id, golden_id FROM testlake.identity.redirect") == [(before["b"], before["a"])]
    warehouse.run({"b": {"last_name": "Ким", "first_name": "Ольга", "birth_date": "1961-02-03"}})
    assert warehouse.golden_ids()["b"] == before["b"]
    assert warehouse.rows("SELECT old_id, golden_id FROM testlake.identity.redirect") == []


def test_of_ids_that_were_one_and_ended_together_the_one_in_use_comes_back(warehouse: Warehouse) -> None:
    warehouse.run({"b": {**BROTHER, "email": None}})
    old = warehouse.golden_ids()["b"]
    earlier = {**RIDER, "source_time": datetime(2020, 1, 1)}  # noqa: DTZ001 - the lake's times are naive UTC
    warehouse.run({"a": earlier})
    young = warehouse.golden_ids()["a"]
    warehouse.judgements = {frozenset("ab"): "same"}
    warehouse.run()
    warehouse.run({"a": None, "b": None})
    warehouse.run({"a": earlier, "b": {**BROTHER, "email": None}})
    assert warehouse.golden_ids() == {"a": old, "b": old}
    assert warehouse.rows("SELECT old_id, golden_id FROM testlake.identity.redirect") == [(young, old)]


def test_a_redirect_follows_its_founding_record_that_was_gone_and_comes_back_elsewhere(warehouse: Warehouse) -> None:
    warehouse.run({"b": {**BROTHER, "email": None}})
    warehouse.run({"a": RIDER, "c": KIM})
    young = warehouse.golden_ids()["a"]
    warehouse.judgements = {frozenset("ab"): "same"}
    warehouse.run()
    warehouse.judgements = {}
    warehouse.run({"a": None})
    warehouse.run({"a": KIM})
    ids = warehouse.golden_ids()
    assert ids["a"] == ids["c"] != ids["b"]
    assert warehouse.rows("SELECT old_id, golden_id FROM testlake.identity.redirect") == [(young, ids["c"])]


def test_the_id_of_somebody_who_was_erased_is_not_given_to_their_founding_record_again(warehouse: Warehouse) -> None:
    first = {**BROTHER, "source_time": datetime(2020, 1, 1)}  # noqa: DTZ001 - the lake's times are naive UTC
    others = {"s": {**BROTHER, "region": None}, "t": {**BROTHER, "middle_name": None}}
    warehouse.run({"r": first, **others, "y": KIM})
    erased = warehouse.golden_ids()["r"]
    assert erased == warehouse.ids["r"] == warehouse.golden_ids()["s"]
    warehouse.run({"r": KIM})
    assert warehouse.golden_ids()["s"] == erased != warehouse.golden_ids()["r"]
    warehouse.run({"s": None, "t": None})
    event = "testlake.identity.event"  # what an erasure does to it
    warehouse.connection.execute(f"DELETE FROM {event} WHERE golden_id = '{erased}'")
    warehouse.connection.execute(f"UPDATE {event} SET other_id = NULL WHERE other_id = '{erased}'")
    warehouse.run({"r": RIDER})
    assert erased not in warehouse.golden_ids().values()


def test_a_split_leaves_the_id_with_the_larger_part_even_if_the_founder_goes(warehouse: Warehouse) -> None:
    warehouse.run({"a": BROTHER})
    founder = warehouse.golden_ids()["a"]
    warehouse.run({"b": {**BROTHER, "region": None}, "c": {**BROTHER, "middle_name": None}})
    warehouse.run({"a": {**BROTHER, "first_name": "Пётр", "birth_date": "1999-09-09", "phone": None}})
    ids = warehouse.golden_ids()
    assert ids["b"] == ids["c"] == founder
    assert ids["a"] not in {founder, warehouse.ids["a"]}
    assert warehouse.events(3) == [("split", ids["a"], founder)]


def test_a_person_whose_records_are_gone_ends_and_lives_again_when_they_come_back(warehouse: Warehouse) -> None:
    warehouse.run({"a": BROTHER})
    before = warehouse.golden_ids()
    warehouse.run({"a": None})
    assert warehouse.golden_ids() == {}
    assert warehouse.events(2) == [("ended", before["a"], None)]
    assert warehouse.touched() == {before["a"]}
    warehouse.run({"a": BROTHER})
    assert warehouse.golden_ids() == before


def test_running_again_changes_nothing(warehouse: Warehouse) -> None:
    warehouse.run({"a": BROTHER, "b": {**BROTHER, "region": None}})
    before = warehouse.golden_ids()
    done = warehouse.run()
    assert warehouse.golden_ids() == before
    assert (warehouse.events(2), warehouse.touched(), done.created) == ([], set(), 0)
    relearnt = warehouse.run(relearn=True)
    assert warehouse.golden_ids() == before
    assert (warehouse.events(3), relearnt.model_version) == ([], 2)


def test_a_new_threshold_matches_everything_anew_and_keeps_ids(warehouse: Warehouse) -> None:
    warehouse.run({"a": BROTHER, "b": {**BROTHER, "region": None}, "c": {**BROTHER, "first_name": "Пётр"}})
    before = warehouse.golden_ids()
    identity = ProbabilisticIdentity(match_probability=0.999999999999)
    warehouse.model_entity = warehouse.model_entity.model_copy(update={"identity": identity})
    warehouse.run()
    assert len(split(warehouse)) == 3
    assert before["c"] == warehouse.golden_ids()["c"]
    assert before["a"] in {warehouse.golden_ids()["a"], warehouse.golden_ids()["b"]}


def test_a_value_that_everyone_shares_makes_no_pairs(warehouse: Warehouse) -> None:
    names = ["Ива", "Оле", "Мат", "Рад", "Лев", "Кир", "Яна", "Зоя", "Ада", "Ева"]
    crowd = {
        f"{first}{last}": {"first_name": names[first], "last_name": f"{names[last]}нко", "email": "office@school.ru"}
        for first in range(10)
        for last in range(10)
    }
    done = warehouse.run(crowd)
    assert done.candidate_pairs < 500
    assert len(split(warehouse)) == 100


def test_an_empty_source_is_no_trouble(warehouse: Warehouse) -> None:
    assert warehouse.run().living == 0


def test_a_waterfall_shows_what_the_run_decided_by(warehouse: Warehouse) -> None:
    warehouse.run(
        {
            "a": BROTHER,
            "b": {**BROTHER, "last_name": "Shcherbakov", "region": None},
            "c": {**BROTHER, "first_name": "Михаил"},
        }
    )
    for one, other in (("a", "b"), ("a", "c")):
        [found] = explain_records(
            warehouse.connection,
            lake="testlake",
            entity="person",
            model_entity=warehouse.model_entity,
            pairs=[(warehouse.ids[one], warehouse.ids[other])],
        )
        assert found.prior + sum(step.weight for step in found.contributions) == pytest.approx(found.total)
        stored = warehouse.rows(
            "SELECT weight FROM testlake.identity.person__pair p JOIN testlake.identity.person__link a"
            " ON a.fingerprint_id IN (fingerprint_a, fingerprint_b) JOIN testlake.identity.person__link b"
            " ON b.fingerprint_id IN (fingerprint_a, fingerprint_b)"
            f" WHERE a.record_id = '{warehouse.ids[one]}' AND b.record_id = '{warehouse.ids[other]}'"
        )
        assert (found.contradiction == "twins") is (other == "c")
        assert [row[0] for row in stored] == [pytest.approx(found.total, abs=1e-5)]
    shown = {step.field: (step.value_a, step.value_b) for step in found.contributions}
    assert shown["first_name"] == ("Александр", "Михаил")


@pytest.mark.parametrize("told", [None, "1988-00-00", "1988-02-30", "2088-03-04"])
def test_what_cannot_be_a_birth_date_does_not_make_one_of_father_and_son(
    warehouse: Warehouse, told: str | None
) -> None:
    name = {"last_name": "Мирошников", "first_name": "Лев", "phone": "+79721112233"}
    father = {**name, "birth_date": "1960-05-12", "email": "ml@mail.ru"}
    son = {**name, "birth_date": "1988-03-04"}
    third = {**name, "birth_date": None, "birth_date__told": told, "email": "ml@mail.ru"}
    warehouse.run({"father": father, "son": son, "third": third})
    assert all(not {"father", "son"} <= group for group in split(warehouse))


def test_what_cannot_be_a_birth_date_speaks_for_a_match_and_is_shown(warehouse: Warehouse) -> None:
    told = {**RIDER, "birth_date": None, "birth_date__told": "1975-08-37"}
    weights = {}
    for text in ("1975-08-37", "1975-00-00", "1961-02-30"):
        warehouse.run({"a": {**RIDER, "email": None}, "b": {**told, "birth_date__told": text}})
        [found] = explain_records(
            warehouse.connection,
            lake="testlake",
            entity="person",
            model_entity=warehouse.model_entity,
            pairs=[(warehouse.ids["a"], warehouse.ids["b"])],
        )
        birth = next(step for step in found.contributions if step.field == "birth_date")
        assert (birth.value_a, birth.value_b) == ("1975-08-17", text)
        weights[text] = birth.weight
    assert weights["1975-08-37"] > weights["1975-00-00"] > 0 == weights["1961-02-30"]


@pytest.mark.parametrize(
    ("other", "expected"),
    [({"region": None}, True), ({"last_name": "Шкилев", "first_name": "Пётр", "middle_name": None}, False), ({}, True)],
    ids=["keys shared", "only counted keys shared", "the same said"],
)
def test_a_pair_that_no_key_brings_up_is_no_candidate(
    warehouse: Warehouse, other: dict[str, Any], *, expected: bool
) -> None:
    changed = {**BROTHER, **other}
    if not expected:
        changed["birth_date"] = "1990-11-20"
    warehouse.run({"a": BROTHER, "b": changed})
    found = is_candidate_pair(
        warehouse.connection,
        lake="testlake",
        entity="person",
        model_entity=warehouse.model_entity,
        record_a=warehouse.ids["a"],
        record_b=warehouse.ids["b"],
    )
    assert found is expected


def test_a_record_is_where_it_is_through_its_strongest_links(warehouse: Warehouse) -> None:
    warehouse.run({"a": BROTHER, "b": {**BROTHER, "region": None}})
    golden = warehouse.golden_ids()["a"]
    other = next(warehouse.ids[key] for key in "ab" if warehouse.ids[key] != golden)
    [link] = membership(warehouse, golden)
    assert (link.record, link.nearer, link.depth, link.how) == (other, golden, 1, "match")
    assert link.probability is not None
    assert link.probability > 0.99


def test_a_group_is_a_tree_of_its_strongest_matches_and_of_words_only_where_there_are_none(
    warehouse: Warehouse,
) -> None:
    stranger = {"last_name": "Ли", "first_name": "Ян", "birth_date": "1990-01-02", "email": "yan@pismo.alt"}
    warehouse.run(
        {
            "a": BROTHER,
            "b": {**BROTHER, "region": None},
            "c": {**BROTHER, "region": None},
            "d": stranger,
        }
    )
    warehouse.judgements = {frozenset("ab"): "same", frozenset("ad"): "same"}
    warehouse.run()
    assert split(warehouse) == {frozenset("abcd")}
    golden = warehouse.golden_ids()["a"]
    found = membership(warehouse, golden)
    assert sorted(warehouse.keys[each.record] for each in found) == sorted(set("abcd") - {warehouse.keys[golden]})
    assert sorted(each.how for each in found) == ["description", "judgement", "match"]
    [judged] = [each for each in found if each.how == "judgement"]
    assert judged.judged is not None
    assert {warehouse.keys[each] for each in judged.judged} == {"a", "d"}


def how_linked(warehouse: Warehouse) -> dict[str, str]:
    """Return how each record is linked."""
    found = warehouse.rows("SELECT record_id, how FROM testlake.identity.person__link")
    return {warehouse.keys[record]: how for record, how in found}


def test_two_that_no_key_brings_together_match_where_a_third_brings_them_into_one_component(
    duckdb_connection: Any,
) -> None:
    warehouse = Warehouse(duckdb_connection, ProbabilisticIdentity(key_limit=2))
    said = {**BROTHER, "phone": None, "city": "Москва", "address": "улица Мира, 5, кв. 12"}
    names = {name: BROTHER[name] for name in ("last_name", "first_name", "middle_name")}
    vouched = {"phone": BROTHER["phone"], "source": "pass"}
    warehouse.exclusive = [("pass", "person")]
    warehouse.run(
        {
            "a": {**said, **vouched},
            "b": {**names, **vouched, "email": "alex.sherbakov@pismo.alt"},
            "c": {**said, "email": "alex.sherbakov@pochta.alt"},
            "d": {**said, "school": "Лицей 7"},  # so that more than two share what a and c both say
        }
    )
    assert split(warehouse) == {frozenset("ac"), frozenset("b"), frozenset("d")}
    assert how_linked(warehouse) == {"a": "match", "c": "match", "b": "alone", "d": "alone"}
    golden = warehouse.golden_ids()["a"]
    other = next(warehouse.ids[key] for key in "ac" if warehouse.ids[key] != golden)
    [step] = membership(warehouse, golden)
    assert (step.record, step.nearer, step.how) == (other, golden, "match")
    probability = warehouse.rows(f"SELECT probability FROM testlake.identity.person__link WHERE record_id = '{other}'")
    assert probability == [(pytest.approx(step.probability),)]


def test_who_fits_two_with_numbers_of_their_own_joins_neither(
    duckdb_connection: Any,
) -> None:
    warehouse = Warehouse(duckdb_connection, ProbabilisticIdentity(key_limit=2))
    named = {name: BROTHER[name] for name in ("last_name", "first_name", "middle_name", "birth_date")}
    mailbox, phone = "alex.sherbakov@pismo.alt", BROTHER["phone"]
    warehouse.run(
        {
            "a": {**named, "email": mailbox, "snils": "11223344595"},
            "b": {**named, "email": mailbox, "snils": "08765430300", "phone": phone, "birth_date": "2008-05-03"},
            "c": {**named, "phone": phone},
            "d": {**named, "region": "Тверь"},  # so that more than two share what the names and the date give
        }
    )
    assert split(warehouse) == {frozenset("a"), frozenset("b"), frozenset("c"), frozenset("d")}
    assert set(how_linked(warehouse).values()) == {"alone"}


def test_two_that_contradict_each_other_are_one_by_a_stewards_word_alone(warehouse: Warehouse) -> None:
    records = {"a": {**BROTHER, "snils": "11223344595"}, "b": {**BROTHER, "snils": "08765430300"}}
    warehouse.run(records)
    warehouse.judgements = {frozenset("ab"): "same"}
    warehouse.run()
    assert split(warehouse) == {frozenset("ab")}
    assert how_linked(warehouse) == {"a": "judgement", "b": "judgement"}
    assert warehouse.rows("SELECT DISTINCT probability FROM testlake.identity.person__link") == [(None,)]


def test_asking_about_an_unknown_id_says_so_without_its_data(warehouse: Warehouse) -> None:
    warehouse.run({"a": BROTHER})
    unknown = warehouse.ids["a"].__class__(int=7)
    with pytest.raises(NotFound, match="entity person"):
        membership(warehouse, unknown)


def test_the_ceiling_is_what_keys_can_find(warehouse: Warehouse) -> None:
    warehouse.run(
        {
            "a": BROTHER,
            "b": {**BROTHER, "region": None},
            "c": {"last_name": "Ли", "first_name": "Ян", "email": "x@y.ru"},
        }
    )
    warehouse.connection.execute(
        "CREATE OR REPLACE TEMP TABLE truth AS SELECT source, entity, key, 1 AS person_no FROM testlake.conformed.person"
    )
    identity = ProbabilisticIdentity()
    found = candidate_ceiling(warehouse.connection, lake="testlake", entity="person", identity=identity, truth="truth")
    assert found == pytest.approx(1 / 3)


def test_organisations_are_one_by_name_and_place(duckdb_connection: Any, warehouse: Warehouse) -> None:
    schools = type(warehouse)(
        duckdb_connection,
        ExactIdentity(fields=("name", "region")),
        {"name": SemanticType.ORGANISATION_NAME, "region": SemanticType.REGION},
    )
    schools.run(
        {
            "a": {"name": "Школа №5", "region": "Москва"},
            "b": {"name": "МБОУ СОШ № 5", "region": "г. Москва"},
            "c": {"name": "Школа №5", "region": "Татарстан"},
            "d": {"name": "Школа №5", "region": None},
            "e": {"name": None, "region": "Москва"},
            "f": {"name": None, "region": "Москва"},
        }
    )
    assert split(schools) == {frozenset("ab"), *map(frozenset, "cdef")}
    schools.judgements = {frozenset("ab"): "different", frozenset("cd"): "same"}
    schools.run({"g": {"name": "школа 5", "region": "Москва"}})
    assert frozenset("cd") in split(schools)
    assert not any(frozenset("ab") <= group for group in split(schools))
