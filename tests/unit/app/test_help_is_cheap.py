from __future__ import annotations

import subprocess
import sys

HEAVY = (
    "duckdb",
    "pyarrow",
    "psycopg",
    "numpy",
    "pydantic",
    "sqlalchemy",
    "rddm.pipeline",
    "rddm.store",
    "rich.progress",
)


def test_the_command_line_imports_nothing_heavy_before_a_command_runs() -> None:
    program = f"import sys, rddm.app.cli; print([name for name in {HEAVY} if name in sys.modules])"
    command = [sys.executable, "-c", program]
    loaded = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - our own
    assert loaded.strip() == "[]"
