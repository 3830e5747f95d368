"""What a table is to the rooms that share it: a name, a grain and columns with their meaning."""

from __future__ import annotations

from dataclasses import dataclass

ROW_NUMBER = "file_row_number"
"""What the engine calls the place of a row in its file; a column of that name would hide it."""


ORDER_TYPE = "UINTEGER"
"""The type of columns of orders (`Table.order_columns`)."""


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

    ``found_by``: the columns by which a few of very many rows are looked up. ``is_sorted``: the lake is to keep the rows in the
    order of the first of them.
    """

    schema: str
    name: str
    grain: str
    columns: tuple[Column, ...]
    found_by: tuple[str, ...] = ()
    is_sorted: bool = False

    @property
    def order_columns(self) -> dict[str, str]:
        """
        The columns that the lake has beside these, by the ids that rows are found by: see `rddm.contracts.ids.id_order_sql`.

        Its engine leaves out parts of a file by the bounds of numbers, and not by those of ids (DuckDB 1.5.5); and where the
        rows lie in another order, a number is read from end to end sooner than an id.
        """
        ids = {column.name for column in self.columns if column.type == "UUID"}
        return {column: order_column(column) for column in self.found_by if column in ids}

    @property
    def order(self) -> str | None:
        """The column that the lake's rows are sorted by, once it was told to keep them in order."""
        return self.order_columns.get(self.found_by[0], self.found_by[0]) if self.is_sorted else None

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


def columns_sql(table: Table) -> str:
    """Return the names and types of the columns of *table*, those of orders included."""
    columns = [f"{quote(column.name)} {column.type}" for column in table.columns]
    return ", ".join([*columns, *(f"{quote(order)} {ORDER_TYPE}" for order in table.order_columns.values())])


def create_table_sql(catalog: str, table: Table) -> str:
    """Return the statement that creates *table* in *catalog* unless it is there."""
    columns = columns_sql(table)
    return f"CREATE TABLE IF NOT EXISTS {catalog}.{quote(table.schema)}.{quote(table.name)} ({columns})"
