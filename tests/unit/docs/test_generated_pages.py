"""The reference pages that are made from the code say what the code says."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from rddm.contracts.errors import ConservationError, RunInProgress


@pytest.fixture(scope="module")
def generate(root: Path) -> ModuleType:
    specification = importlib.util.spec_from_file_location("docs_generate", root / "docs/generate.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def made(generate: ModuleType) -> dict[str, str]:
    pages: dict[str, str] = generate.pages()
    return pages


def test_generated_pages_are_up_to_date(made: dict[str, str], root: Path) -> None:
    for name, text in made.items():
        written = (root / "docs/reference" / name).read_text(encoding="utf-8")
        assert written == text, f"docs/reference/{name} is out of date: make docs"


def test_every_command_has_its_section(made: dict[str, str]) -> None:
    for command in ("init", "run", "quarantine fix", "person why", "lake maintain", "demo"):
        assert f"\n## rddm {command}\n" in made["command-line.md"]
    assert "| `--reason` | `TEXT` | required |" in made["command-line.md"]


def test_every_error_has_its_exit_code(made: dict[str, str]) -> None:
    for error in (RunInProgress, ConservationError):
        assert f"| {error.exit_code} | `{error.__name__}` |" in made["exit-codes.md"]


def test_the_tables_are_those_of_the_default_model(made: dict[str, str]) -> None:
    text = made["tables.md"]
    assert "\n### `warehouse.person_record`\n" in text
    assert "| `snils` | text | Pension insurance number" not in text, "types are spelt as the lake spells them"
    assert "| `snils` | VARCHAR | Pension insurance number" in text


def test_help_becomes_markdown_with_its_examples_in_a_block(generate: ModuleType) -> None:
    text = "Say it.\n\n[bold]Examples[/bold]\n\n  rddm a\n\n  rddm b\n\nMore."
    assert generate._help(text) == "Say it.\n\nExamples\n\n```text\nrddm a\n\nrddm b\n```\n\nMore."
