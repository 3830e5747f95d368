"""Build the real things: settings from files, PostgreSQL, the lake, the clock. Nothing else creates any of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rddm.contracts.errors import ConfigurationError, ConfigurationProblem, NotFound, SourceError
from rddm.project.load import load_project
from rddm.project.settings import ProjectSettings
from rddm.serve.reading import Reading
from rddm.store.control import Control
from rddm.store.database import Database
from rddm.store.embedded import LOG, start_embedded
from rddm.store.erasures import SECRET_VARIABLE, Erasures
from rddm.store.lake import Lake, open_lake

if TYPE_CHECKING:
    from rddm.pipeline.run import Warehouse
    from rddm.project.settings import SourceEntity
    from rddm.serve.known import KnownPeople
    from rddm.sources.protocol import Source

STATE_FOLDER = ".rddm"
DATABASE_URL = "RDDM_DATABASE_URL"
READING_MEMORY = "25%"
"""Of the machine's memory: a reading must leave a run that is active room to breathe."""
STAND_INS = ("not-set", "https://not-set.invalid", "postgresql://not-set.invalid/not-set")
"""For variables that are not set, where they do not matter; the first that the settings accept is taken."""
NOTHING_RUN = "There is no data here yet: nothing has been run. Start with `rddm run`."


def now_utc() -> datetime:
    """The time as naive UTC, as the lake keeps it."""
    return datetime.now(UTC).replace(tzinfo=None)


def open_database(settings: ProjectSettings, environment: Mapping[str, str]) -> Database:
    """Return the project's PostgreSQL: the one named in the environment, else in rddm.yaml, else the embedded one."""
    url = environment.get(DATABASE_URL)
    if not url and settings.database.url is not None:
        url = settings.database.url.get_secret_value()
    if url:
        return Database(url)
    data = settings.root / STATE_FOLDER / "pg"
    return Database(start_embedded(data), log=data / LOG)


@contextmanager
def open_warehouse(root: Path, environment: Mapping[str, str]) -> Iterator[Warehouse]:
    """
    Yield the warehouse of the project in *root*, ready for a run. A source whose secrets are not set cannot be read; all else
    can be done.

    Raises:
        ConfigurationError: the project's files are wrong, or what is not set stands elsewhere than in a source's connector.
        StoreError: PostgreSQL or the lake cannot be opened.
    """
    settings, missing = _load_without_secrets(root, environment, _is_in_use)
    database = open_database(settings, environment)
    with ExitStack() as opened:
        with database.opening():
            database.migrate()
            folder = settings.root / STATE_FOLDER
            lake = opened.enter_context(open_lake(database.conninfo, folder, settings.storage, settings.engine))
        yield _warehouse(settings, missing, database, lake, Erasures(database, environment.get(SECRET_VARIABLE)))


@contextmanager
def open_reading(root: Path, environment: Mapping[str, str]) -> Iterator[Reading]:
    """
    Yield the warehouse of the project in *root* for reading and for a steward's word: no lock, nothing written to the lake, while
    a run may be active. Schema ``control`` is brought to this version's form.

    Raises:
        ConfigurationError: the project's files are wrong.
        NotFound: nothing has ever been run here.
        StoreError: PostgreSQL or the lake cannot be opened.
    """
    settings = load_for_reading(root, environment)
    if not _has_run(settings, environment):
        raise NotFound(NOTHING_RUN)
    database = open_database(settings, environment)
    with database.connect() as connection:
        row = connection.execute("SELECT to_regclass('control.run'), to_regclass('lake.ducklake_snapshot')").fetchone()
    if row is None or None in row:
        raise NotFound(NOTHING_RUN)
    if not database.is_migrated():
        with database.opening():
            database.migrate()
    engine = settings.engine.model_copy(update={"memory_limit": READING_MEMORY})
    folder = settings.root / STATE_FOLDER
    with open_lake(database.conninfo, folder, settings.storage, engine, read_only=True) as lake:
        yield Reading(settings, lake, database, Control(database), folder)


@contextmanager
def open_people(root: Path, environment: Mapping[str, str]) -> Iterator[KnownPeople]:
    """
    Yield the people of the project in *root*, ready to be asked about; needs the shop window only, not the lake.

    Raises:
        ConfigurationError: the project's files are wrong.
        NotFound: nothing was published here yet, or the model has no people.
        StoreError: PostgreSQL cannot be reached.
    """
    from rddm.serve.known import open_known_people  # noqa: PLC0415 - a reading needs none of it
    from rddm.serve.lookup import people_in  # noqa: PLC0415

    settings = load_for_reading(root, environment)
    if not _has_run(settings, environment):
        raise NotFound(NOTHING_RUN)
    entity = people_in(settings.model)
    with open_known_people(open_database(settings, environment), entity, settings.model.entities[entity]) as people:
        yield people


