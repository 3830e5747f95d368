"""
Find people by what somebody knows of them: parts of the name in any script, phone, e-mail, insurance number, date of birth.

What is asked for goes through the same normalisers as what was delivered, and is looked up in the descriptions of all their
records: a person is found by an old phone, a diminutive or a romanised name too.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rddm.conform.values import normalise
from rddm.contracts.errors import Malformed
from rddm.contracts.normalised import Normalised
from rddm.contracts.tables import quote
from rddm.contracts.tables.golden import golden_id
from rddm.project.settings import ModelEntity, ModelField, SemanticType
from rddm.resolve.name_forms import family_name_forms, given_name_forms, patronymic_forms
from rddm.serve.portrait import title_of
from rddm.serve.reading import Reading

SEARCHED = (
    ("email", SemanticType.EMAIL),
    ("birth_date", SemanticType.BIRTH_DATE),
    ("snils", SemanticType.SNILS),
    ("phone", SemanticType.PHONE),
)
NAMES = (SemanticType.FAMILY_NAME, SemanticType.GIVEN_NAME, SemanticType.PATRONYMIC)


@dataclass(frozen=True)
class Condition:
    """A condition in SQL, and its parameters."""

    sql: str
    parameters: Sequence[object]


@dataclass(frozen=True)
class Wanted:
    """
    One thing that must hold. ``as_what``: how it was understood; ``holds``: the condition on a fingerprint; ``exactly``: the
    one for a fingerprint that says so to the letter; ``kinds``: which fields of a golden record may say so, ``says`` the
    condition on one of them, of which ``{}`` is the name; ``name``: the word, where it was taken for a part of the name.
    """

    as_what: str
    holds: Condition
    exactly: Condition
    kinds: Sequence[SemanticType]
    says: Condition
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
    Return up to *limit* people that everything in *texts* holds for, the closest first.

    Of each thing that was asked for, closest is who is called so now, to the letter; then whom a record of theirs calls so; then
    whom another form of it leads to (a short form, the other gender, another script). What is told of the parts is added up.
    Those equally close come by their number of records, and by id.

    Raises:
        Malformed: nothing in *texts* can be looked for.
    """
    fields = reading.settings.model.entities[entity].fields
    wanted = [each for text in _joined(texts) for each in _understand(text, fields)]
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
    """Put together what the shell took apart: ``8 916 123-45-67`` is one phone; a date stands for itself."""
    parts: list[str] = []
    for text in texts:
        each = text.strip()
        if parts and _is_of_a_number(each) and _is_of_a_number(parts[-1]):
            parts[-1] = f"{parts[-1]} {each}"
        elif each:
            parts.append(each)
    return parts


def _is_of_a_number(text: str) -> bool:
    is_date = re.fullmatch(r"(?:19|20)\d\d-(?:0\d|1[0-2])-[0-3]\d", text)
    return bool(re.fullmatch(r"[\d+()\- ]+", text)) and not is_date


def _understand(text: str, fields: Mapping[str, ModelField]) -> list[Wanted]:
    for column, kind in SEARCHED:
        if _may_be(column, text):
            # Of several fields of a type the first is what descriptions hold.
            region = next((each.default_region for each in fields.values() if each.type is kind), "RU")
            result = normalise(kind, text, default_region=region)
            if isinstance(result, Normalised) and result.value is not None:
                cast = "::DATE" if column == "birth_date" else ""
                is_so = Condition(f"{column} = ?{cast}", [result.value])
                return [Wanted(column, is_so, is_so, [kind], Condition(f"{{}} = ?{cast}", [result.value]))]
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
    if not conditions:
        return None
    texts = [each.text for each in (family_name_forms(word), given_name_forms(word)) if each.text]
    return Wanted(
        f"name {word}",
        Condition(f"({' OR '.join(conditions)})", parameters),
        Condition("list_contains(?::VARCHAR[], last_text) OR list_contains(?::VARCHAR[], first_text)", [texts, texts]),
        NAMES,
        Condition("replace(lower({}), 'ё', 'е') = ?", [_folded(word)]),
        word,
    )


def _folded(word: str) -> str:
    return word.lower().replace("ё", "е")


def _by_beginning(wanted: Wanted) -> Wanted:
    forms = given_name_forms(wanted.name)
    text = forms.text or ""
    if len(text) < 2:
        return wanted
    as_written = "starts_with(last_text, ?) OR starts_with(first_text, ?)"
    condition = f"({as_written} OR " + " OR ".join(
        "starts_with(last_root, ?) OR list_bool_or(list_transform(string_split(first_root, '|'), root -> starts_with(root, ?)))"
        for _ in forms.roots
    )
    return replace(
        wanted,
        holds=Condition(f"{condition})", [text, text, *(root for each in forms.roots for root in (each, each))]),
        exactly=Condition(as_written, [text, text]),
        says=Condition("starts_with(replace(lower({}), 'ё', 'е'), ?)", [_folded(wanted.name)]),
    )


def _look_up(reading: Reading, entity: str, wanted: Sequence[Wanted], limit: int) -> list[FoundPerson]:
    key = quote(golden_id(entity))
    links = reading.table("identity", f"{entity}__link")
    prints = reading.table("identity", f"{entity}__fingerprint")
    settings = reading.settings.model.entities[entity]
    # Each part may be known from another record of the same person.
    parts = [
        Condition(
            f"SELECT link.golden_id, {number} AS part, min(CASE WHEN {each.exactly.sql} THEN 0 ELSE 1 END) AS distance"
            f" FROM {links} AS link JOIN {prints} AS print USING (fingerprint_id) WHERE {each.holds.sql}"
            " GROUP BY link.golden_id",
            [*each.exactly.parameters, *each.holds.parameters],
        )
        for number, each in enumerate(wanted)
    ]
    now = [_says_now(each, settings) for each in wanted]
    rows = reading.rows(
        f"""
        WITH hit AS (
            SELECT golden_id, sum(distance) AS distance FROM ({" UNION ALL ".join(each.sql for each in parts)})
            GROUP BY golden_id HAVING count(*) = {len(parts)}
        )
        SELECT golden.* FROM {reading.table("golden", entity)} AS golden JOIN hit ON golden.{key} = hit.golden_id
        ORDER BY hit.distance + {" + ".join(f"CASE WHEN {each.sql} THEN 0 ELSE 1 END" for each in now)},
            golden.records DESC, golden.{key}
        LIMIT {limit + 1}""",
        [parameter for each in (*parts, *now) for parameter in each.parameters],
    )
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


def _says_now(wanted: Wanted, entity: ModelEntity) -> Condition:
    """Return the condition on a golden record that says to the letter what is *wanted*."""
    fields = [f"golden.{quote(name)}" for name, field in entity.fields.items() if field.type in wanted.kinds]
    conditions = " OR ".join(wanted.says.sql.format(each) for each in fields)
    return Condition(f"({conditions or 'false'})", [*wanted.says.parameters] * len(fields))
