from __future__ import annotations

from pathlib import Path

import pytest

from rddm.demo import REST_TOKEN, REST_TOKEN_VARIABLE, write_project
from rddm.demo.nine import SERVICES
from rddm.demo.participations import EVENT_ENTITIES
from rddm.demo.rates import DIRT, LIFE, RECORDS, SECOND_DAY, Rate, as_markdown
from rddm.project.load import load_project
from rddm.project.settings import FileConnector, ProjectSettings

ADDRESSES = {"rest_url": "http://127.0.0.1:8000", "postgres_url": "postgresql:///office"}


@pytest.fixture
def project(first_day: Path, tmp_path: Path) -> ProjectSettings:
    write_project(tmp_path, first_day, **ADDRESSES)
    return load_project(tmp_path, {REST_TOKEN_VARIABLE: REST_TOKEN})


def test_the_project_is_valid_and_has_the_nine(project: ProjectSettings) -> None:
    assert set(project.sources) == {service.name for service in SERVICES}


def test_the_truth_names_the_entities_as_the_project_does(project: ProjectSettings) -> None:
    for service in SERVICES:
        assert project.sources[service.name].entities[service.entity].model == "person"
    for source, entity in EVENT_ENTITIES.items():
        assert (project.sources[source].entities[entity].model or entity) == "event"


def test_every_file_that_the_project_reads_is_there(project: ProjectSettings) -> None:
    for source in project.sources.values():
        for entity in source.entities.values():
            if isinstance(entity.connector, FileConnector):
                path = project.root / str(entity.connector.path)
                assert list(path.parent.glob(path.name)), path.name


def test_services_beside_the_project_are_named_by_the_way_from_there(tmp_path: Path) -> None:
    write_project(tmp_path / "warehouse", tmp_path / "services", **ADDRESSES)
    assert "../services/register/" in (tmp_path / "warehouse" / "sources" / "register.yaml").read_text(encoding="utf-8")
    write_project(tmp_path / "warehouse", tmp_path / "warehouse" / "in", **ADDRESSES)
    assert '"in/register/' in (tmp_path / "warehouse" / "sources" / "register.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("rates", [LIFE, RECORDS, DIRT, SECOND_DAY])
def test_the_documentation_states_the_rates_as_they_are(rates: dict[str, Rate]) -> None:
    page = Path(__file__).parents[3] / "docs" / "explanation" / "demo-world.md"
    assert as_markdown(rates) in page.read_text(encoding="utf-8")
