from __future__ import annotations

from pathlib import Path

import pytest

from rddm.demo import World, invent_world, write_services

PEOPLE = 3000
SEED = 7


@pytest.fixture(scope="session")
def world() -> World:
    return invent_world(PEOPLE, SEED)


@pytest.fixture(scope="session")
def small_world() -> World:
    return invent_world(300, SEED)


@pytest.fixture(scope="session")
def first_day(small_world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("first") / "services"
    write_services(small_world, folder, 1)
    return folder


@pytest.fixture(scope="session")
def second_day(small_world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("second") / "services"
    write_services(small_world, folder, 1)
    write_services(small_world, folder, 2)
    return folder
