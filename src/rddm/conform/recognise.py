"""What the columns of an unknown source are: by their names, and by the share of their values that a type accepts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from rddm.conform.values import normalise
from rddm.conform.values.full_name import split_full_name
from rddm.conform.values.gender import FEMALE_WORDS, MALE_WORDS
from rddm.conform.values.listed import list_items
from rddm.conform.values.region import find_region
from rddm.contracts.names import is_given_name, is_patronymic, looks_like_russian_surname
from rddm.contracts.normalised import Normalised
from rddm.project.settings import SemanticType

Meaning = SemanticType | Literal["key", "source_time", "full_name"]

_SAMPLE_SIZE = 200
_ENOUGH = 0.6


@dataclass(frozen=True)
class Recognised:
    """What a column seems to be: ``field`` is the model's (``last_name``), empty for keys and times; ``reason`` in words."""

    meaning: Meaning
    field: str
    reason: str


_BY_NAME: tuple[tuple[Meaning, str, str], ...] = (
    (
        "key",
        "",
        (
            r"id|uid|uuid|guid|pk|key|код|ид|номер записи|user id|person id|userid|_id|external id"
            r"|ид пользователя|идентификатор"
        ),
    ),
    (
        "source_time",
        "",
        (
            r"(?:updated?|modified|changed?)(?: at| on| date| time| ts)?"
            r"|last (?:modified|updated?|change)|обновлен[оа]?|изменен[оа]?"
            r"|дата (?:изменения|обновления)|время изменения|mtime|ts|data izmeneniya|upd|dt upd"
        ),
    ),
    (
        "full_name",
        "",
        (
            r"fio|фио|ф и о|full ?name|fullname|полное имя|name full|фамилия имя(?: отчество)?"
            r"|participant name|имя и фамилия"
        ),
    ),
    (
        SemanticType.FAMILY_NAME,
        "last_name",
        (
            r"fam|familiya|familija|familia|фам|фамилия|surname|last ?name|lastname|lname|family ?name"
            r"|sname|second ?name ?last|l name"
        ),
    ),
    (
        SemanticType.GIVEN_NAME,
        "first_name",
        r"imya|imja|имя|first ?name|firstname|fname|given ?name|forename|f name|vorname",
    ),
    (
        SemanticType.PATRONYMIC,
        "middle_name",
        r"otch|otchestvo|отч|отчество|patronymic|middle ?name|middlename|mname|second ?name|m name",
    ),
    (
        SemanticType.BIRTH_DATE,
        "birth_date",
        (
            r"dob|др|д р|birth ?(?:date|day)?|birthdate|date of birth|born|bdate|b date"
            r"|дата рожд(?:ения)?|data rozhd(?:eniya)?|день рождения|bday|рожд"
        ),
    ),
    (
        SemanticType.GENDER,
        "gender",
        r"пол|gender|sex|pol",
    ),
    (
        SemanticType.PHONE,
        "phone",
        (
            r"тел|телефоны?|моб(?:ильный)?(?: тел(?:ефон)?)?|phones?|phone numbers?|mobile(?: phone)?|tel"
            r"|telefon|msisdn|cell(?:phone)?|номер телефона|сотовый|contact phone|phone ?\d"
        ),
    ),
    (
        SemanticType.EMAIL,
        "email",
        (
            r"e ?mails?|mail|почта|эл(?:ектронная)? почта|email address(?:es)?|имейл|мейл|мыло|pochta"
            r"|e ?mail ?\d"
        ),
    ),
    (
        SemanticType.SNILS,
        "snils",
        r"снилс|snils|страховой номер",
    ),
    (
        SemanticType.DOCUMENT_NUMBER,
        "document_number",
        (
            r"(?:номер )?(?:паспорт[а]?|документ[а]?)|серия и номер(?: паспорта| документа)?|(?:passport|document|id card)"
            r"(?: ?(?:no|num(?:ber)?))?|ssn|soc sec id|social security(?: (?:no|num(?:ber)?))?|national id|nino|pasport"
            r"|nomer (?:pasporta|dokumenta)|personal number"
        ),
    ),
    (
        SemanticType.REGION,
        "region",
        r"регион|region|субъект(?: рф)?|область|oblast|край|state|province|region name|subject",
    ),
    (
        SemanticType.PLACE_NAME,
        "city",
        r"город|city|gorod|town|населенный пункт|нас пункт|place|нп|settlement|locality",
    ),
    (
        SemanticType.ADDRESS,
        "address",
        (
            r"адрес(?: проживания| регистрации)?|(?:postal |street |home )?address|adres|улица(?: и дом)?|street|ulitsa"
            r"|address line|address ?1|addr"
        ),
    ),
    (
        SemanticType.POSTCODE,
        "postcode",
        r"(?:почтовый )?индекс|post ?code|postal ?code|zip(?: ?code)?|pochtovyy indeks|indeks|plz",
    ),
    (
        SemanticType.ORGANISATION_NAME,
        "school",
        (
            r"школа|school|shkola|учебное заведение|место учебы|образовательная организация|оо"
            r"|school name|educational institution"
        ),
    ),
)
_NAME_PATTERNS = tuple((meaning, field, re.compile(pattern)) for meaning, field, pattern in _BY_NAME)
_CAMEL = re.compile(r"(?<=[a-zа-я0-9])(?=[A-ZА-Я])")
_SEPARATORS = re.compile(r"[\W_]+")
_TIME_OF_DAY = re.compile(r"\d[T ]\d{1,2}:\d\d")
_FIELDS = {meaning: field for meaning, field, _ in _BY_NAME}


