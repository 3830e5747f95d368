"""
Cleaning: delivered text becomes proven values, with the repairs they took and the problems that are left.

Most values are settled by SQL alone (``fast_sql`` of their semantic type). The rest are few and are looked up: Python cleans
each distinct text once, and the result is joined back.

Nearly every row is fine, so what went wrong travels as text that is null or empty when nothing did, one note after the
other with `NOTE_SEPARATOR` between them, and becomes a list only where there is something to list.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from rddm.conform.fields import column_type
from rddm.conform.mapping import MappedEntity
from rddm.conform.split import completeness_sql
from rddm.contracts.tables import literal, quote
from rddm.contracts.tables.conformed import told_column
from rddm.contracts.tables.raw import MISSING_KEY_PREFIX
from rddm.project.settings import ModelEntity, SemanticType

NOTE_SEPARATOR = "\x1f"
LOOKUP_COLUMNS = (
    "(delivered VARCHAR, value VARCHAR, repairs VARCHAR, problem VARCHAR, is_doubtful BOOLEAN, may_move BOOLEAN)"
)
NAME_LOOKUP_COLUMNS = (
    "(names_before VARCHAR, last_after VARCHAR, first_after VARCHAR, middle_after VARCHAR, repairs VARCHAR)"
)
ENVELOPE = "record_id, source, entity, key, source_time, batch, seq, is_delete"

TOLD = "told "
"""Stands before what was told of a birth date that cannot be, where values are; no value begins with it."""
UNREAD = "technical:fields:unread"
"""The problem of a record with values that nobody has looked at yet; it never leaves the stage."""

_SEPARATOR = "chr(31)"


@dataclass(frozen=True)
class Lookup:
    """
    A relation with `LOOKUP_COLUMNS`, and whether it holds any repairs and problems; most hold none.

    It ``is_sparse`` when it leaves out the texts that stay as they are and are beyond doubt: most words of clean sources.
    """

    table: str
    has_repairs: bool = True
    has_problems: bool = True
    is_sparse: bool = False


@dataclass(frozen=True)
class Lookups:
    """
    How each field of a source's entity is cleaned.

    ``fast``: per field the SQL over ``mapped.<field>`` that settles plain values; ``tables``: per field that it leaves
    values of, what becomes of them; ``names``: a relation with `NAME_LOOKUP_COLUMNS`, if any names move; ``unread``: fields
    of which only what ``fast`` settles is known yet. A record with any other value in one of them has a problem until then.
    """

    fast: Mapping[str, str]
    tables: Mapping[str, Lookup]
    names: str | None = None
    unread: frozenset[str] = frozenset()


def swapped_contacts_sql(mapped: MappedEntity, relation: str) -> str:
    """
    Return *relation* with phone and e-mail exchanged where each was delivered in the other's place.

    Adds ``contact_repairs`` (VARCHAR, notes; empty when they stayed).
    """
    phone = _first_of(mapped.model_entity, SemanticType.PHONE, mapped.value_fields())
    email = _first_of(mapped.model_entity, SemanticType.EMAIL, mapped.value_fields())
    if phone is None or email is None:
        return f"SELECT *, '' AS contact_repairs FROM {relation}"
    phone_text, email_text = quote(phone), quote(email)
    # An e-mail with its @ is where it belongs unless the phone has one, too; only the few others meet a pattern.
    swapped = f"""
        CASE WHEN contains({email_text}, '@') THEN false
            WHEN contains({phone_text}, '@') THEN true
            ELSE regexp_matches({email_text}, '^[^@A-Za-zА-Яа-я]*([0-9][^@A-Za-zА-Яа-я]*){{10}}$')
                AND NOT regexp_matches(coalesce({phone_text}, ''), '[0-9]') END"""
    notes = f"'{phone}:phone_email_swapped' || {_SEPARATOR} || '{email}:phone_email_swapped'"
    return f"""
        SELECT * EXCLUDE (is_swapped) REPLACE (
            CASE WHEN is_swapped THEN {email_text} ELSE {phone_text} END AS {phone_text},
            CASE WHEN is_swapped THEN {phone_text} ELSE {email_text} END AS {email_text}),
            CASE WHEN is_swapped THEN {notes} ELSE '' END AS contact_repairs
        FROM (SELECT *, coalesce({swapped}, false) AS is_swapped FROM {relation})"""


def undecided_sql(relation: str, field: str, fast: str | None) -> str:
    """
    Return the query of the distinct delivered texts of *field* that *fast* leaves to Python, and perhaps null.

    Column: delivered.
    """
    # Not as a condition: a filter sinks into the relation, and there the engine computes a column as often as it is named.
    column = quote(field) if fast is None else f"CASE WHEN {fast} IS NULL THEN {quote(field)} END"
    return f"SELECT DISTINCT {column} AS delivered FROM {relation} AS mapped WHERE NOT is_delete"


def cleaned_sql(mapped: MappedEntity, relation: str, lookups: Lookups, only: Collection[str] | None = None) -> str:
    """
    Return *relation* (of `swapped_contacts_sql`) with every value normalised; *only* these fields, when given.

    Fields stay VARCHAR; adds ``repair_notes`` (field:rule), ``problem_notes`` (kind:field:rule) and ``names_before``:
    what `NAME_LOOKUP_COLUMNS` calls the record's names if they might stand in each other's place, else null.
    """
    settled, selects, joins = [], [], []
    values: dict[str, str] = {}
    repairs = ["nullif(contact_repairs, '')", "failed_notes"]
    problems = ["CASE WHEN NOT is_delete THEN failed_problems END"]
    problems += [f"CASE WHEN starts_with(key, '{MISSING_KEY_PREFIX}') THEN 'technical:key:missing' END"]
    unread: list[str] = []
    for index, name in enumerate(mapped.value_fields()):
        if only is not None and name not in only:
            continue
        fast, table, alias = lookups.fast.get(name), lookups.tables.get(name), f"clean_{index}"
        field, plain = f"mapped.{quote(name)}", f'mapped."_settled_{index}"'
        if fast is not None:
            settled.append(f'{fast} AS "_settled_{index}"')
        values[name] = plain if fast is not None else "NULL::VARCHAR"
        if table is not None:
            # A key that is null is never looked for, so settled values pass the join untouched.
            wanted = field if fast is None else f"CASE WHEN {plain} IS NULL THEN {field} END"
            joins.append(f"LEFT JOIN {table.table} AS {alias} ON {alias}.delivered = {wanted}")
            values[name] = f"{alias}.value" if fast is None else f"coalesce({plain}, {alias}.value)"
            if table.is_sparse:
                values[name] = f"CASE WHEN {alias}.delivered IS NULL THEN {field} ELSE {values[name]} END"
            repairs += [f"{alias}.repairs"] if table.has_repairs else []
            problems += [f"{alias}.problem"] if table.has_problems else []
        if name in lookups.unread:
            unread.append(f"({plain} IS NULL AND {field} IS NOT NULL)")
        selects.append(f"{values[name]} AS {quote(name)}")
    if unread:
        problems.append(f"CASE WHEN {' OR '.join(unread)} THEN {literal(UNREAD)} END")
    if only is None:
        for name in mapped.reference_fields():
            selects += [f"mapped.{quote(name)}", f"mapped.{quote(name + '__key')}"]
    return f"""
        SELECT {ENVELOPE}{"".join(f", {select}" for select in selects)},
            nullif(concat_ws({_SEPARATOR}, {", ".join(repairs)}), '') AS repair_notes,
            nullif(concat_ws({_SEPARATOR}, {", ".join(problems)}), '') AS problem_notes,
            {_names_before(mapped, lookups, values)} AS names_before
        FROM (SELECT *{"".join(f", {each}" for each in settled)} FROM {relation} AS mapped) AS mapped {" ".join(joins)}"""


def name_fields(entity: ModelEntity) -> tuple[str | None, str | None, str | None]:
    """Return the model's fields for family name, given name and patronymic; None where it has none."""
    every = tuple(entity.fields)
    return (
        _first_of(entity, SemanticType.FAMILY_NAME, every),
        _first_of(entity, SemanticType.GIVEN_NAME, every),
        _first_of(entity, SemanticType.PATRONYMIC, every),
    )


