"""What is odd about the input of matching, in sentences: so that bad data is a word in the report and no surprise later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from rddm.contracts.tables import quote
from rddm.contracts.tables.identity import TERM_FIELDS
from rddm.resolve.comparisons import COMPARISONS
from rddm.resolve.estimates import FIELD_OF_PART
from rddm.resolve.keys import IDENTIFIERS, KEY_KINDS, KeyKind
from rddm.resolve.roles import roles_of
from rddm.resolve.weights import LEAST_DESCRIPTIONS
from rddm.serve.reading import Reading

CROWDED_SHARE = {"identifier": 0.01, "other": 0.2}
"""Of the records that have a value, how many may have the same before it is odd."""
CROWDED_RECORDS = 100
GIANT_RECORDS = 200
EMPTY_SHARE = 0.01
LONELY_SHARE = 0.01


@dataclass(frozen=True)
class Findings:
    """
    Figures that warnings are drawn from. ``families``: whether the data show them; ``entries``: match keys per kind in use;
    ``shared``: field and records of the value that most share; ``cut``: components that the last run took apart for
    contradictions, and cut for their size.
    """

    records: int
    descriptions: int
    people: int
    learnt: bool
    families: bool
    without_key: float
    entries: Mapping[str, int]
    largest_group: int
    shared: Sequence[tuple[str, int]]
    cut: tuple[int, int]
    conflicts: int


def warnings_of(reading: Reading, entity: str, found: Findings) -> list[str]:
    """Return sentences on what is odd; none of them holds a person's data."""
    if not found.records:
        return [f"There are no {entity} records. Look at `rddm status`: were they read, or do they wait in quarantine?"]
    counts = _filled(reading, entity)
    return [*_of_figures(entity, found, counts), *_of_values(reading, entity, counts, found.records)]


def _of_figures(entity: str, found: Findings, filled: Mapping[str, int]) -> Iterator[str]:
    if found.descriptions == 1 and found.records > 1:
        yield f"All {found.records:,} records say the same. Is one record delivered again and again?"
    if not found.learnt:
        yield (
            f"There were fewer than {LEAST_DESCRIPTIONS:,} descriptions, or no two to compare, when the model was made: too few"
            " to learn from, so the shipped weights are used. What is expected below is rough."
        )
    if not found.families:
        yield (
            "These data do not show families: by the model too few pairs are relatives. So two birth dates or two genders with"
            " two given names, twins, and a father and a son of one name do not keep two apart by themselves; only the weights"
            " do. Where relatives are among them, look at the doubtful groups before you rely on them."
        )
    if found.without_key > LONELY_SHARE:
        yield (
            f"{found.without_key:.0%} of the descriptions say too little for any match key, so nobody can be found for them."
        )
    empty = [kind for kind in KEY_KINDS if found.entries.get(kind.name) == 0 and not _lacks_a_field(kind, filled)]
    if empty:
        names = ", ".join(kind.name.replace("_", " ") for kind in empty)
        yield f"No description has the values for these match keys: {names}."
    for field, records in found.shared:
        yield (
            f"{_said(field)}: one value is on {records:,} records. It says nothing of anybody and is not used; the table of"
            " shared values has it."
        )
    yield from _of_groups(entity, found)


def _of_groups(entity: str, found: Findings) -> Iterator[str]:
    if found.largest_group >= GIANT_RECORDS:
        yield (
            f"One {entity} has {found.largest_group:,} records. A value that stands for many, or a source that delivers one"
            " record again and again? It leads the list of the largest."
        )
    split, cut = found.cut
    if cut:
        yield (
            f"The last run cut {cut:,} groups that contradict themselves at their weakest links: they were too large to be judged"
            f" as wholes. {_see_parts(entity)}"
        )
    if split:
        yield f"The last run took {split:,} groups apart whose records do not fit together. {_see_parts(entity)}"
    if found.conflicts:
        yield (
            f"{found.conflicts:,} human words contradict each other; 'different' stands. `rddm {entity} judgements` shows them."
        )


def _see_parts(entity: str) -> str:
    return f"`rddm {entity} possible` has the pairs between their parts, and why they are apart."


def _lacks_a_field(kind: KeyKind, filled: Mapping[str, int]) -> bool:
    """Whether a key of *kind* is made of a field that no record has, which is told of the field."""
    fields = {name for part in kind.parts for name in (part, FIELD_OF_PART.get(part))}
    return any(_role(column) in fields for column, records in filled.items() if not records)


def _filled(reading: Reading, entity: str) -> Mapping[str, int]:
    """Return how many records have a value in each column that is compared."""
    columns = [column for each in COMPARISONS for column in each.columns]
    filled = ", ".join(
        f"coalesce(sum(records) FILTER ({quote(each)} IS NOT NULL), 0)::BIGINT AS {quote(each)}" for each in columns
    )
    (counts,) = reading.rows(f"SELECT {filled} FROM {reading.table('identity', f'{entity}__fingerprint')}")
    return counts


def _of_values(reading: Reading, entity: str, counts: Mapping[str, int], whole: int) -> Iterator[str]:
    table = reading.table("identity", f"{entity}__fingerprint")
    known = asdict(roles_of(reading.settings.model.entities[entity].fields))
    columns = [column for column in counts if known.get(_role(column))]
    empty = [_name(column) for column in columns if not counts[column]]
    if empty:
        yield (
            f"No record has these fields, so they decide nothing: {', '.join(empty)}. Are they mapped, and does their cleaning"
            " drop them?"
        )
    for column in columns:
        if 0 < counts[column] < EMPTY_SHARE * whole:
            yield f"{_said(column)}: {counts[column] / whole:.1%} of the records have it."
    yield from _crowded(reading, table, [each for each in columns if each in (*TERM_FIELDS, "snils")], counts)


def _crowded(reading: Reading, table: str, columns: Sequence[str], counts: Mapping[str, int]) -> Iterator[str]:
    """Warn of values that far more records have than any value of their kind should. Two passes in bounded memory."""
    top = ", ".join(f"approx_top_k({quote(each)}, 1)[1] AS {quote(each)}" for each in columns)
    (values,) = reading.rows(f"SELECT {top} FROM {table}")
    counted = ", ".join(
        f"coalesce(sum(records) FILTER ({quote(each)} = ?), 0)::BIGINT AS {quote(each)}" for each in columns
    )
    (most,) = reading.rows(f"SELECT {counted} FROM {table}", [values[each] for each in columns])
    for column in columns:
        allowed = CROWDED_SHARE["identifier" if column in IDENTIFIERS else "other"]
        if most[column] >= CROWDED_RECORDS and most[column] > allowed * counts[column]:
            yield (
                f"{_said(column)}: one value is on {most[column]:,} of the {counts[column]:,} records that have one. If it is a"
                " stand-in for 'unknown', leave it out in the source's mapping."
            )


def _role(column: str) -> str:
    """The field that a compared form is made of."""
    return {"last_root": "last_name", "first_root": "first_name", "middle_root": "middle_name"}.get(column, column)


def _name(column: str) -> str:
    role = _role(column)
    return {"snils": "SNILS", "email": "e-mail"}.get(role, role.replace("_", " "))


def _said(column: str) -> str:
    name = _name(column)
    return f"{name[0].upper()}{name[1:]}"
