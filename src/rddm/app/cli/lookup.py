"""``rddm person lookup``: do we know this person? Asked before one is created."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rddm.app.cli.options import JsonOption, LimitOption, ProjectOption, can_be_written, find_project
from rddm.contracts.errors import ConfigurationError, ConfigurationProblem, NotFound, TooLittle, Undecided

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rddm.contracts.errors import RddmError
    from rddm.resolve.known import Verdict

LOOKUP_HELP = """
Do we know this person? Matches what you type with everybody's records, by the weights in use, as the last run published them.

Any field of the model that tells people apart is an option: --last-name, --first-name, --middle-name, --birth-date, --phone,
--email, --snils, --region, … What is typed is mended as deliveries are. Ends with 0 when the person is known, with 8 when it is
not sure and somebody has to look, with 7 when nobody is known, and with 9 when it was too little to look for anybody by: a family
name alone, or what too many share.

Shows ids and what agrees, never what is stored. With --stdin the fields come as a JSON object on standard input, so that they
do not show in the list of processes.

[bold]Examples[/bold]

  rddm person lookup --last-name Щербакова --first-name Аня --birth-date 14.05.2009
  rddm person lookup --first-name Anna --phone "8 (916) 123-45-67" --json
  rddm person lookup --stdin --json < typed.json
"""
ANY_FIELD: dict[str, Any] = {"allow_extra_args": True, "ignore_unknown_options": True}
StdinOption = Annotated[bool, typer.Option("--stdin", help="Read the fields as a JSON object from standard input.")]
ENDS_WITH: Mapping[Verdict, type[RddmError]] = {"possible": Undecided, "unknown": NotFound, "too_little": TooLittle}
"""What a verdict ends with; "known" ends well."""
_PLACE = "rddm person lookup"


def lookup_command(
    context: typer.Context,
    stdin: StdinOption = False,  # noqa: FBT002
    limit: LimitOption = 5,
    project: ProjectOption = None,
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    from rddm.app import wire  # noqa: PLC0415 - see the room's docstring
    from rddm.app.cli.output import show  # noqa: PLC0415
    from rddm.app.cli.render.lookup import draw_answer  # noqa: PLC0415

    given = fields_of(context.args) | (_read_json(sys.stdin.buffer.read()) if stdin else {})
    with wire.open_people(find_project(project), os.environ) as people:
        strange = [name for name in given if name not in people.model_fields]
        if strange or not given:
            from rddm.serve.known import field_shown  # noqa: PLC0415 - see the room's docstring

            what = f"the model has no field {field_shown(strange[0])}." if strange else "there is no field to look for."
            raise _refused(what, f"Fields that are compared: {', '.join(map(option_of, people.fields))}.")
        answer = people.look_up(given, wire.now_utc().date(), limit)
    show(answer, lambda: draw_answer(answer), as_json=as_json)
    if answer.verdict != "known":
        raise typer.Exit(ENDS_WITH[answer.verdict].exit_code)


def option_of(field: str) -> str:
    """Return the option by which a field of the model is given."""
    return f"--{field.replace('_', '-')}"


def fields_of(arguments: Sequence[str]) -> dict[str, str]:
    """
    Return the fields that *arguments* give, as ``--last-name TEXT`` or ``--last-name=TEXT``.

    >>> fields_of(["--last-name", "Орлова", "--phone=89161234567"])
    {'last_name': 'Орлова', 'phone': '89161234567'}

    Raises:
        ConfigurationError: something else stands among them.
    """
    texts: dict[str, str] = {}
    waiting = list(arguments)
    while waiting:
        option, is_joined, text = waiting.pop(0).partition("=")
        if not option.startswith("--"):
            raise _refused("something stands there that belongs to no option.", "Write it as --last-name TEXT.")
        if not is_joined:
            if not waiting:
                raise _refused(f"{option} has no value.", f"Write it as {option} TEXT.")
            text = waiting.pop(0)
        texts[option.removeprefix("--").replace("-", "_")] = text
    return texts


def _read_json(given: bytes) -> dict[str, Any]:
    """
    Return the fields that the JSON object *given* holds.

    Raises:
        ConfigurationError: it is none, or a name or value in it holds half a character.
    """
    try:
        fields = json.loads(given)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise _refused(
            "standard input holds no JSON object.", 'Give one in UTF-8 such as {"last_name": "…", "phone": "…"}.'
        )
    if not all(can_be_written(each) for pair in fields.items() for each in pair if isinstance(each, str)):
        raise _refused("a field's value is no text.", "Give it in UTF-8.")
    return {name: value for name, value in fields.items() if value is not None}


def _refused(message: str, fix: str) -> ConfigurationError:
    return ConfigurationError(ConfigurationProblem(_PLACE, 0, "", message, fix))
