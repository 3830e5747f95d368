"""A project's folder -> `ProjectSettings`, or every problem of every file in one error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path

from rddm.contracts.errors import ConfigurationError, ConfigurationProblem
from rddm.project.connector_checks import written_secrets
from rddm.project.document import Node, laid_over, parse_text, read_document, without_nulls
from rddm.project.engine_checks import engine_problems
from rddm.project.expressions import expression_fault
from rddm.project.model_checks import model_problems, without_removed_fields
from rddm.project.settings import Model, ProjectSettings, SourceSettings
from rddm.project.source_checks import Surroundings, source_problems
from rddm.project.source_shape import WRITTEN_IN_SOURCE, as_settings
from rddm.project.validation import IDENTIFIER, IDENTIFIER_RULE, identifier_fix, validated

PROJECT_FILE = "rddm.yaml"
MODEL_FILE = "model.yaml"
SOURCES_FOLDER = "sources"
DEFAULT_MODEL_FILE = "the default model"
WRITTEN_IN_PROJECT = frozenset(ProjectSettings.model_fields) - {"root", "model", "sources"}


def load_project(
    root: Path, environment: Mapping[str, str], binding_fault: Callable[[str], str | None] | None = None
) -> ProjectSettings:
    """
    Return what the project at *root* says: rddm.yaml, model.yaml (optional) and sources/*.yaml.

    ``${NAME}`` in a value is replaced from *environment* and nothing else. Touches no data and opens no connection.
    *binding_fault* says in a sentence why the engine cannot use an SQL expression that reads well; None when it can.
    Raises `ConfigurationError` with every problem found, in the order of files and lines.
    """
    found = _Found(root, environment)
    project = _load_project_file(found)
    model = _load_model(found)
    sources = _load_sources(found)
    if model is not None:
        its_sources = {name: settings for name, (settings, _) in sources.items()}
        around = Surroundings(root, model, its_sources, _sql_fault(binding_fault))
        for settings, node in sources.values():
            found.problems += source_problems(settings, node, around) if settings is not None else ()
    if found.problems or project is None or model is None:
        raise ConfigurationError(*_in_order(found.problems))
    complete = {name: settings for name, (settings, _) in sources.items() if settings is not None}
    return project.model_copy(update={"model": model, "sources": complete})


def _sql_fault(binding_fault: Callable[[str], str | None] | None) -> Callable[[str], str | None]:
    if binding_fault is None:
        return expression_fault
    return lambda sql: expression_fault(sql) or binding_fault(sql)


def load_model(root: Path, environment: Mapping[str, str]) -> Model:
    """
    Return the project's model alone, whatever its sources look like.

    Raises `ConfigurationError` with every problem of rddm.yaml's presence and of model.yaml.
    """
    found = _Found(root, environment)
    model = _load_model(found)
    if model is None:
        raise ConfigurationError(*_in_order(found.problems))
    return model


@dataclass
class _Found:
    root: Path
    environment: Mapping[str, str]
    problems: list[ConfigurationProblem] = field(default_factory=list)

    def read(self, file: str) -> Node | None:
        node, problems = read_document(self.root / file, file, self.environment)
        self.problems += problems
        return node

    def say(self, file: str, message: str, fix: str = "") -> None:
        self.problems.append(ConfigurationProblem(file, 0, "", message, fix))


def _load_project_file(found: _Found) -> ProjectSettings | None:
    if not (found.root / PROJECT_FILE).is_file():
        found.say(
            PROJECT_FILE,
            "there is no such file here.",
            "Go to the project's folder, or write a new project with `rddm init`.",
        )
        return None
    before = len(found.problems)
    node = found.read(PROJECT_FILE)
    if node is None:
        if len(found.problems) == before:
            found.say(PROJECT_FILE, "the file is empty.", "Write at least `name: my_warehouse`.")
        return None
    placeholder = {"root": found.root, "model": Model(entities={}), "sources": {}}
    project, problems = validated(ProjectSettings, without_nulls(node), placeholder, written_keys=WRITTEN_IN_PROJECT)
    written = [node.entries[key] for key in ("root", "model", "sources") if key in node.entries]
    problems += [
        entry.problem("this is not written here.", "The model is in model.yaml, each source in sources/<name>.yaml.")
        for entry in written
    ]
    if project is not None:
        problems += [*engine_problems(project, node), *written_secrets(project, node)]
    found.problems += problems
    return project


@cache
def _default_model() -> Node:
    text = resources.files("rddm.project").joinpath("default_model.yaml").read_text(encoding="utf-8")
    return parse_text(text, DEFAULT_MODEL_FILE)


def _load_model(found: _Found) -> Model | None:
    default = _default_model()
    before = len(found.problems)
    changes = found.read(MODEL_FILE) if (found.root / MODEL_FILE).exists() else None
    if len(found.problems) > before and changes is None:
        return None
    node = default if changes is None else without_removed_fields(laid_over(default, changes), changes)
    model, problems = validated(Model, node)
    if model is not None:
        problems += model_problems(model, node, changes)
    found.problems += problems
    return None if problems else model


def _load_sources(found: _Found) -> dict[str, tuple[SourceSettings | None, Node]]:
    """Return each source file's settings (None when they are wrong) and tree, by name, in the order of names."""
    folder = found.root / SOURCES_FOLDER
    sources: dict[str, tuple[SourceSettings | None, Node]] = {}
    for path in sorted(folder.glob("*")) if folder.is_dir() else ():
        file = f"{SOURCES_FOLDER}/{path.name}"
        if path.suffix == ".yml":
            found.say(file, "files that end in .yml are not read.", f"Rename it to {path.stem}.yaml.")
        if path.suffix != ".yaml" or path.name.startswith("."):
            continue
        before = len(found.problems)
        node = found.read(file)
        if node is None:
            if len(found.problems) == before:
                found.say(file, "the file is empty.", "Describe the source, or take the file away.")
            sources[path.stem] = (None, Node(None, file, 0))
            continue
        if not IDENTIFIER.fullmatch(path.stem):
            found.say(file, f"a source has the name of its file; {IDENTIFIER_RULE}", identifier_fix(path.stem, ".yaml"))
            continue
        shaped, problems = as_settings(node)
        settings, more = validated(SourceSettings, shaped, {"name": path.stem}, written_keys=WRITTEN_IN_SOURCE)
        found.problems += [*problems, *more]
        sources[path.stem] = (settings, shaped)
    return sources


def _in_order(problems: list[ConfigurationProblem]) -> list[ConfigurationProblem]:
    """Return *problems* by file, then line, each once (two entities may share a wrong connector)."""
    files = {PROJECT_FILE: 0, MODEL_FILE: 1}
    unique = dict.fromkeys(problems)
    return sorted(unique, key=lambda problem: (files.get(problem.file, 2), problem.file, problem.line))
