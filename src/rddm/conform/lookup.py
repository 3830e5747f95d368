"""What Python makes of texts that SQL leaves to it, as tables to join."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from rddm.conform.cleaning import NOTE_SEPARATOR, name_fields
from rddm.conform.mapping import MappedEntity
from rddm.conform.values import normalise, split_full_name
from rddm.conform.values.record import repair_names
from rddm.contracts.names import fold_name, known_given_names
from rddm.contracts.normalised import Normalised, Rejected
from rddm.project.settings import SemanticType

Cleaner = Callable[[str], Normalised | Rejected]

_TEXT = pa.string()


WORDS = frozenset(
    {
        *(SemanticType.FAMILY_NAME, SemanticType.GIVEN_NAME, SemanticType.PATRONYMIC, SemanticType.GENDER),
        *(SemanticType.REGION, SemanticType.PLACE_NAME, SemanticType.ORGANISATION_NAME, SemanticType.CATEGORY),
    }
)
"""Types whose texts are the same in every source, so that what became of one is worth remembering."""
WORDS_REMEMBERED = 500_000

Memory = dict[tuple[SemanticType, str | None], dict[str, Normalised | Rejected]]
"""What became of the words of a type and part of a name."""


def cleaner(mapped: MappedEntity, field: str, latest: date, memory: Memory) -> Cleaner:
    """Return what cleans the delivered texts of *field*; *latest* is the last possible birth date."""
    settings, mapping = mapped.model_entity.fields[field], mapped.settings.fields[field]
    clean = _cleaner(mapped, field, latest)
    if settings.type not in WORDS:
        return clean
    known = memory.setdefault((settings.type, mapping.part), {})

    def remember(text: str) -> Normalised | Rejected:
        result = known.get(text)
        if result is None:
            result = clean(text)
            if len(known) < WORDS_REMEMBERED:
                known[text] = result
        return result

    return remember


def _cleaner(mapped: MappedEntity, field: str, latest: date) -> Cleaner:
    settings, mapping = mapped.model_entity.fields[field], mapped.settings.fields[field]
    if mapping.part is not None:
        index = ("family", "given", "patronymic").index(mapping.part)
        return lambda text: split_full_name(text)[index]
    return lambda text: normalise(settings.type, text, default_region=settings.default_region, latest=latest)


def lookup_table(mapped: MappedEntity, field: str, texts: Sequence[str], clean: Cleaner) -> pa.Table:
    """
    Return what *clean* makes of each of *texts* of *field*, with `LOOKUP_COLUMNS`.

    Doubtful is a given name that is no known one, a family name that is one, and either of several words: it might stand
    in another's place.
    """
    results = [clean(text) for text in texts]
    is_quarantined = mapped.model_entity.fields[field].on_invalid == "quarantine"
    notes = [_notes(field, each, is_quarantined=is_quarantined) for each in results]
    return pa.table(
        {
            "delivered": pa.array(texts, _TEXT),
            "value": pa.array([each.value if isinstance(each, Normalised) else None for each in results], _TEXT),
            "repairs": pa.array([NOTE_SEPARATOR.join(repairs) or None for repairs, _ in notes], _TEXT),
            "problem": pa.array([problem for _, problem in notes], _TEXT),
            "is_doubtful": pa.array(_doubts(mapped, field, results), pa.bool_()),
        }
    )


@dataclass(frozen=True)
class CleanedText:
    """What became of one text: a row of `LOOKUP_COLUMNS`, with each repair by itself."""

    value: str | None
    repairs: tuple[str, ...]
    problem: str | None
    is_doubtful: bool


def clean_text(mapped: MappedEntity, field: str, text: str, clean: Cleaner) -> CleanedText:
    """Return what *clean* makes of one *text* of *field*, as `lookup_table` does of many."""
    result = clean(text)
    is_quarantined = mapped.model_entity.fields[field].on_invalid == "quarantine"
    repairs, problem = _notes(field, result, is_quarantined=is_quarantined)
    (is_doubtful,) = _doubts(mapped, field, [result])
    return CleanedText(result.value if isinstance(result, Normalised) else None, repairs, problem, is_doubtful)


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


def _notes(field: str, result: Normalised | Rejected, *, is_quarantined: bool) -> tuple[tuple[str, ...], str | None]:
    """Return the notes of repairs, and of the problem if it keeps the record from being conformed."""
    if isinstance(result, Normalised):
        return tuple(f"{field}:{rule}" for rule in result.repairs), None
    if is_quarantined:
        return (), f"invalid:{field}:{result.reason}"
    return (f"{field}:dropped_{result.reason}",), None


def _doubts(mapped: MappedEntity, field: str, results: Iterable[Normalised | Rejected]) -> list[bool]:
    last, first, _ = name_fields(mapped.model_entity)
    if field not in (last, first):
        return [False for _ in results]
    known = known_given_names()
    values = (each.value if isinstance(each, Normalised) else None for each in results)
    return [value is not None and (" " in value or (fold_name(value) in known) == (field == last)) for value in values]
