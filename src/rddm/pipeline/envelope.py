"""The settings by which key, time and deletion of a source's records are read, when they change under what was read."""

from __future__ import annotations

import json
from dataclasses import dataclass

from rddm.contracts.errors import SourceError
from rddm.contracts.tables.raw import CURSOR, SCHEMA
from rddm.project.hashes import envelope_settings
from rddm.project.settings import ProjectSettings, SourceEntity
from rddm.store.lake import CATALOG, Lake


@dataclass(frozen=True)
class EnvelopeChange:
    """The ``settings`` of an entity that are not those its records were read with; ``error`` when that is refused."""

    source: str
    entity: str
    settings: tuple[str, ...]
    error: SourceError | None

    def __str__(self) -> str:
        if self.error is not None:
            return f"The next run that reads it refuses it: {self.error}"
        were = "was" if len(self.settings) == 1 else "were"
        return (
            f'source "{self.source}", entity {self.entity}: {", ".join(self.settings)} {were} changed since its records were'
            " read. The next run that reads it applies that to all of them."
        )


def envelope_changes(lake: Lake, settings: ProjectSettings) -> list[EnvelopeChange]:
    """Return what changed of the envelopes of a project's sources since their records were read, in the project's order."""
    rows = lake.connection.execute(f"SELECT source, entity, envelope FROM {CATALOG}.{SCHEMA}.{CURSOR.name}").fetchall()
    read = {(source, entity): envelope for source, entity, envelope in rows}
    changes = [
        envelope_change(source.name, name, read.get((source.name, name)), entity)
        for source in settings.sources.values()
        for name, entity in source.entities.items()
    ]
    return [change for change in changes if change is not None]


def envelope_change(source: str, entity: str, read_with: str | None, settings: SourceEntity) -> EnvelopeChange | None:
    """Return what changed of one envelope since its records were read, *read_with* these, JSON; None when nothing did."""
    now = envelope_settings(settings)
    if read_with is None or read_with == now:
        return None
    before, after = json.loads(read_with), json.loads(now)
    changed = tuple(name for name in after if before.get(name) != after[name])
    error = None
    if "key" in changed:
        error = SourceError(
            source,
            entity,
            f"its key was {', '.join(before['key'])} when its records were read, and they are known by that.",
            "Set it back in the mapping. Or give the source another name, by which all of it is read anew, and take what was"
            f" read under this one out: `rddm sources remove {source}`.",
        )
    return EnvelopeChange(source, entity, changed, error)
