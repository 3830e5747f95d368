"""
Entities whose records are the same when some fields agree: organisations, places, events.

The first field must have a value - a record without it is nobody else's. In the other fields "not said" is a value of
its own: taking it for a wildcard would join two towns through a record that names neither.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rddm.contracts.tables.table import quote
from rddm.project.settings import ModelField, SemanticType
from rddm.resolve.keys import KIND_BITS, PART_BITS
from rddm.resolve.organisation_name import organisation_key, place_key

EXACT_WEIGHT = 40.0
"""The match weight of two equal descriptions: certain."""

KEY_FUNCTIONS: dict[SemanticType, Callable[[str], str | None]] = {
    SemanticType.ORGANISATION_NAME: organisation_key,
    SemanticType.REGION: place_key,
    SemanticType.PLACE_NAME: place_key,
}
"""Types that are compared in a form that Python makes, once per distinct value."""


def exact_description_sql(
    records: str,
    names: Sequence[str],
    fields: Mapping[str, ModelField],
    dictionaries: Mapping[str, str],
) -> str:
    """
    Return the query for descriptions of conformed *records* (a table). Columns: record_id, description_id, exclusive
    (null). Grain: a record.

    *dictionaries* gives for a field in `KEY_FUNCTIONS` the table with its forms: value, key.
    """
    parts, joins = [], []
    for name in names:
        column = f"c.{quote(name)}"
        if name in dictionaries:
            alias = quote(f"{name}_forms")
            joins.append(f"LEFT JOIN {dictionaries[name]} {alias} ON {alias}.value = {column}")
            parts.append(f"{alias}.key")
        elif fields[name].type is SemanticType.TEXT:
            parts.append(
                rf"nullif(trim(regexp_replace(replace(lower({column}), 'ё', 'е'), '[^\p{{L}}\p{{N}}]+', ' ', 'g')), '')"
            )
        else:
            parts.append(f"{column}::VARCHAR")
    text = " || chr(31) || ".join(f"coalesce({part}, chr(30))" for part in parts)
    return f"""
SELECT c.record_id,
  md5(CASE WHEN {parts[0]} IS NULL THEN 'record' || chr(31) || c.record_id::VARCHAR ELSE {text} END)::UUID AS
  description_id,
  CAST(NULL AS VARCHAR) AS exclusive
FROM {records} c
{chr(10).join(joins)}"""


def exact_keys_sql(descriptions: str) -> str:
    """Return one match key per description: itself, of kind 0. Columns as `rddm.resolve.keys.keys_sql`."""
    key = f"(md5_number_upper(description_id::VARCHAR) >> {64 - PART_BITS})::BIGINT << {KIND_BITS}"
    return f"SELECT {key} AS key, n FROM {descriptions}"


def exact_compare_sql(pairs: str, nodes: str) -> str:
    """Return *pairs* (a, b) of *nodes* (n, description_id) weighed. Columns: a, b, pattern (0), weight, contradiction (null)."""
    return f"""
SELECT p.a, p.b, 0 AS pattern,
  CASE WHEN a.description_id = b.description_id THEN {EXACT_WEIGHT} ELSE 0 END::DOUBLE AS weight, CAST(NULL AS VARCHAR)
  AS contradiction
FROM {pairs} p
JOIN {nodes} a ON a.n = p.a
JOIN {nodes} b ON b.n = p.b"""
