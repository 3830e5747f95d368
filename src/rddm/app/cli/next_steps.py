"""What to do next where a source of a demo fails, as its folder shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rddm.project.settings import ProjectSettings

DEMO_VARIABLE = "RDDM_DEMO_TOKEN"
"""The variable that holds the token of the demo's service; `rddm.demo` names it too, but takes a second to import."""
DEMO_NOTE = "demo.json"
"""The file that tells a demo's folder."""


def next_steps(settings: ProjectSettings, failed: Sequence[str]) -> list[str]:
    """Return what helps the *failed* sources, beside what their errors say: of a demo, how its services are brought up."""
    served = any(_is_served(settings, source) for source in failed)
    return [demo_step(settings.root)] if served and is_demo(settings.root) else []


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
