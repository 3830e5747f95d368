"""Rows of the lake to PostgreSQL, by COPY."""

from __future__ import annotations

import io

import psycopg
import pyarrow.csv
from psycopg import sql

from rddm.store.lake import Lake

_BATCH_ROWS = 100_000


def copy_rows(lake: Lake, connection: psycopg.Connection, query: str, target: sql.Identifier) -> int:
    """
    Write the rows of the lake's *query*, all of it text, to the columns of *target* of the same name; return how many.

    By name, because a column that the model got later stands at the end of the table.
    """
    rows = 0
    reader = lake.connection.execute(query).to_arrow_reader(_BATCH_ROWS)
    names = sql.SQL(", ").join(map(sql.Identifier, reader.schema.names))
    options = pyarrow.csv.WriteOptions(include_header=False)
    with connection.cursor().copy(sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(target, names)) as copy:
        for batch in reader:
            sink = io.BytesIO()
            pyarrow.csv.write_csv(batch, sink, options)
            copy.write(sink.getvalue())
            rows += batch.num_rows
    return rows