def doubtful_names_sql(mapped: MappedEntity, relation: str, lookups: Lookups) -> str | None:
    """
    Return the query of the distinct names that might stand in each other's place; None where there are no two.

    *relation* as for `cleaned_sql`. Columns: names_before, last_before, first_before, middle_before.
    """
    names = [name for name in name_fields(mapped.model_entity) if name in lookups.tables]
    last, first, middle = _mapped_names(mapped, {name: quote(name) for name in names if name})
    if last == first == "NULL::VARCHAR":
        return None
    return f"""
        SELECT DISTINCT names_before, {last} AS last_before, {first} AS first_before, {middle} AS middle_before
        FROM ({cleaned_sql(mapped, relation, lookups, [name for name in names if name])})
        WHERE names_before IS NOT NULL AND NOT is_delete"""


def renamed_sql(mapped: MappedEntity, relation: str, lookup: str) -> str:
    """Return *relation* (of `cleaned_sql`) with names put in their right places by *lookup* (`NAME_LOOKUP_COLUMNS`)."""
    present = set(mapped.value_fields())
    parts = zip(name_fields(mapped.model_entity), ("last", "first", "middle"), strict=True)
    names = [(name, part) for name, part in parts if name]
    moved = "name.names_before IS NOT NULL"
    replaces = [
        f"CASE WHEN {moved} THEN name.{part}_after ELSE cleaned.{quote(name)} END AS {quote(name)}"
        for name, part in names
        if name in present
    ]
    replaces.append(f"concat_ws({_SEPARATOR}, cleaned.repair_notes, name.repairs) AS repair_notes")
    additions = "".join(f", name.{part}_after AS {quote(name)}" for name, part in names if name not in present)
    return f"""
        SELECT cleaned.* REPLACE ({", ".join(replaces)}){additions}
        FROM ({relation}) AS cleaned LEFT JOIN {lookup} AS name ON name.names_before = cleaned.names_before"""


