"""
Cleaning: delivered text becomes proven values, with the repairs they took and the problems that are left.

Most values are settled by SQL alone (``fast_sql`` of their semantic type). The rest are few and are looked up: Python cleans
each distinct text once, and the result is joined back.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from rddm.conform.fields import column_type, content_hash_sql
from rddm.conform.mapping import MappedEntity
from rddm.conform.split import completeness_sql
from rddm.contracts.tables import quote
from rddm.contracts.tables.raw import MISSING_KEY_PREFIX
from rddm.project.settings import ModelEntity, SemanticType

LOOKUP_COLUMNS = "(delivered VARCHAR, value VARCHAR, repairs VARCHAR[], rejected VARCHAR)"
NAME_LOOKUP_COLUMNS = (
    "(last_before VARCHAR, first_before VARCHAR, middle_before VARCHAR,"
    " last_after VARCHAR, first_after VARCHAR, middle_after VARCHAR, repairs VARCHAR[])"
)
ENVELOPE = "record_id, source, entity, key, source_time, batch, seq, is_delete"


def swapped_contacts_sql(mapped: MappedEntity, relation: str) -> str:
    """
    Return *relation* with phone and e-mail exchanged where each was delivered in the other's place.

    Adds ``contact_repairs`` (VARCHAR[]).
    """
    phone = _first_of(mapped.model_entity, SemanticType.PHONE, mapped.value_fields())
    email = _first_of(mapped.model_entity, SemanticType.EMAIL, mapped.value_fields())
    if phone is None or email is None:
        return f"SELECT *, []::VARCHAR[] AS contact_repairs FROM {relation}"
    phone_text, email_text = quote(phone), quote(email)
    swapped = (
        f"(contains({phone_text}, '@') AND NOT coalesce(contains({email_text}, '@'), false))"
        f" OR (regexp_matches({email_text}, '^[^@A-Za-zА-Яа-я]*([0-9][^@A-Za-zА-Яа-я]*){{10}}$')"
        f" AND NOT regexp_matches(coalesce({phone_text}, ''), '[0-9]'))"
    )
    return f"""
        SELECT * EXCLUDE (is_swapped) REPLACE (
            CASE WHEN is_swapped THEN {email_text} ELSE {phone_text} END AS {phone_text},
            CASE WHEN is_swapped THEN {phone_text} ELSE {email_text} END AS {email_text}),
            CASE WHEN is_swapped THEN ['{phone}:phone_email_swapped', '{email}:phone_email_swapped'] ELSE [] END
                AS contact_repairs
        FROM (SELECT *, coalesce({swapped}, false) AS is_swapped FROM {relation})"""


def undecided_sql(relation: str, field: str, fast: str | None) -> str:
    """Return the query of the distinct delivered texts of *field* that *fast* leaves to Python. Column: delivered."""
    column = quote(field)
    undecided = f" AND ({fast}) IS NULL" if fast else ""
    return (
        f"SELECT DISTINCT {column} AS delivered FROM {relation} WHERE NOT is_delete AND {column} IS NOT NULL{undecided}"
    )


def cleaned_sql(mapped: MappedEntity, relation: str, fast: Mapping[str, str | None], lookups: Mapping[str, str]) -> str:
    """
    Return *relation* (of `mapped_sql`) with every value normalised.

    *fast*: per field the SQL that settles plain values; *lookups*: per field a relation with `LOOKUP_COLUMNS`. Fields stay
    VARCHAR; adds ``repairs`` (VARCHAR[], field:rule) and ``problems`` (VARCHAR[], kind:field:rule).
    """
    selects, joins, repairs, problems = [], [], ["contact_repairs"], []
    for index, name in enumerate(mapped.value_fields()):
        field, alias = f"mapped.{quote(name)}", f"clean_{index}"
        settled = fast.get(name)
        value = f"{alias}.value" if settled is None else f"coalesce({settled}, {alias}.value)"
        selects.append(f"{value} AS {quote(name)}")
        joins.append(f"LEFT JOIN {lookups[name]} AS {alias} ON {alias}.delivered = {field}")
        repairs.append(f"coalesce(list_transform({alias}.repairs, rule -> '{name}:' || rule), [])")
        rejected = f"{alias}.rejected"
        if mapped.model_entity.fields[name].on_invalid == "quarantine":
            problems.append(f"'invalid:{name}:' || {rejected}")
        else:
            repairs.append(f"CASE WHEN {rejected} IS NOT NULL THEN ['{name}:dropped_' || {rejected}] ELSE [] END")
    for name in mapped.reference_fields():
        selects += [f"mapped.{quote(name)}", f"mapped.{quote(name + '__key')}"]
    missing_key = f"CASE WHEN starts_with(key, '{MISSING_KEY_PREFIX}') THEN 'technical:key:missing' END"
    columns = "".join(f", {select}" for select in selects)
    return f"""
        SELECT {ENVELOPE}{columns},
            list_concat({", ".join(repairs)}) AS repairs,
            list_filter([{", ".join([missing_key, *problems])}], problem -> problem IS NOT NULL) AS problems
        FROM {relation} AS mapped {" ".join(joins)}"""


def name_fields(entity: ModelEntity) -> tuple[str | None, str | None, str | None]:
    """Return the model's fields for family name, given name and patronymic; None where it has none."""
    every = tuple(entity.fields)
    return (
        _first_of(entity, SemanticType.FAMILY_NAME, every),
        _first_of(entity, SemanticType.GIVEN_NAME, every),
        _first_of(entity, SemanticType.PATRONYMIC, every),
    )


