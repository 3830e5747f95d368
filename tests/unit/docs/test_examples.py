"""The how-to guides' YAML loads, and their connector reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rddm.project.load import load_project
from rddm.project.settings import ProjectSettings
from rddm.sources import open_source

_BLOCK = re.compile(r"^```(?:yaml|python)\n# (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_VARIABLE = re.compile(r"\$\{(\w+)\}")
GUIDES = ("map-a-source", "write-a-connector", "redrive-quarantine", "judge-people", "own-postgresql-and-s3")


def _write(folder: Path, files: dict[str, str]) -> ProjectSettings:
    for name, text in {"rddm.yaml": "name: guide\n", **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    names = {name for text in files.values() for name in _VARIABLE.findall(text)}
    return load_project(folder, dict.fromkeys(names, "postgresql://stand-in.example.org/x"))


def _blocks(root: Path, guide: str) -> list[tuple[str, str]]:
    return _BLOCK.findall((root / f"docs/how-to/{guide}.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize("guide", GUIDES)
def test_the_yaml_of_a_guide_loads(guide: str, root: Path, tmp_path: Path) -> None:
    blocks = _blocks(root, guide)
    assert blocks
    together: dict[str, str] = {}
    for number, (file, text) in enumerate(blocks):
        if file in together:  # another way to write the same file
            _write(tmp_path / str(number), {file: text})
        else:
            together[file] = text
    settings = _write(tmp_path / "together", together)
    assert {f"sources/{name}.yaml" for name in settings.sources} == {each for each in together if "sources/" in each}


def test_every_yaml_block_of_the_guides_says_which_file_it_is(root: Path) -> None:
    for page in (root / "docs/how-to").glob("*.md"):
        text = page.read_text(encoding="utf-8")
        assert len(re.findall(r"^```(?:yaml|python)$", text, re.MULTILINE)) == len(_BLOCK.findall(text)), page.name


def test_the_connector_of_the_guide_reads_and_goes_on(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = _write(tmp_path, dict(_blocks(root, "write-a-connector")))
    lists = tmp_path / "data/lists"
    lists.mkdir(parents=True)
    (lists / "a.lst").write_text("anna@pismo.alt\nnobody\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    source = open_source(tmp_path, "lists", "reader", settings.sources["lists"].entities["reader"].connector)
    source.probe()
    [first] = source.read(None)
    assert first.records.to_pylist() == [{"list": "a", "mail": "anna@pismo.alt"}]
    assert [piece.place for piece in first.unreadable] == ["a.lst, line 2"]
    (lists / "b.lst").write_text("boris@pismo.alt\n", encoding="utf-8")
    [second] = source.read(first.cursor)
    assert second.records.to_pylist() == [{"list": "b", "mail": "boris@pismo.alt"}]
    assert source.sample(1).num_rows == 1
