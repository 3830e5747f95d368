from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rddm.contracts.names import transliterate
from rddm.resolve.clusters import CrossPair, agglomerate
from rddm.resolve.name_forms import family_name_forms, given_name_forms, patronymic_forms, sound_of
from rddm.resolve.organisation_name import organisation_key, place_key

cyrillic = st.text("абвгдеёжзийклмнопрстуфхцчшщыэюя", min_size=3, max_size=12)


@given(st.text(max_size=30))
def test_any_text_has_forms_and_none_is_empty(text: str) -> None:
    family, first, middle = family_name_forms(text), given_name_forms(text), patronymic_forms(text)
    sounds = map(sound_of, family.root.split("-") if family.root else ())
    assert "" not in (family.root, *sounds, first.text, middle.root, organisation_key(text), place_key(text))
    assert (first.text is None) == (not first.roots)


@given(cyrillic)
def test_capitals_and_yo_make_no_difference(name: str) -> None:
    plain = name.replace("ё", "е")
    assert family_name_forms(name) == family_name_forms(plain.upper())
    assert given_name_forms(name) == given_name_forms(plain.title())


@given(cyrillic)
def test_a_family_name_reads_the_same_in_latin_letters(name: str) -> None:
    if not set(name) & set("ъьыэюяйёцщхжеи"):  # letters with several romanisations are tried by example
        assert family_name_forms(name).root == family_name_forms(transliterate(name)).root


pairs = st.lists(
    st.builds(
        CrossPair,
        st.integers(0, 5),
        st.integers(0, 5),
        st.integers(-30, 30).map(float),
        forbidden=st.booleans(),
    ).filter(lambda pair: pair.a < pair.b),
    max_size=15,
    unique_by=lambda pair: (pair.a, pair.b),
)


@given(pairs)
def test_groups_depend_on_no_order_and_hold_no_contradiction(found: list[CrossPair]) -> None:
    groups = agglomerate(6, found, 6.6)
    assert agglomerate(6, found[::-1], 6.6) == groups
    assert all(groups[pair.a] != groups[pair.b] for pair in found if pair.forbidden)
    assert all(groups[group] == group for group in groups)