def _fold_column_name(column: str) -> list[str]:
    """Spellings of a column's name to look up: the whole, and the last part of a dotted one."""
    folded = _SEPARATORS.sub(" ", _CAMEL.sub(" ", column)).casefold().replace("ё", "е").strip()
    last = _SEPARATORS.sub(" ", _CAMEL.sub(" ", column.rpartition(".")[2])).casefold().replace("ё", "е").strip()
    squeezed = [
        re.sub(r"^(?:user|person|client|member|participant|child|student|usr|участник|ученик|ребенок|p|c|u) ", "", last)
    ]
    return list(dict.fromkeys((folded, last, *squeezed)))


def _recognise_name(column: str) -> tuple[Meaning, str] | None:
    for spelling in _fold_column_name(column):
        for meaning, field, pattern in _NAME_PATTERNS:
            if pattern.fullmatch(spelling):
                return meaning, field
    return None


def _accepts(semantic_type: SemanticType) -> Callable[[str], bool]:
    def accepts(text: str) -> bool:
        result = normalise(semantic_type, text)
        return isinstance(result, Normalised) and result.value is not None

    return accepts


def _is_gender(text: str) -> bool:
    return not text.isdigit() and text.strip(" .").casefold() in (FEMALE_WORDS | MALE_WORDS)


def _is_full_name(text: str) -> bool:
    family, given, _ = split_full_name(text)
    return (
        isinstance(family, Normalised) and isinstance(given, Normalised)
        and family.value is not None and given.value is not None and " " in text.strip()
        and (is_given_name(given.value) or len(given.value) == 1)
    )  # fmt: skip


def _is_birth_date(text: str) -> bool:
    return _accepts(SemanticType.BIRTH_DATE)(text) and not _TIME_OF_DAY.search(text) and not text.strip().isdigit()


def _is_school(text: str) -> bool:
    return bool(re.search(r"\b(?:школ|сош|лице[йя]|гимнази|мбоу|гбоу|маоу|school|lyceum)", text.casefold()))


_BY_CONTENT: tuple[tuple[Meaning, Callable[[str], bool]], ...] = (
    (SemanticType.EMAIL, _accepts(SemanticType.EMAIL)),
    (SemanticType.SNILS, _accepts(SemanticType.SNILS)),
    (SemanticType.BIRTH_DATE, _is_birth_date),
    (SemanticType.PHONE, lambda text: len(re.findall(r"\d", text)) >= 10 and _accepts(SemanticType.PHONE)(text)),
    (SemanticType.TIMESTAMP, lambda text: bool(_TIME_OF_DAY.search(text)) and _accepts(SemanticType.TIMESTAMP)(text)),
    (SemanticType.ORGANISATION_NAME, _is_school),
    ("full_name", _is_full_name),
    (SemanticType.PATRONYMIC, is_patronymic),
    (SemanticType.GIVEN_NAME, is_given_name),
    (SemanticType.REGION, lambda text: not text.isdigit() and find_region(text) is not None),
    (SemanticType.FAMILY_NAME, looks_like_russian_surname),
    (SemanticType.GENDER, _is_gender),
)


def _share(texts: Sequence[str], accepts: Callable[[str], bool]) -> float:
    """How many of *texts* are accepted; of a list, one item is enough, as cleaning takes the first that is valid."""
    return sum(any(map(accepts, _items(text))) for text in texts) / len(texts) if texts else 0.0


def _items(text: str) -> list[str]:
    found = list_items(text)
    return [text] if found is None else [item for item in found if item]


def _said_of_lists(texts: Sequence[str]) -> str:
    is_listed = any(list_items(text) is not None for text in texts)
    return "; of its lists the first valid value is taken" if is_listed else ""


_MANY_DATES = 10
"""From so many dates on, those of births are mostly different ones; those of shows, shifts and payments repeat."""


def _recognise_content(texts: Sequence[str]) -> tuple[Meaning, float] | None:
    best: tuple[Meaning, float] | None = None
    repeat = len(texts) >= _MANY_DATES and 2 * len(set(texts)) < len(texts)
    for meaning, accepts in _BY_CONTENT:
        if repeat and meaning == SemanticType.BIRTH_DATE:
            continue
        share = _share(texts, accepts)
        if share >= _ENOUGH and (best is None or share > best[1] + 0.15):
            best = meaning, share
    return best


