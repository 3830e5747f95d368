"""The tables that stages exchange, one file per layer of the lake: their names, grain, columns and meaning."""

from rddm.contracts.tables.table import Column, Table, create_table_sql, literal, order_column, quote

__all__ = ["Column", "Table", "create_table_sql", "literal", "order_column", "quote"]