def evaluated_sql(mapped: MappedEntity, relation: str, lookups: Lookups) -> str:
    """
    Return *relation* (of `swapped_contacts_sql`) cleaned, in the conformed table's types, with repairs and problems.

    Fields of the model that the source does not deliver come out null. Grain: one raw version.
    """
    entity = mapped.model_entity
    present = {*mapped.mapped_fields()}
    cleaned = cleaned_sql(mapped, relation, lookups)
    if lookups.names is not None:
        cleaned = renamed_sql(mapped, cleaned, lookups.names)
        present |= {each for each in name_fields(entity) if each is not None}
    columns = []
    for name, field in entity.fields.items():
        kind = column_type(field)
        value = quote(name) if name in present else "NULL"
        columns.append(f"TRY_CAST({value} AS {kind}) AS {quote(name)}")
        if field.type is SemanticType.BIRTH_DATE:
            told = f"CASE WHEN starts_with({value}, '{TOLD}') THEN substr({value}, {len(TOLD) + 1}) END"
            columns.append(f"{told if name in present else 'NULL::VARCHAR'} AS {quote(told_column(name))}")
        if field.type is SemanticType.REFERENCE:
            key = quote(f"{name}__key")
            columns.append(f"{key if name in present else 'NULL::VARCHAR'} AS {key}")
    problems = f"concat_ws({_SEPARATOR}, {', '.join(['problem_notes', *completeness_sql(entity)])})"
    return f"""
        SELECT * EXCLUDE (problem_notes, all_problems),
            CASE WHEN is_delete OR all_problems = '' THEN []::VARCHAR[]
                ELSE string_split(all_problems, {_SEPARATOR}) END AS problems
        FROM (
            SELECT *, {problems} AS all_problems
            FROM (
                SELECT {ENVELOPE}, problem_notes,
                    CASE WHEN repair_notes <> '' THEN string_split(repair_notes, {_SEPARATOR}) END AS repairs,
                    {", ".join(columns)} FROM ({cleaned})))"""


def _names_before(mapped: MappedEntity, lookups: Lookups, values: Mapping[str, str]) -> str:
    tables = {name: f"clean_{index}" for index, name in enumerate(mapped.value_fields()) if name in lookups.tables}
    looked_up = [tables[name] for name in name_fields(mapped.model_entity)[:2] if name in tables and name in values]
    if not looked_up:
        return "NULL::VARCHAR"
    doubtful, movable = (
        " OR ".join(f"coalesce({alias}.{column}, false)" for alias in looked_up)
        for column in ("is_doubtful", "may_move")
    )
    names = f" || {_SEPARATOR} || ".join(f"coalesce({name}, '')" for name in _mapped_names(mapped, values))
    return f"CASE WHEN ({movable}) AND ({doubtful}) THEN {names} END"


def _mapped_names(mapped: MappedEntity, values: Mapping[str, str]) -> tuple[str, str, str]:
    last, first, middle = (
        "NULL::VARCHAR" if name is None else values.get(name, "NULL::VARCHAR")
        for name in name_fields(mapped.model_entity)
    )
    return last, first, middle


def _first_of(entity: ModelEntity, wanted: SemanticType, names: Collection[str]) -> str | None:
    return next((name for name, field in entity.fields.items() if field.type is wanted and name in names), None)
