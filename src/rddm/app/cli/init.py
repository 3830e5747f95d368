"""``rddm init``: a new project, or the draft of a source in one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rddm.app.cli.options import JsonOption, ProjectOption, find_project
from rddm.contracts.errors import ConfigurationError, ConfigurationProblem

if TYPE_CHECKING:
    from rddm.app.drafting import Drafted

HELP = """
Write a new project, or, with --from, look at a source and draft its mapping.

The draft maps the columns that are recognised by their name or content and lists the others; no data is kept. Nothing
that exists is overwritten.

[bold]Examples[/bold]

  rddm init my-warehouse
  rddm init --from ../exports/users.csv --name camps
  rddm init --from "s3://exports/members/*.parquet"
  rddm init --from 'postgresql://reader:${CRM_PASSWORD}@db/crm' --table users
  rddm init --from https://crm.example.org/api/users --token-variable CRM_TOKEN
"""
IGNORE_FILE = ".gitignore"


def init_command(  # noqa: PLR0913 - the options of the command line
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="The new project's folder. Default: this folder.", show_default=False),
    ] = None,
    source: Annotated[
        str | None, typer.Option("--from", metavar="FILE_OR_URL", help="Look at this source and draft its file.")
    ] = None,
    source_name: Annotated[
        str | None, typer.Option("--name", metavar="SOURCE", help="What to call the source.", show_default=False)
    ] = None,
    table: Annotated[str | None, typer.Option("--table", metavar="NAME", help="Of a database: the table.")] = None,
    entity: Annotated[
        str | None, typer.Option("--entity", metavar="NAME", help="What the source calls its records.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="ENTITY", help="What they become. Default: guessed.", show_default=False),
    ] = None,
    token_variable: Annotated[
        str | None,
        typer.Option("--token-variable", metavar="NAME", help="Of a service: the variable with its bearer token."),
    ] = None,
    project: ProjectOption = None,
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    if source is None:
        _new_project(Path(name) if name is not None else Path.cwd(), as_json=as_json)
        return
    from rddm.app.cli.output import print_drawn, print_json  # noqa: PLC0415
    from rddm.app.cli.render.draft import draw_draft  # noqa: PLC0415
    from rddm.app.drafting import draft_source, guess_place  # noqa: PLC0415
    from rddm.project.draft import source_yaml  # noqa: PLC0415
    from rddm.project.load import load_model  # noqa: PLC0415
    from rddm.project.validation import identifier_from  # noqa: PLC0415

    root = find_project(project)
    its_model = load_model(root, os.environ)
    place = guess_place(root, source, table, token_variable, source_name)
    called = identifier_from(source_name or place.name) or "source"
    target = root / "sources" / f"{called}.yaml"
    if target.exists():
        raise _refused(
            f"sources/{called}.yaml",
            "it exists already and is not overwritten.",
            "Give another --name, or take it away.",
        )
    drafted = draft_source(root, its_model, place, entity=entity, model_entity=model)
    target.parent.mkdir(exist_ok=True)
    target.write_text(source_yaml(drafted.draft), encoding="utf-8")
    left = _left_to_do(root, f"sources/{called}.yaml", drafted)
    if as_json:
        print_json(
            {
                "source": called,
                "file": str(target),
                "columns": drafted.columns,
                "recognised": drafted.recognised,
                "left_to_do": left,
            }
        )
    else:
        print_drawn(draw_draft(drafted, str(target), left))


def _new_project(folder: Path, *, as_json: bool) -> None:
    from rddm.app.cli.output import print_json  # noqa: PLC0415
    from rddm.project.init import new_project_files  # noqa: PLC0415

    files = new_project_files(folder.resolve().name)
    for path in files:
        if path != IGNORE_FILE and (folder / path).exists():
            raise _refused(str(folder / path), "it exists already; nothing is overwritten.", "Choose another folder.")
    written = []
    for path, text in files.items():
        target = folder / path
        if target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        written.append(path)
    if as_json:
        print_json({"project": str(folder.resolve()), "files": written})
        return
    go_there = "" if folder.resolve() == Path.cwd().resolve() else f"  cd {folder}\n"
    typer.echo(
        f"A new warehouse project in {folder}: {', '.join(written)}.\n\nGo on with\n{go_there}"
        "  rddm init --from FILE_OR_URL   # look at a source, draft its mapping\n"
        "  rddm check                     # is everything right?\n"
        "  rddm run                       # read, clean, match, publish"
    )


def _left_to_do(root: Path, file: str, drafted: Drafted) -> list[str]:
    from rddm.app.wire import load_for_reading  # noqa: PLC0415

    left = [*drafted.warnings]
    left += [f"Set {name} in the environment." for name in drafted.variables if name not in os.environ]
    try:
        load_for_reading(root, os.environ)
    except ConfigurationError as error:
        left += [str(problem) for problem in error.problems if problem.file == file]
    return left


def _refused(file: str, message: str, fix: str) -> ConfigurationError:
    return ConfigurationError(ConfigurationProblem(file, 0, "", message, fix))
