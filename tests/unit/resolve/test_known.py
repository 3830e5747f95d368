from __future__ import annotations

from uuid import UUID

import pytest

from rddm.resolve.asked import compare_one, describe_one, weigh_terms
from rddm.resolve.known import Asked, Candidate, Recognised, Thresholds, recognise
from rddm.resolve.weights import shipped_mixture

ANNA = {
    "last_name": "Белова", "first_name": "Анна", "middle_name": "Игоревна", "birth_date": "2001-05-06",
    "phone": "+79161234567", "email": "anna@pismo.alt",
}  # fmt: skip
ONE, OTHER = UUID(int=1), UUID(int=2)
THRESHOLDS = Thresholds(match_probability=0.99, possible_probability=0.6)


def ask(
    typed: dict[str, str],
    *stored: tuple[UUID, dict[str, str]],
    limit: int = 5,
    common: tuple[str, ...] = (),
    can_find: bool = True,
    nobody_has: tuple[str, ...] = (),
) -> Recognised:
    asked = weigh_terms(describe_one(typed) | dict.fromkeys(common), {})
    candidates = []
    for person, record in stored:
        description = describe_one(record)
        candidates.append(Candidate(person, description, compare_one(asked, description)))
    return recognise(shipped_mixture(), Asked(asked, common, can_find, nobody_has), candidates, THRESHOLDS, limit)


def test_one_person_who_agrees_is_known() -> None:
    found = ask(ANNA, (ONE, ANNA))
    assert found.verdict == "known"
    assert [each.id for each in found.people] == [ONE]
    assert found.people[0].probability == found.probability > 0.99
    assert found.would_help == ()


def test_a_person_is_as_probable_as_the_most_alike_of_their_records() -> None:
    old = {**ANNA, "phone": "+79035550000", "email": "other@post.alt"}
    alone, both = ask(ANNA, (ONE, ANNA)), ask(ANNA, (ONE, old), (ONE, ANNA))
    assert both.people[0].probability == alone.people[0].probability


def test_two_who_agree_alike_share_the_probability_and_neither_is_known() -> None:
    found = ask(ANNA, (ONE, ANNA), (OTHER, ANNA))
    assert found.verdict == "possible"
    assert [each.probability for each in found.people] == pytest.approx([0.5, 0.5], abs=0.01)
    assert sum(each.probability for each in found.people) == pytest.approx(found.probability)


def test_a_person_is_known_beside_a_much_less_alike_one() -> None:
    sister = {**ANNA, "first_name": "Вера", "birth_date": "1998-01-30", "email": "vera@pismo.alt"}
    found = ask(ANNA, (OTHER, sister), (ONE, ANNA))
    assert found.verdict == "known"
    assert found.people[0].id == ONE


def test_what_contradicts_any_record_of_a_person_is_never_taken_for_them() -> None:
    document = {**ANNA, "snils": "11223344595"}
    found = ask({**ANNA, "snils": "08765430300"}, (ONE, document), (ONE, ANNA))
    assert found.verdict == "possible"
    assert found.people[0].contradiction == "two_documents"


def test_what_was_given_and_too_many_share_is_not_asked_for_again() -> None:
    typed = {"first_name": "Анна", "email": "office@school.alt"}
    assert "email" not in ask(typed, common=("email",), can_find=False).would_help
    assert "email" in ask({"first_name": "Анна"}, can_find=False).would_help


def test_what_nobody_has_is_not_asked_for() -> None:
    everything = ask({"first_name": "Анна"}, can_find=False).would_help
    assert everything[:2] == ("snils", "document_number")
    less = ask({"first_name": "Анна"}, can_find=False, nobody_has=("snils", "region", "city", "postcode", "school"))
    assert less.would_help[0] == "document_number"
    assert not {"snils", "place"} & {*less.would_help}


def test_what_would_help_does_not_depend_on_how_many_are_shown() -> None:
    typed = {name: ANNA[name] for name in ("last_name", "first_name")}
    twin = {**ANNA, "birth_date": "1998-01-30"}
    assert {ask(typed, (ONE, ANNA), (OTHER, twin), limit=limit).would_help for limit in (1, 2, 5)} == {("birth_date",)}


def test_nobody_found_is_unknown_and_what_is_not_given_would_help() -> None:
    found = ask({"first_name": "Анна"})
    assert (found.verdict, found.probability, list(found.people)) == ("unknown", 0.0, [])
    assert found.would_help
    assert "first_name" not in found.would_help


def test_who_could_not_be_looked_for_is_not_unknown() -> None:
    found = ask({"last_name": "Белова"}, can_find=False)
    assert (found.verdict, found.probability, list(found.people)) == ("too_little", 0.0, [])
    assert "phone" in found.would_help or "snils" in found.would_help
    assert "last_name" not in found.would_help
    assert ask(ANNA, (ONE, ANNA), can_find=False).verdict == "known"


def test_of_what_is_missing_only_that_helps_in_which_those_found_differ() -> None:
    typed = {name: ANNA[name] for name in ("last_name", "first_name", "middle_name")}
    twice = {**ANNA, "birth_date": "1955-11-30"}
    assert ask(typed, (ONE, ANNA), (OTHER, twice)).would_help == ("birth_date",)


def test_at_most_so_many_are_shown_and_all_count() -> None:
    found = ask(ANNA, *((UUID(int=place), ANNA) for place in range(1, 9)), limit=3)
    assert len(found.people) == 3
    assert found.people[0].probability == pytest.approx(1 / 8, abs=0.01)
    assert found.probability > 0.99


def test_a_mother_is_not_her_daughter_of_the_same_name() -> None:
    for born in ("1973-05-06", "1981-05-06", "1979-11-30"):
        found = ask({**ANNA, "birth_date": born}, (ONE, ANNA))
        assert found.verdict == "possible"
        assert found.people[0].contradiction == "born_a_generation_apart"


def test_a_person_is_known_though_one_of_their_records_has_a_birth_date_of_long_ago() -> None:
    mistyped = {**ANNA, "birth_date": "1971-05-06"}
    found = ask(ANNA, (ONE, mistyped), (ONE, ANNA))
    assert found.verdict == "known"
    assert ask(ANNA, (ONE, mistyped)).verdict == "possible"


def test_a_number_tells_more_than_a_birth_date_of_long_ago() -> None:
    document = {**ANNA, "document_number": "9205123457"}
    found = ask({**document, "birth_date": "1971-05-06"}, (ONE, document))
    assert found.verdict == "known"
