"""The warehouse project that takes the nine services in, as a data engineer would write it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path


def write_project(folder: Path, services: Path, *, rest_url: str, postgres_url: str) -> None:
    """
    Write ``rddm.yaml`` and ``sources/*.yaml`` into *folder*, reading from the services' folder *services*.

    *rest_url* and *postgres_url* are written as given, so ``${NAME}`` works for both; a password belongs into one.
    Paths are relative to *folder* where *services* lies in it or beside it, else absolute.
    """
    (folder / "sources").mkdir(parents=True, exist_ok=True)
    here, there = folder.resolve(), services.resolve()
    places = {
        "@services@": _way(here, there),
        "@rest_url@": rest_url,
        "@postgres_url@": postgres_url,
    }
    templates = files("rddm.demo").joinpath("project")
    (folder / "rddm.yaml").write_text(templates.joinpath("rddm.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    for template in sorted(templates.joinpath("sources").iterdir(), key=lambda entry: entry.name):
        if template.name.endswith(".yaml"):
            filled = _filled(template.read_text(encoding="utf-8"), places)
            (folder / "sources" / template.name).write_text(filled, encoding="utf-8")


def _way(here: Path, there: Path) -> str:
    if there.is_relative_to(here):
        return there.relative_to(here).as_posix()
    if there.is_relative_to(here.parent):
        return f"../{there.relative_to(here.parent).as_posix()}"
    return there.as_posix()


def _filled(text: str, places: Mapping[str, str]) -> str:
    for name, value in places.items():
        text = text.replace(name, value)
    return text
