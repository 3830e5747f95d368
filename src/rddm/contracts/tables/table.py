"""What a table is to the rooms that share it: a name, a grain and columns with their meaning."""

from __future__ import annotations

from dataclasses import dataclass

ROW_NUMBER = "file_row_number"
"""What the engine calls the place of a row in its file; a column of that name would hide it."""


@dataclass(frozen=True)
class Column:
    """A column; ``type`` is DuckDB's spelling. ``description`` becomes the comment on the published column."""

    name: str
    type: str
    description: str


@dataclass(frozen=True)
class Table:
    """
    A table; ``grain`` says what one row is.

    ``found_by``: the column by which a few of very many rows are looked up, if the lake is to keep them in its order.
    """

    schema: str
    name: str
    grain: str
    columns: tuple[Column, ...]
    found_by: str | None = None

    @property
    def own_order(self) -> str | None:
        """
        The column that the lake has only to keep the rows in order, where they are found by ids: a BIGINT, see
        `rddm.contracts.ids.id_order_sql`. Its engine leaves out parts of a file by the bounds of numbers, and not by those of
        ids (DuckDB 1.5.5).
        """
        is_id = any(column.name == self.found_by and column.type == "UUID" for column in self.columns)
        return order_column(self.found_by) if self.found_by and is_id else None

    @property
    def order(self) -> str | None:
        """The column that the lake's rows are sorted by, once it was told to keep them in order."""
        return self.own_order or self.found_by

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


def quote(identifier: str) -> str:
    """
    Return *identifier* as a quoted SQL identifier (SQL:2023 §5.2), the same in DuckDB and PostgreSQL.

    >>> quote('tel "mob" 2')
    '"tel ""mob"" 2"'
    """
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """
    Return *text* as a SQL string literal.

    >>> literal("д'Артаньян")
    "'д''Артаньян'"
    """
    return "'" + text.replace("'", "''") + "'"


def order_column(column: str) -> str:
    """Return what the column is called that has the order of the ids in *column*."""
    return f"{column}_order"


def create_table_sql(catalog: str, table: Table) -> str:
    """Return the statement that creates *table* in *catalog* unless it is there."""
    columns = ", ".join(f"{quote(column.name)} {column.type}" for column in table.columns)
    return f"CREATE TABLE IF NOT EXISTS {catalog}.{quote(table.schema)}.{quote(table.name)} ({columns})"
