"""Build the real things: settings from files, PostgreSQL, the lake, the clock. Nothing else creates any of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rddm.conform.values import RULES_VERSION
from rddm.pipeline.run import Warehouse
from rddm.project.hashes import entity_fingerprint
from rddm.project.load import load_project
from rddm.project.order import entities_in_parent_order
from rddm.project.settings import ProjectSettings, SourceEntity
from rddm.serve.publish import publish
from rddm.sources.open import open_source
from rddm.sources.protocol import Source
from rddm.store.control import Control
from rddm.store.database import Database
from rddm.store.embedded import start_embedded
from rddm.store.lake import Lake, open_lake

STATE_FOLDER = ".rddm"
DATABASE_URL = "RDDM_DATABASE_URL"


def now_utc() -> datetime:
    """The time as naive UTC, as the lake keeps it."""
    return datetime.now(UTC).replace(tzinfo=None)


def open_database(settings: ProjectSettings, environment: Mapping[str, str]) -> Database:
    """Return the project's PostgreSQL: the one named in the environment, else in rddm.yaml, else the embedded one."""
    url = environment.get(DATABASE_URL)
    if not url and settings.database.url is not None:
        url = settings.database.url.get_secret_value()
    return Database(url or start_embedded(settings.root / STATE_FOLDER / "pg"))


@contextmanager
def open_warehouse(root: Path, environment: Mapping[str, str]) -> Iterator[Warehouse]:
    """
    Yield the warehouse of the project in *root*, ready for a run.

    Raises:
        ConfigurationError: the project's files are wrong.
        StoreError: PostgreSQL or the lake cannot be opened.
    """
    settings = load_project(root, environment)
    database = open_database(settings, environment)
    database.migrate()
    lake = open_lake(database.conninfo, settings.root / STATE_FOLDER, settings.storage, settings.engine)
    try:
        yield _warehouse(settings, database, lake)
    finally:
        lake.connection.close()


def _warehouse(settings: ProjectSettings, database: Database, lake: Lake) -> Warehouse:
    def open_entity(source: str, name: str, entity: SourceEntity) -> Source:
        return open_source(settings.root, source, name, entity.connector)

    def publish_changes(at: datetime, progress: Callable[[str], None]) -> Mapping[str, tuple[int, int]]:
        return publish(lake, database, settings.model, entities_in_parent_order(settings.model), at, progress).rows

    return Warehouse(
        settings=settings,
        fingerprints={
            (source.name, name): entity_fingerprint(settings, source.name, name, rules_version=str(RULES_VERSION))
            for source in settings.sources.values()
            for name in source.entities
        },
        lake=lake,
        database=database,
        control=Control(database),
        open_source=open_entity,
        publish=publish_changes,
        now=now_utc,
    )
