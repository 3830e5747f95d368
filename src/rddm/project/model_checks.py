"""What types alone cannot say about the unified model: every name it mentions exists, and parents come first."""

from __future__ import annotations

from rddm.contracts.errors import ConfigurationProblem
from rddm.project.document import Node
from rddm.project.settings import Model


def without_removed_fields(node: Node, changes: Node) -> Node:
    return node


def model_problems(model: Model, node: Node, changes: Node | None) -> list[ConfigurationProblem]:
    return []
