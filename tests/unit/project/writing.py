"""Tiny projects for tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rddm.contracts.errors import ConfigurationError
from rddm.project.load import load_project


def write_project(root: Path, **files: str | bytes) -> Path:
    """Write rddm.yaml, model.yaml and sources (any other name) under *root*; rddm.yaml has a name unless given."""
    (root / "sources").mkdir(exist_ok=True)
    for name, text in {"rddm": "name: youth\n", **files}.items():
        folder = root if name in {"rddm", "model"} else root / "sources"
        (folder / f"{name}.yaml").write_bytes(text.encode() if isinstance(text, str) else text)
    return root


def messages(root: Path, environment: Mapping[str, str] | None = None) -> list[str]:
    """Return what is wrong with the project at *root*; nothing when it loads."""
    try:
        load_project(root, environment or {})
    except ConfigurationError as error:
        return [str(problem) for problem in error.problems]
    return []
