"""What Python makes of texts that SQL leaves to it, as tables to join."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import date
from typing import NamedTuple

import pyarrow as pa

from rddm.conform.cleaning import NOTE_SEPARATOR, TOLD, name_fields
from rddm.conform.mapping import MappedEntity
from rddm.conform.values import full_name_part, normalise
from rddm.conform.values.record import first_may_move, last_may_move, repair_names
from rddm.contracts.names import fold_name, known_given_names
from rddm.contracts.normalised import Normalised, Rejected
from rddm.project.settings import ModelField, SemanticType

_TEXT = pa.string()


class Cleaned(NamedTuple):
    """
    What became of a delivered text: the columns of `LOOKUP_COLUMNS` after the text itself. ``value`` of a birth date that is left
    out as it cannot be is what was told, after `TOLD`.
    """

    value: str | None
    repairs: str | None = None
    problem: str | None = None
    is_doubtful: bool = False
    may_move: bool = False


Cleaner = Callable[[str], Cleaned]

WORDS = frozenset(
    {
        *(SemanticType.FAMILY_NAME, SemanticType.GIVEN_NAME, SemanticType.PATRONYMIC, SemanticType.GENDER),
        *(SemanticType.REGION, SemanticType.PLACE_NAME, SemanticType.ORGANISATION_NAME, SemanticType.CATEGORY),
    }
)
"""Types whose texts are the same in every source, so that what became of one is worth remembering."""
WORDS_REMEMBERED = 500_000

Memory = dict[Hashable, dict[str, Cleaned]]
"""What became of the words of a field, by all that decides it."""


def cleaner(mapped: MappedEntity, field: str, latest: date, memory: Memory) -> Cleaner:
    """
    Return what cleans the delivered texts of *field*; *latest* is the last possible birth date.

    Doubtful is a given name that is no known one, a family name that is one, and either of several words: it might stand
    in another's place. Whether it may move at all is told by itself, so that few names are looked at together.
    """
    settings, part = mapped.model_entity.fields[field], mapped.settings.fields[field].part
    last, first, _ = name_fields(mapped.model_entity)
    clean = _normaliser(settings, part, latest)
    is_quarantined = settings.on_invalid == "quarantine"
    # A text that is not in the mapping's format may have its day and month in any order.
    is_read_as_such = mapped.settings.fields[field].format is None
    given_names = known_given_names()

    def judge(text: str) -> Cleaned:
        result = clean(text)
        if isinstance(result, Rejected):
            if is_quarantined:
                return Cleaned(None, problem=f"invalid:{field}:{result.reason}")
            told = TOLD + result.told if result.told and is_read_as_such else None
            return Cleaned(told, f"{field}:dropped_{result.reason}")
        value = result.value
        repairs = NOTE_SEPARATOR.join([f"{field}:{rule}" for rule in result.repairs]) if result.repairs else None
        if value is None or field not in (last, first):
            return Cleaned(value, repairs)
        is_doubtful = " " in value or (fold_name(value) in given_names) == (field == last)
        may_move = last_may_move(value) if field == last else first_may_move(value)
        return Cleaned(value, repairs, is_doubtful=is_doubtful, may_move=may_move)

    if settings.type not in WORDS:
        return judge
    known = memory.setdefault((field, settings, part, field == last, field == first), {})

    def remember(text: str) -> Cleaned:
        result = known.get(text)
        if result is None:
            result = judge(text)
            if len(known) < WORDS_REMEMBERED:
                known[text] = result
        return result

    return remember


def _normaliser(settings: ModelField, part: str | None, latest: date) -> Callable[[str], Normalised | Rejected]:
    if part is not None:
        return lambda text: full_name_part(text, part)
    return lambda text: normalise(settings.type, text, default_region=settings.default_region, latest=latest)


def lookup_table(texts: Sequence[str], clean: Cleaner, *, is_sparse: bool = False) -> pa.Table:
    """Return what *clean* makes of each of *texts*, with `LOOKUP_COLUMNS`; ``is_sparse`` as for `Lookup`."""
    cleaned = [(text, *clean(text)) for text in texts]
    if is_sparse:
        cleaned = [each for each in cleaned if each[1:] != Cleaned(each[0])]
    columns = list(zip(*cleaned, strict=True)) or [()] * (1 + len(Cleaned._fields))
    names = ("delivered", *Cleaned._fields)
    return pa.table(
        {
            name: pa.array(column, pa.bool_() if name in ("is_doubtful", "may_move") else _TEXT)
            for name, column in zip(names, columns, strict=True)
        }
    )


def name_lookup_table(names: Iterable[tuple[str, str | None, str | None, str | None]]) -> pa.Table | None:
    """
    Return the repairs of *names* (names_before, last, first, middle), with `NAME_LOOKUP_COLUMNS`; None if there is none.
    """
    changed = []
    for before, *parts in names:
        *after, repairs = repair_names(*parts)
        if repairs:
            changed.append((before, *after, NOTE_SEPARATOR.join(repairs)))
    if not changed:
        return None
    columns = ("names_before", "last_after", "first_after", "middle_after", "repairs")
    return pa.table(
        {name: pa.array(column, _TEXT) for name, column in zip(columns, zip(*changed, strict=True), strict=True)}
    )
