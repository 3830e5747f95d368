"""What to do next where a source fails for a reason that the project's own folder shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rddm.project.settings import ProjectSettings

DEMO_VARIABLE = "RDDM_DEMO_TOKEN"
"""The variable that holds the token of the demo's service; `rddm.demo` names it too, but takes a second to import."""
DEMO_NOTE = "demo.json"
"""The file that tells a demo's folder."""


def next_steps(settings: ProjectSettings, failed: Sequence[tuple[str, str]]) -> list[str]:
    """Return what helps the *failed* (source, entity): of a file that is gone, and of a demo whose services do not run."""
    steps = [step for source, entity in failed if (step := _gone_file(settings, source, entity))]
    served = any(_is_served(settings, source) for source, _ in failed)
    return steps + ([demo_step(settings.root)] if served and is_demo(settings.root) else [])


def is_demo(root: Path) -> bool:
    """Whether *root* is the folder of a demo."""
    return (root / DEMO_NOTE).is_file()


def demo_step(root: Path) -> str:
    """Return how the services of the demo in *root* are brought up."""
    from rddm.demo import REST_TOKEN  # noqa: PLC0415 - it takes a second to import

    return (
        f"This is a demo: its services answer while `rddm demo --serve --folder {root}` runs, in another terminal. Here, first:"
        f" export {DEMO_VARIABLE}={REST_TOKEN}"
    )


def _is_served(settings: ProjectSettings, source: str) -> bool:
    entities = settings.sources[source].entities.values() if source in settings.sources else ()
    return any(each.connector.type in ("rest", "sql") for each in entities)


def _gone_file(settings: ProjectSettings, source: str, entity: str) -> str | None:
    from rddm.project.settings import FileConnector  # noqa: PLC0415 - see the room's docstring

    mapped = settings.sources[source].entities.get(entity) if source in settings.sources else None
    connector = mapped.connector if mapped is not None else None
    if not isinstance(connector, FileConnector) or not connector.path or connector.path.startswith("s3://"):
        return None
    fixed = re.split(r"[*?\[]", connector.path)[0]
    place = fixed if fixed == connector.path else fixed.rpartition("/")[0] or "."
    if (settings.root / place).exists():
        return None
    what = "file" if place == connector.path else "folder"
    return (
        f"{source}/{entity}: the {what} {place} is not there. Deliver it again, or correct `path` in sources/{source}.yaml; the"
        " next run reads it, and what came before stays as it was."
    )
