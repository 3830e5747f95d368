"""
The split: every version of a record finds exactly one place.

Of the versions of one key, newest first, the first that is valid stands for the record - conformed, or deleted when that
is what it says. A newest version that is not valid waits in quarantine, and an older valid one goes on standing. All others
are superseded. So the outcome depends on the set of versions alone, not on the order they came in - which is why a record
that waits is woken by the parent of any of its versions that could come to stand, not of the newest alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from rddm.contracts.tables import quote
from rddm.project.settings import ModelEntity, SemanticType

KINDS = ("technical", "invalid", "incomplete", "missing_parent")
"""Kinds of quarantine; a record that breaks several rules counts under the first."""


def waiting_references(entity: ModelEntity) -> tuple[str, ...]:
    """Return the references of *entity* whose parent must be there before the record is conformed."""
    return tuple(
        name
        for name, field in entity.fields.items()
        if field.type is SemanticType.REFERENCE and field.on_missing == "wait"
    )


def judged_sql(
    evaluated: str, entity: ModelEntity, living: Mapping[str, str], by_arrival: Collection[tuple[str, str]]
) -> str:
    """
    Return the query that gives every version in *evaluated* its state.

    *evaluated*: one row per version with record_id, source, entity, source_time, batch, seq, is_delete, problems (VARCHAR[],
    as kind:field:rule), the fields and, for references, ``<field>__key``. *living*: for each waiting reference, a relation
    with column record_id of the parents that are there. *by_arrival*: (source, entity) whose last version to arrive wins;
    elsewhere the newest source time wins, then the last to arrive.
    Result: *evaluated* and ``state`` (conformed, deleted, quarantined, superseded), ``rules`` (VARCHAR[]), ``waits_for``
    (UUID[]: the parents that would make this version or, where it is quarantined, an older one that is newer than what
    stands, stand), ``waits_for_keys`` (VARCHAR[]: the version's own parents that are not there).
    """
    joins, missing, waits, wait_keys = [], [], [], []
    for index, name in enumerate(waiting_references(entity)):
        parent = f"parent_{index}"
        field = f"version.{quote(name)}"
        absent = f"({field} IS NOT NULL AND NOT is_delete AND {parent}.record_id IS NULL)"
        joins.append(f"LEFT JOIN {living[name]} AS {parent} ON {parent}.record_id = {field}")
        missing.append(f"CASE WHEN {absent} THEN 'missing_parent:{name}:not_here' END")
        waits.append(f"CASE WHEN {absent} THEN {field} END")
        wait_keys.append(f"CASE WHEN {absent} THEN version.{quote(name + '__key')} END")
    arrival = (
        " OR ".join(f"(source = '{source}' AND entity = '{name}')" for source, name in sorted(by_arrival)) or "false"
    )
    return f"""
        WITH checked AS (
            SELECT version.*,
                {_present(missing, "VARCHAR")} AS missing,
                {_present(waits, "UUID")} AS waits_for,
                {_present(wait_keys, "VARCHAR")} AS waits_for_keys
            FROM {evaluated} AS version {" ".join(joins)}
        ), ruled AS (
            SELECT * EXCLUDE (missing), list_concat(problems, missing) AS rules,
                row_number() OVER (
                    PARTITION BY record_id
                    ORDER BY CASE WHEN {arrival} THEN NULL ELSE source_time END DESC NULLS LAST, batch DESC, seq DESC
                ) AS age
            FROM checked
        ), standing AS (
            SELECT *, min(CASE WHEN is_delete OR len(rules) = 0 THEN age END) OVER (PARTITION BY record_id) AS standing_age
            FROM ruled
        ), waking AS (
            SELECT record_id, list_sort(list_distinct(flatten(list(waits_for)))) AS parents
            FROM standing
            WHERE len(waits_for) > 0 AND (standing_age IS NULL OR age < standing_age)
            GROUP BY record_id
        )
        SELECT standing.* EXCLUDE (age, standing_age, waits_for),
            CASE WHEN age = 1 THEN coalesce(waking.parents, []) ELSE waits_for END AS waits_for,
            CASE
                WHEN age = standing_age AND is_delete THEN 'deleted'
                WHEN age = standing_age THEN 'conformed'
                WHEN age = 1 THEN 'quarantined'
                ELSE 'superseded'
            END AS state
        FROM standing LEFT JOIN waking USING (record_id)"""


def standing_at_once_sql(evaluated: str, entity: ModelEntity, living: Mapping[str, str]) -> str:
    """
    Return, of *evaluated*, the versions that break no rule, delete nothing and miss no parent.

    The one version of its record such a version stands whatever else there is, so it need not be judged. *evaluated* and
    *living* as for `judged_sql`; the columns are those of *evaluated*.
    """
    parents = "".join(
        f" AND ({quote(name)} IS NULL OR {quote(name)} IN (SELECT record_id FROM {living[name]}))"
        for name in waiting_references(entity)
    )
    return f"SELECT * FROM {evaluated} WHERE NOT is_delete AND len(problems) = 0{parents}"


def kind_sql(rules: str) -> str:
    """Return the SQL of the kind of quarantine that a list of *rules* makes: the first of `KINDS` that occurs."""
    cases = " ".join(
        f"WHEN len(list_filter({rules}, rule -> starts_with(rule, '{kind}:'))) > 0 THEN '{kind}'" for kind in KINDS
    )
    return f"CASE {cases} END"


def completeness_sql(entity: ModelEntity) -> list[str]:
    """Return SQL expressions, each a rule (``incomplete:fields:missing``) when the record breaks it and null otherwise."""
    required = [(name,) for name, field in entity.fields.items() if field.required]
    return [
        f"CASE WHEN {' AND '.join(f'{quote(name)} IS NULL' for name in names)}"
        f" THEN 'incomplete:{'|'.join(names)}:missing' END"
        for names in (*required, *entity.require_any)
    ]


def _present(expressions: list[str], element: str) -> str:
    if not expressions:
        return f"[]::{element}[]"
    return f"list_filter([{', '.join(expressions)}], each -> each IS NOT NULL)"
