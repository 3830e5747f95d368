"""Pairs of stored fingerprints, many at a time, weighed with the model in use: as matching does it, for whoever asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from rddm.contracts.tables import quote
from rddm.resolve.comparisons import compare_sql
from rddm.resolve.keys import common_values_sql, identifier_keys_sql, without_common_sql
from rddm.resolve.weights import Mixture, pattern_bits, weight_sql
from rddm.serve.reading import Reading
from rddm.store.lake import CATALOG, among_sql, load_table

PREFIX = "weighing_"
"""Of the temporary tables that are made here; those of others who weigh begin so too."""


def make_nodes(reading: Reading, entity: str, wanted: str, key_limit: int) -> str:
    """
    Make the table of nodes: n, and the fingerprints that query *wanted* (fingerprint_id) names; return its name.

    Identifiers that more than *key_limit* fingerprints share are taken out: they tell nothing.
    """
    connection = reading.lake.connection
    fingerprint, keys = (f"{CATALOG}.identity.{quote(f'{entity}__{name}')}" for name in ("fingerprint", "key"))
    node, stored, common = (f"{PREFIX}{name}" for name in ("node", "stored", "common"))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {stored} AS SELECT (row_number() OVER () - 1)::INTEGER AS n, *"
        f" FROM {fingerprint} WHERE {among_sql('fingerprint_id', wanted)}"
    )
    shared = f"(SELECT key FROM {keys} WHERE key IN (SELECT key FROM ({identifier_keys_sql(stored)})))"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {common} AS {common_values_sql(shared, key_limit)}")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {node} AS {without_common_sql(stored, common)}")
    return node


def weigh_pairs(reading: Reading, mixture: Mixture, pairs: str, nodes: str) -> str:
    """
    Make the table of *pairs* (a, b, and what else it has) of *nodes*, with pattern, weight and contradiction; return its name.
    """
    connection = reading.lake.connection
    compared, bits, weighed = (f"{PREFIX}{name}" for name in ("compared", "pattern", "weighed"))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {compared} AS {compare_sql(pairs, nodes, families=mixture.families)}"
    )
    patterns = [int(row["pattern"]) for row in reading.rows(f"SELECT DISTINCT pattern FROM {compared} ORDER BY 1")]
    match, family, chance = pattern_bits(mixture, patterns)
    columns = {"pattern": pa.array(patterns, pa.int32())}
    columns |= {name: pa.array(found) for name, found in (("match", match), ("family", family), ("chance", chance))}
    load_table(connection, bits, pa.table(columns))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {weighed} AS SELECT p.*, c.pattern, c.contradiction, round({weight_sql()}, 6) AS weight"
        f" FROM {compared} AS c JOIN {bits} USING (pattern) JOIN {pairs} AS p ON p.a = c.a AND p.b = c.b"
    )
    return weighed


@contextmanager
def taken_away(reading: Reading) -> Iterator[None]:
    """At the end of the block, drop the temporary tables that begin with `PREFIX`."""
    try:
        yield
    finally:
        made = reading.rows(
            f"SELECT table_name FROM duckdb_tables() WHERE temporary AND starts_with(table_name, '{PREFIX}')"
        )
        for row in made:
            reading.lake.connection.execute(f"DROP TABLE {quote(row['table_name'])}")
