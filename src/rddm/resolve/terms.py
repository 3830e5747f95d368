"""Term frequencies: sharing a common value says less than sharing a rare one."""

from __future__ import annotations

TERMS_LIMIT = 20_000
"""Common values that are kept per field."""
LEAST_COUNT = 3
"""A value on fewer descriptions than this is rare, and all rare values weigh the same."""
MOST_BITS = 6.0

LEAST_BITS = {"last_root": -6.0, "first_root": -6.0, "middle_root": -6.0}
"""
How much more than usual a rare value may prove. Names differ in frequency by nature; a phone or a date is either
ordinary or shared.
"""
LEAST_ORDINARY = -1.0


def terms_sql(distinct: str, field: str) -> str:
    """
    Return the query for the common values of *field* among *distinct* descriptions.

    Columns: field, value (null: all that are not listed), bits FLOAT. With f the share of descriptions that have the
    value, the bits are log2 of f over the chance that two descriptions share any value (the sum of all f squared),
    within limits.
    """
    least = LEAST_BITS.get(field, LEAST_ORDINARY)
    bits = f"greatest({least}, least({MOST_BITS}, log2(({{0}})::DOUBLE / total / chance)))::FLOAT"
    return f"""
SELECT '{field}' AS field, value, bits FROM (
  WITH value_count AS (
    SELECT {field}::VARCHAR AS value, count(*)::DOUBLE AS n FROM {distinct} WHERE {field} IS NOT NULL GROUP BY {field}
  ),
  whole AS (SELECT sum(n) AS total, sum(n * n) / (sum(n) * sum(n)) AS chance FROM value_count),
  listed AS (
    SELECT value, n FROM value_count WHERE n >= {LEAST_COUNT} ORDER BY n DESC, value LIMIT {TERMS_LIMIT}
  )
  SELECT value, {bits.format("n")} AS bits FROM listed, whole WHERE log2(n / total / chance) > {least}
  UNION ALL
  SELECT CAST(NULL AS VARCHAR), {bits.format(f"coalesce((SELECT min(n) FROM listed), {LEAST_COUNT})")} FROM whole WHERE
  total > 0
)"""
