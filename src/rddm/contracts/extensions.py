"""DuckDB's extensions, as they lie in their wheels: nothing is downloaded, and nothing is installed into anyone's home."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

import duckdb

from rddm.contracts.tables.table import literal


def connect_with_extensions(*names: str, config: Mapping[str, str] | None = None) -> duckdb.DuckDBPyConnection:
    """
    Return a connection to an engine in memory, configured by *config*, with the extensions *names* from their wheels
    (``duckdb-extension-<name>``). It loads nothing by itself, and from here on nothing that DuckDB's makers did not sign.

    The wheels' own files are not checked for the signature: they were checked when they were installed, as the code beside
    them was, and checking the tens of megabytes of each anew took longer than most commands.
    """
    own = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    connection = duckdb.connect(":memory:", config={**own, **(config or {}), "allow_unsigned_extensions": "true"})
    for name in names:
        connection.execute(f"LOAD {literal(extension_place(name))}")
    connection.execute("SET allow_unsigned_extensions = false")  # an engine that runs does not take this back
    return connection


def extension_place(name: str) -> str:
    """Return the path of the file that wheel ``duckdb-extension-<name>`` has for this version of DuckDB."""
    folder = files(f"duckdb_extension_{name}") / "extensions" / f"v{duckdb.__version__}"
    return str(folder / f"{name}.duckdb_extension")