def _texts(column: pa.ChunkedArray) -> list[str]:
    values = [value for value in column.slice(0, 5 * _SAMPLE_SIZE).to_pylist() if value is not None]
    return [text for value in values if (text := str(value).strip())][:_SAMPLE_SIZE]


def recognise_columns(sample: pa.Table) -> dict[str, Recognised]:
    """
    Return what the columns of *sample* seem to be; columns that nothing is known of are left out.

    A name that is known (Russian, English or Russian in Latin letters) decides unless the values speak against it; else
    the values decide: at least 60 % of those that are there must be accepted. A field is given to one column only, the first.

    >>> table = pa.table({"fam": ["Иванов"], "n1": ["Иван"], "t": ["8 916 123-45-67"]})
    >>> {column: found.field for column, found in recognise_columns(table).items()}
    {'fam': 'last_name', 'n1': 'first_name', 't': 'phone'}
    """
    texts = {name: _texts(sample.column(index)) for index, name in enumerate(sample.column_names)}
    found: dict[str, Recognised] = {}
    taken: set[str] = set()
    by_name = {name: _recognise_name(name) for name in texts}
    for name, named in by_name.items():
        if named and (recognised := _confirm(named, texts[name])) and _take(taken, recognised):
            found[name] = recognised
    for name, values in texts.items():
        if name not in found and (content := _recognise_content(values)):
            meaning, share = content
            field = _FIELDS.get(meaning, "")
            reason = f"{share:.0%} of its values look like {_WORDS[meaning]}{_said_of_lists(values)}"
            recognised = Recognised(meaning, field, reason)
            if _take(taken, recognised):
                found[name] = recognised
    return {name: found[name] for name in texts if name in found}


def _take(taken: set[str], recognised: Recognised) -> bool:
    mark = recognised.field or str(recognised.meaning)
    if mark in taken and recognised.meaning != SemanticType.TIMESTAMP:
        return False
    taken.add(mark)
    return True


_ACCEPTERS: Mapping[Meaning, Callable[[str], bool]] = {
    **dict(_BY_CONTENT),
    SemanticType.BIRTH_DATE: _accepts(SemanticType.BIRTH_DATE),
    SemanticType.GIVEN_NAME: _accepts(SemanticType.GIVEN_NAME),
    SemanticType.FAMILY_NAME: _accepts(SemanticType.FAMILY_NAME),
    SemanticType.PATRONYMIC: _accepts(SemanticType.PATRONYMIC),
    SemanticType.PHONE: _accepts(SemanticType.PHONE),
    SemanticType.REGION: _accepts(SemanticType.REGION),
    SemanticType.PLACE_NAME: _accepts(SemanticType.PLACE_NAME),
    SemanticType.ADDRESS: _accepts(SemanticType.ADDRESS),
    SemanticType.POSTCODE: _accepts(SemanticType.POSTCODE),
    SemanticType.DOCUMENT_NUMBER: _accepts(SemanticType.DOCUMENT_NUMBER),
    SemanticType.ORGANISATION_NAME: _accepts(SemanticType.ORGANISATION_NAME),
    "full_name": _accepts(SemanticType.FAMILY_NAME),
    "source_time": _accepts(SemanticType.TIMESTAMP),
}
_WORDS: Mapping[Meaning, str] = {
    "key": "keys",
    "source_time": "times of change",
    "full_name": "full names",
    SemanticType.FAMILY_NAME: "family names",
    SemanticType.GIVEN_NAME: "given names",
    SemanticType.PATRONYMIC: "patronymics",
    SemanticType.BIRTH_DATE: "dates",
    SemanticType.TIMESTAMP: "timestamps",
    SemanticType.GENDER: "genders",
    SemanticType.PHONE: "phone numbers",
    SemanticType.EMAIL: "e-mail addresses",
    SemanticType.SNILS: "SNILS numbers",
    SemanticType.REGION: "regions of Russia",
    SemanticType.PLACE_NAME: "places",
    SemanticType.ADDRESS: "addresses",
    SemanticType.POSTCODE: "postcodes",
    SemanticType.DOCUMENT_NUMBER: "numbers of documents",
    SemanticType.ORGANISATION_NAME: "schools",
}


def _confirm(named: tuple[Meaning, str], texts: Sequence[str]) -> Recognised | None:
    meaning, field = named
    if meaning == "key":
        unique = len(set(texts)) >= 0.95 * len(texts)
        return Recognised("key", "", "its name says so and its values differ") if unique else None
    accepts = _ACCEPTERS.get(meaning)
    if texts and accepts and _share(texts, accepts) < 0.3:
        return None
    return Recognised(meaning, field, "its name says so" + _said_of_lists(texts))
