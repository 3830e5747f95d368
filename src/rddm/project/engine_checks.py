"""What types alone cannot say about ``rddm.yaml``: that the engine can take what it is given."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rddm.contracts.errors import ConfigurationProblem
from rddm.project.document import Node
from rddm.project.settings import ProjectSettings

_SIZE = re.compile(r"\s*[0-9]+(?:\.[0-9]+)?\s*(?:[KMGT]i?B|B)\s*", re.IGNORECASE)
_SHARE = re.compile(r"([0-9]+(?:\.[0-9]+)?)%")


def engine_problems(settings: ProjectSettings, node: Node) -> Iterator[ConfigurationProblem]:
    """Yield what is wrong with the engine's settings, which were read from the tree *node*."""
    limit = node.entries.get("engine", node).entries.get("memory_limit")
    if limit is not None and not limit.unknown and not _is_memory(settings.engine.memory_limit):
        yield limit.problem(
            "this is no amount of memory.",
            "Write a size such as `8GB`, or a share of the machine's memory such as `70%`.",
        )


def _is_memory(text: str) -> bool:
    share = _SHARE.fullmatch(text)
    return bool(_SIZE.fullmatch(text)) if share is None else 0 < float(share[1]) <= 100
