"""The files of a new project: commented, and valid as they stand."""

from __future__ import annotations

from importlib import resources

from rddm.project.validation import identifier_from

TEMPLATES = {
    "rddm.yaml": "rddm.yaml",
    "model.yaml": "model.yaml",
    "sources/example.yaml.sample": "example.yaml.sample",
    ".gitignore": "gitignore",
}
"""Path in the project: the template."""


def new_project_files(name: str) -> dict[str, str]:
    """
    Return the files of a new project called *name*: relative path → text. `load_project` accepts them as they are.

    A *name* that is no name of a project (``My Warehouse``) is made one (``my_warehouse``).
    """
    folder = resources.files("rddm.project").joinpath("templates")
    files = {path: folder.joinpath(template).read_text(encoding="utf-8") for path, template in TEMPLATES.items()}
    files["rddm.yaml"] = files["rddm.yaml"].replace("warehouse_name", identifier_from(name) or "warehouse", 1)
    return files