def load_for_reading(root: Path, environment: Mapping[str, str]) -> ProjectSettings:
    """
    Return the project's settings without the sources' secrets: who only looks at the warehouse need not have them.

    Raises:
        ConfigurationError: the project's files are wrong, or what is not set is the database's or the storage's.
    """
    return _load_without_secrets(root, environment, _holds)[0]


def _load_without_secrets(
    root: Path, environment: Mapping[str, str], matters: Callable[[ProjectSettings, str], bool]
) -> tuple[ProjectSettings, Sequence[ConfigurationProblem]]:
    """
    Return the project's settings, with stand-ins for variables that are not set, and a problem for each of these.

    *matters*: whether a stand-in is where it cannot stand.
    """
    try:
        return load_project(root, environment), ()
    except ConfigurationError as error:
        for stand_in in STAND_INS:
            with suppress(ConfigurationError):
                settings = load_project(root, _Lenient(environment, stand_in))
                if not matters(settings, stand_in):
                    return settings, error.problems
        raise error from None


class _Lenient(dict[str, str]):
    """An environment in which every variable is set."""

    def __init__(self, environment: Mapping[str, str], stand_in: str) -> None:
        super().__init__(environment)
        self._stand_in = stand_in

    def get(self, name: str, default: object = None) -> str:
        del default
        return super().get(name, self._stand_in)


def _holds(settings: ProjectSettings, stand_in: str) -> bool:
    storage, url = settings.storage, settings.database.url
    secrets = [each.get_secret_value() for each in (url, storage.s3_access_key, storage.s3_secret_key) if each]
    return any(
        stand_in in text for text in [*secrets, storage.path, storage.s3_endpoint or "", settings.engine.memory_limit]
    )


def _is_in_use(settings: ProjectSettings, stand_in: str) -> bool:
    """Whether *stand_in* is anywhere but in a connector, which is used only when its source is read."""
    connectors = {name: {"entities": {"__all__": {"connector"}}} for name in settings.sources}
    return _holds(settings, stand_in) or stand_in in settings.model_dump_json(exclude={"sources": connectors})


def _has_run(settings: ProjectSettings, environment: Mapping[str, str]) -> bool:
    """Tell an empty project apart without starting a server for it."""
    has_own = bool(environment.get(DATABASE_URL)) or settings.database.url is not None
    return has_own or (settings.root / STATE_FOLDER / "pg" / "PG_VERSION").exists()


def _warehouse(
    settings: ProjectSettings,
    missing: Sequence[ConfigurationProblem],
    database: Database,
    lake: Lake,
    erasures: Erasures,
) -> Warehouse:
    # Here, because a reading needs none of it, and it takes a second to import.
    from rddm.conform.values import RULES_VERSION  # noqa: PLC0415
    from rddm.pipeline.run import Warehouse  # noqa: PLC0415
    from rddm.project.hashes import conforming_hash  # noqa: PLC0415
    from rddm.project.order import entities_in_parent_order  # noqa: PLC0415
    from rddm.serve.publish import last_published, note_published, publish  # noqa: PLC0415
    from rddm.sources.open import open_source  # noqa: PLC0415

    missing_of = {Path(each.file).stem: each for each in reversed(missing)}

    def open_entity(source: str, name: str, entity: SourceEntity) -> Source:
        if source in missing_of:
            problem = missing_of[source]
            raise SourceError(source, name, str(replace(problem, fix="")), problem.fix)
        return open_source(settings.root, source, name, entity.connector)

    def publish_changes(at: datetime, progress: Callable[[str], None]) -> Mapping[str, tuple[int, int]]:
        return publish(lake, database, settings.model, entities_in_parent_order(settings.model), at, progress).rows

    return Warehouse(
        settings=settings,
        conforming_hashes={
            (source.name, name): conforming_hash(settings, source.name, name, rules_version=str(RULES_VERSION))
            for source in settings.sources.values()
            for name in source.entities
        },
        lake=lake,
        database=database,
        control=Control(database),
        erasures=erasures,
        open_source=open_entity,
        publish=publish_changes,
        last_published=lambda: last_published(database),
        note_published=lambda at: note_published(lake, database, at),
        now=now_utc,
    )