def doubtful_names_sql(mapped: MappedEntity, relation: str, given_names: str) -> str | None:
    """
    Return the query of the distinct (last, first, middle) that might stand in each other's place; None without two names.

    Doubtful: the given name is no known one, the family name is one, or either is several words. *given_names*: a
    relation with column ``name``, folded (lower case, ё as е).
    """
    last, first, middle = _mapped_names(mapped)
    if last == "NULL" and first == "NULL":
        return None
    return f"""
        SELECT DISTINCT {last} AS last_before, {first} AS first_before, {middle} AS middle_before FROM {relation}
        WHERE NOT is_delete AND (
            {_folded(first)} NOT IN (SELECT name FROM {given_names})
            OR {_folded(last)} IN (SELECT name FROM {given_names})
            OR contains({last}, ' ') OR contains({first}, ' '))"""


def renamed_sql(mapped: MappedEntity, relation: str, lookup: str) -> str:
    """Return *relation* (of `cleaned_sql`) with names put in their right places by *lookup* (`NAME_LOOKUP_COLUMNS`)."""
    names = name_fields(mapped.model_entity)
    before = _mapped_names(mapped)
    mapped_names = [(name, part) for name, part in zip(names, ("last", "first", "middle"), strict=True) if name]
    present = set(mapped.value_fields())
    replaces = [
        f"CASE WHEN found THEN {part}_after ELSE {quote(name)} END AS {quote(name)}"
        for name, part in mapped_names
        if name in present
    ]
    additions = [f"{part}_after AS {quote(name)}" for name, part in mapped_names if name not in present]
    conditions = " AND ".join(
        f"name.{part}_before IS NOT DISTINCT FROM {'cleaned.' if column != 'NULL' else ''}{column}"
        for column, part in zip(before, ("last", "first", "middle"), strict=True)
    )
    return f"""
        SELECT * EXCLUDE (last_after, first_after, middle_after, found, name_repairs) REPLACE (
            {", ".join([*replaces, "list_concat(repairs, coalesce(name_repairs, [])) AS repairs"])})
            {"".join(", " + addition for addition in additions)}
        FROM (
            SELECT cleaned.*, last_after, first_after, middle_after, name.repairs AS name_repairs,
                name.repairs IS NOT NULL AS found
            FROM {relation} AS cleaned LEFT JOIN {lookup} AS name ON {conditions})"""


def evaluated_sql(mapped: MappedEntity, relation: str, present: Collection[str]) -> str:
    """
    Return *relation* (cleaned) in the conformed table's types, with problems complete.

    *present*: the fields that *relation* has; the model's others come out null. Grain: one raw version.
    """
    entity = mapped.model_entity
    columns = []
    for name, field in entity.fields.items():
        kind = column_type(field)
        value = quote(name) if name in present else "NULL"
        columns.append(f"TRY_CAST({value} AS {kind}) AS {quote(name)}")
        if field.type is SemanticType.REFERENCE:
            key = quote(f"{name}__key")
            columns.append(f"{key if name in present else 'NULL::VARCHAR'} AS {key}")
    incomplete = ", ".join(completeness_sql(entity)) or "NULL::VARCHAR"
    return f"""
        SELECT {ENVELOPE}, repairs, * EXCLUDE ({ENVELOPE}, repairs, problems),
            {content_hash_sql(entity, "typed")} AS content_hash,
            CASE WHEN is_delete THEN [] ELSE
                list_concat(problems, list_filter([{incomplete}], problem -> problem IS NOT NULL)) END AS problems
        FROM (SELECT {ENVELOPE}, CASE WHEN len(repairs) > 0 THEN repairs END AS repairs, problems,
            {", ".join(columns)} FROM {relation}) AS typed"""


def _folded(name: str) -> str:
    return f"replace(lower({name}), 'ё', 'е')"


def _mapped_names(mapped: MappedEntity) -> tuple[str, str, str]:
    present = set(mapped.value_fields())
    last, first, middle = (quote(name) if name in present else "NULL" for name in name_fields(mapped.model_entity))
    return last, first, middle


def _first_of(entity: ModelEntity, wanted: SemanticType, names: Collection[str]) -> str | None:
    return next((name for name, field in entity.fields.items() if field.type is wanted and name in names), None)
