"""The tables that stages exchange, one file per layer of the lake: their names, grain, columns and meaning."""

from rddm.contracts.tables.table import ROW_NUMBER, Column, Table, create_table_sql, literal, order_column, quote

__all__ = ["ROW_NUMBER", "Column", "Table", "create_table_sql", "literal", "order_column", "quote"]
