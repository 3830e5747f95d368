"""The tables that stages exchange, one file per layer of the lake: their names, grain, columns and meaning."""

from rddm.contracts.tables.table import (
    ORDER_TYPE,
    ROW_NUMBER,
    Column,
    Table,
    columns_sql,
    create_table_sql,
    literal,
    order_column,
    quote,
)

__all__ = [
    "ORDER_TYPE",
    "ROW_NUMBER",
    "Column",
    "Table",
    "columns_sql",
    "create_table_sql",
    "literal",
    "order_column",
    "quote",
]
