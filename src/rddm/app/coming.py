"""What the next run will do about settings that changed under what was read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rddm.app.wire import open_reading
from rddm.contracts.errors import NotFound, StoreError
from rddm.contracts.tables.raw import CURSOR, SCHEMA
from rddm.pipeline.envelope import envelope_changes
from rddm.project.settings import ProjectSettings


def changes_to_come(root: Path, environment: Mapping[str, str], settings: ProjectSettings) -> list[str]:
    """
    Return a sentence for each entity whose key, time or deletion is read with other settings than its records were.

    Asks the ledgers of the warehouse, no records; a warehouse that was never run, or cannot be reached, keeps nothing back.
    """
    try:
        with open_reading(root, environment) as reading:
            if not reading.lake.has(SCHEMA, CURSOR.name):
                return []
            return [str(change) for change in envelope_changes(reading.lake, settings)]
    except NotFound:
        return []
    except StoreError as error:
        return [f"Whether settings changed under what was read is not known. {error}"]
