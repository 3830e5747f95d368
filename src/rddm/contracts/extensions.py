"""DuckDB's extensions, as they lie in their wheels: nothing is downloaded, and nothing is installed into anyone's home."""

from __future__ import annotations

from importlib.resources import files

import duckdb

from rddm.contracts.tables.table import literal


def load_extension_sql(name: str) -> str:
    """Return the statement that loads extension *name* from its wheel (``duckdb-extension-<name>``)."""
    place = files(f"duckdb_extension_{name}") / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
    return f"LOAD {literal(str(place))}"
