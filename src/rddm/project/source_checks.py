"""What types alone cannot say about a source: that its mapping fits the model and the other sources."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rddm.contracts.errors import ConfigurationProblem
from rddm.project.document import Node
from rddm.project.settings import Model, SourceSettings


def source_problems(
    name: str,
    settings: SourceSettings,
    node: Node,
    model: Model,
    sources: Mapping[str, SourceSettings | None],
    root: Path,
) -> list[ConfigurationProblem]:
    return []
