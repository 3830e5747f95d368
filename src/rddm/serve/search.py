"""
Find people by what somebody knows of them: parts of the name in any script, phone, e-mail, insurance number, date of birth.

What is asked for goes through the same normalisers as what was delivered, and is looked up in the descriptions of all their
records: a person is found by an old phone, a diminutive or a romanised name too.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from rddm.conform.values import normalise
from rddm.contracts.errors import Malformed
from rddm.contracts.normalised import Normalised
from rddm.contracts.tables import quote
from rddm.contracts.tables.golden import golden_id
from rddm.project.settings import SemanticType
from rddm.resolve.name_forms import family_name_forms, given_name_forms, patronymic_forms
from rddm.serve.portrait import title_of
from rddm.serve.reading import Reading

SEARCHED = (
    ("email", SemanticType.EMAIL),
    ("birth_date", SemanticType.BIRTH_DATE),
    ("snils", SemanticType.SNILS),
    ("phone", SemanticType.PHONE),
)


@dataclass(frozen=True)
class Wanted:
    """
    One thing that must hold: the SQL condition on a fingerprint and its parameters. ``as_what``: how it was understood;
    ``name``: the word, where it was taken for a part of the name.
    """

    as_what: str
    condition: str
    parameters: Sequence[object]
    name: str = ""


@dataclass(frozen=True)
class FoundPerson:
    """A person that was found. ``fields``: golden values of the searched kinds."""

    id: uuid.UUID
    title: str
    fields: dict[str, Any]
    records: int
    sources: Sequence[str]


@dataclass(frozen=True)
class Search:
    """What a search gave. ``understood``: what each part was taken for; ``by_beginning``: only names that begin so were found."""

    understood: Sequence[str]
    by_beginning: bool
    found: Sequence[FoundPerson]
    more: bool


def find(reading: Reading, entity: str, texts: Sequence[str], limit: int = 20) -> Search:
    """
    Return up to *limit* people that everything in *texts* holds for, those with most records first.

    Raises:
        Malformed: nothing in *texts* can be looked for.
    """
    wanted = [each for text in _joined(texts) for each in _understand(text)]
    if not wanted:
        raise Malformed(
            "There is nothing to look for: give parts of a name, a phone, an e-mail, a SNILS or a date of birth."
        )
    found = _look_up(reading, entity, wanted, limit)
    by_beginning = False
    if not found and any(each.name for each in wanted):
        by_beginning = True
        found = _look_up(reading, entity, [_by_beginning(each) for each in wanted], limit)
    understood = [each.as_what for each in wanted]
    return Search(understood, by_beginning and bool(found), found[:limit], len(found) > limit)


def _joined(texts: Sequence[str]) -> list[str]:
    """Put together what the shell took apart: ``8 916 123-45-67`` is one phone."""
    parts: list[str] = []
    for text in texts:
        each = text.strip()
        is_digits = bool(each) and not re.search(r"[^\d+()\- ]", each)
        if is_digits and parts and not re.search(r"[^\d+()\- ]", parts[-1]):
            parts[-1] = f"{parts[-1]} {each}"
        elif each:
            parts.append(each)
    return parts


def _understand(text: str) -> list[Wanted]:
    for column, kind in SEARCHED:
        if _may_be(column, text):
            result = normalise(kind, text)
            if isinstance(result, Normalised) and result.value is not None:
                cast = "::DATE" if column == "birth_date" else ""
                return [Wanted(column, f"{column} = ?{cast}", [result.value])]
    return [wanted for word in text.split() if (wanted := _name(word)) is not None]


def _may_be(column: str, text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    if column == "email":
        return "@" in text
    if column == "birth_date":
        return bool(re.fullmatch(r"\d{1,4}[.\-/]\d{1,2}[.\-/]\d{1,4}", text))
    if column == "snils":
        return bool(re.fullmatch(r"\d{3}-?\d{3}-?\d{3}[ -]?\d{2}", text)) and not re.match(r"[78]9", digits)
    return len(digits) >= 10 and not re.search(r"[^\d+()\- .]", text)


def _name(word: str) -> Wanted | None:
    last, first, middle = family_name_forms(word).root, given_name_forms(word).roots, patronymic_forms(word).root
    conditions: list[str] = []
    parameters: list[object] = []
    if last:
        conditions.append("list_has_any(string_split(last_root, '-'), ?)")
        parameters.append(last.split("-"))
    if first:
        conditions.append("list_has_any(string_split(first_root, '|'), ?)")
        parameters.append(list(first))
    if middle and len(middle) > 2:
        conditions.append("middle_root = ?")
        parameters.append(middle)
    return Wanted(f"name {word}", f"({' OR '.join(conditions)})", parameters, word) if conditions else None


def _by_beginning(wanted: Wanted) -> Wanted:
    forms = given_name_forms(wanted.name)
    text = forms.text or ""
    if len(text) < 2:
        return wanted
    condition = "(starts_with(last_text, ?) OR starts_with(first_text, ?) OR " + " OR ".join(
        "starts_with(last_root, ?) OR list_bool_or(list_transform(string_split(first_root, '|'), root -> starts_with(root, ?)))"
        for _ in forms.roots
    )
    parameters = [text, text, *(root for each in forms.roots for root in (each, each))]
    return replace(wanted, condition=f"{condition})", parameters=parameters)


def _look_up(reading: Reading, entity: str, wanted: Sequence[Wanted], limit: int) -> list[FoundPerson]:
    key = quote(golden_id(entity))
    links = reading.table("identity", f"{entity}__link")
    prints = reading.table("identity", f"{entity}__fingerprint")
    # Each part may be known from another record of the same person.
    groups = " INTERSECT ".join(
        f"SELECT link.golden_id FROM {links} AS link JOIN {prints} AS print USING (fingerprint_id) WHERE {each.condition}"
        for each in wanted
    )
    rows = reading.rows(
        f"SELECT * FROM {reading.table('golden', entity)} WHERE {key} IN ({groups})"
        f" ORDER BY records DESC, {key} LIMIT {limit + 1}",
        [parameter for each in wanted for parameter in each.parameters],
    )
    settings = reading.settings.model.entities[entity]
    kinds = {kind for _, kind in SEARCHED}
    shown = [name for name, field in settings.fields.items() if field.type in kinds]
    return [
        FoundPerson(
            row[golden_id(entity)],
            title_of(settings, row),
            {name: row[name] for name in shown},
            row["records"],
            row["sources"],
        )
        for row in rows
    ]
