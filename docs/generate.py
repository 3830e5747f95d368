"""Write the reference pages that are made from the code: ``make docs``. A test says whether they are up to date."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from rddm.app.cli import application
from rddm.conform.fields import column_type, conformed_table
from rddm.conform.words import KIND_MEANINGS, REJECTIONS, REPAIRS
from rddm.contracts import errors
from rddm.contracts.errors import RddmError
from rddm.contracts.tables import Table, conformed, golden, identity, raw
from rddm.contracts.tables.golden import ORIGIN_SUFFIX
from rddm.project.load import load_model
from rddm.project.order import entities_in_parent_order
from rddm.project.reference import configuration_reference
from rddm.project.settings import Model, ModelEntity, ModelField, ProbabilisticIdentity
from rddm.serve.publish import published_tables

REFERENCE = Path(__file__).parent / "reference"
GENERATED = "Generated from the code by `make docs`; do not edit it."
MARKUP = re.compile(r"\[/?(?:bold|dim|cyan)\]")


def pages() -> dict[str, str]:
    """Return every generated page of the reference by its file's name; the same text on every machine."""
    return {
        "configuration.md": configuration_reference(),
        "command-line.md": command_line(),
        "exit-codes.md": exit_codes(),
        "tables.md": tables(load_model(Path(__file__).parent, {})),
        "cleaning-rules.md": cleaning_rules(),
    }


# --- the command line -------------------------------------------------------------------------------------------------


def command_line() -> str:
    """Return the commands with their help, arguments and options, in the order in which ``rddm --help`` lists them."""
    group = typer.main.get_command(application)
    introduction = (
        "# Command line reference\n\n"
        f"{GENERATED} Each command says the same with `--help`.\n"
        "What commands end with is in [exit codes](exit-codes.md).\n"
    )
    return introduction + "".join(_command_section("rddm", group))


def _command_section(name: str, command: Any) -> Iterator[str]:  # noqa: ANN401 - Typer exports no type for "command or group"
    yield f"\n## {name}\n\n{_help(command.help or '')}\n"
    parameters = [parameter for parameter in command.params if parameter.name != "help"]
    if parameters:
        yield "\n" + _table(("", "value", "default", ""), map(_parameter, parameters))
    if isinstance(command, TyperGroup):
        for sub_name in command.list_commands(None):  # type: ignore[arg-type]  # Typer's groups need no context for it
            sub = command.commands[sub_name]
            if isinstance(sub, TyperCommand | TyperGroup) and not sub.hidden:
                yield from _command_section(f"{name} {sub_name}", sub)


def _parameter(parameter: Any) -> tuple[str, ...]:  # noqa: ANN401 - see above
    if parameter.param_type_name == "argument":
        return f"`{parameter.metavar}`", "", "", parameter.help or ""
    names = ", ".join(f"`{each}`" for each in parameter.opts)
    value = "" if parameter.is_flag else f"`{parameter.metavar or 'NUMBER'}`"
    is_said = parameter.default in (None, False, ()) or not parameter.show_default
    default = "required" if parameter.required else "" if is_said else f"`{parameter.default}`"
    return names, value, default, parameter.help or ""


def _help(text: str) -> str:
    """Return the help as Markdown: indented lines become a block, its title a line in bold."""
    lines = MARKUP.sub("", text.strip()).splitlines()
    shown: list[str] = []
    inside = False
    for line in lines:
        is_code = line.startswith("  ") or (inside and not line)
        if is_code and not inside:
            shown.append("```text")
        elif inside and not is_code:
            shown.insert(_after_last_text(shown), "```")
        inside = is_code
        shown.append(line.removeprefix("  "))
    if inside:
        shown.append("```")
    return "\n".join(shown).replace("```text\n\n", "```text\n")


def _after_last_text(lines: Sequence[str]) -> int:
    return max(place for place, line in enumerate(lines) if line) + 1


def exit_codes() -> str:
    """Return what the command line ends with: the tree of errors, and what comes without one."""
    rows = [("0", "", "Done.")]
    rows += [
        ("1", "", "Something unexpected: a bug of ours. The traceback is in `.rddm/last-error.log`, without data.")
    ]
    kinds: list[type[RddmError]] = [
        each
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, RddmError) and each is not RddmError
    ]
    rows += [
        (str(each.exit_code), f"`{each.__name__}`", (each.__doc__ or "").replace(" ``fix`` says what to do next.", ""))
        for each in sorted(kinds, key=lambda each: each.exit_code)
    ]
    rows += [("130", "", "Interrupted by Ctrl-C. What was committed stays; the next run goes on from there.")]
    text = (
        "# Exit codes\n\n"
        f"{GENERATED} A command line that is wrong ends with 2 too.\n"
        "A source that fails never keeps the others from going on: the run is done, published, and ends with 3. A message\n"
        "says what, where and what next, on standard error, and never shows a person's data.\n\n"
    )
    return text + _table(("code", "error", "meaning"), rows)


# --- tables -----------------------------------------------------------------------------------------------------------


def tables(model: Model) -> str:
    """Return the tables of the lake and of the shop window, as the default *model* makes them."""
    order = entities_in_parent_order(model)
    sections: list[tuple[str, str, Iterable[str]]] = [
        ("The default model", MODEL_SAID, (_model_entity(name, model.entities[name]) for name in order)),
        ("raw", RAW_SAID, map(_table_section, (raw.record_table("<source>", "<entity>"), *raw.LEDGERS))),
        (
            "conformed and quarantine",
            CONFORMED_SAID,
            (*_conformed(model, order), *map(_table_section, conformed.LEDGERS)),
        ),
        ("identity", IDENTITY_SAID, map(_table_section, identity.identity_tables("<entity>", "probabilistic"))),
        ("golden", GOLDEN_SAID, map(_table_section, golden.LEDGERS)),
        (
            "The shop window: schema `warehouse`",
            WAREHOUSE_SAID,
            (_table_section(each.table) for each in published_tables(model, order)),
        ),
    ]
    introduction = f"# Tables\n\n{GENERATED}{TABLES_SAID}"
    return introduction + "".join(f"\n## {title}\n\n{said}{''.join(parts)}" for title, said, parts in sections)


TABLES_SAID = """

The lake (schemas `raw`, `conformed`, `quarantine`, `identity`, `golden`) is the
engine room: nobody queries it but the pipeline. The shop window (schema `warehouse` in PostgreSQL) is what people and tools
read. Ids are UUIDs made from an md5, times are UTC. Words are explained in the [glossary](glossary.md).
"""
MODEL_SAID = """Your `model.yaml` changes it, and the tables below follow: see [configuration](configuration.md#modelyaml).
"""
RAW_SAID = """What was delivered, to the letter. Rows are added and never changed.
"""
CONFORMED_SAID = """One table per entity of the model: the columns here, then the model's fields. References are record ids.
"""
IDENTITY_SAID = """Five tables per entity that has an identity, and the judgements they honour; events, redirects, models and
terms of all entities lie in one table each. Of entities with an exact identity only the ids of a fingerprint are kept. Columns
that end in `_order` (the first 32 bits of an id, as a number), here and in the conformed tables, are there to find rows by, and
are not listed.
"""
GOLDEN_SAID = f"""One table per entity of the model, `golden.<entity>`, one row per living person, event and so on: its id
(`person_id`), the surviving value of each field (references are golden ids and end in `_id`), for each field
`<field>{ORIGIN_SUFFIX}`, the record the value came from, then `records` (how many stand behind it), `sources` and `row_hash`.
"""
WAREHOUSE_SAID = """Every table and column carries its comment in PostgreSQL too (`\\d+ warehouse.person`).
`warehouse.publication` says when which state of the lake was published.
"""


def _model_entity(name: str, entity: ModelEntity) -> str:
    match entity.identity:
        case None:
            found = "Every record stands for itself."
        case ProbabilisticIdentity():
            found = "Records are compared with weights learnt from the data."
        case agreeing:
            found = f"Records are the same when {', '.join(f'`{each}`' for each in agreeing.fields)} agree."
    needed = "".join(
        f" One of {', '.join(f'`{each}`' for each in names)} must be there." for names in entity.require_any
    )
    rows = (
        (f"`{field}`", _field_type(settings), _field_rules(settings), settings.description)
        for field, settings in entity.fields.items()
    )
    return f"\n### {name}\n\n{entity.description} {found}{needed}\n\n" + _table(
        ("field", "type", "rules", "meaning"), rows
    )


def _field_type(field: ModelField) -> str:
    return f"`{field.type.value}`" + (f" to {field.references}" if field.references else "")


def _field_rules(field: ModelField) -> str:
    rules = ["required"] if field.required else []
    if field.on_invalid == "quarantine":
        rules.append("an invalid value keeps the record waiting")
    if field.references:
        rules.append("the record waits for it" if field.on_missing == "wait" else "the record stands without it")
    return "; ".join([*rules, f"keeps the {field.survivorship.value.replace('_', ' ')}"])


def _conformed(model: Model, order: Sequence[str]) -> Iterator[str]:
    yield _table_section(
        Table("conformed", "<entity>", "one record of one source, its newest valid version", conformed.RECORD)
    )
    rows = []
    for name in order:
        own = conformed_table(name, model.entities[name]).column_names[len(conformed.RECORD) :]
        fields = model.entities[name].fields
        rows.append((f"`conformed.{name}`", ", ".join(f"`{each}` {column_type(fields[each])}" for each in own)))
    yield "\n" + _table(("table", "its fields"), rows)


def _table_section(table: Table) -> str:
    rows = ((f"`{column.name}`", column.type, column.description) for column in table.columns)
    said = table.grain if table.grain.endswith(".") else f"One row: {table.grain.removeprefix('one row per ')}."
    return f"\n### `{table.schema}.{table.name}`\n\n{said}\n\n" + _table(("column", "type", "meaning"), rows)


# --- cleaning ---------------------------------------------------------------------------------------------------------


def cleaning_rules() -> str:
    """Return the codes of repairs, rejections and kinds of quarantine, in words."""
    sections: tuple[tuple[str, str, Mapping[str, str]], ...] = (
        ("Repairs", REPAIRS_SAID, REPAIRS),
        ("Rejections", REJECTIONS_SAID, REJECTIONS),
        ("Kinds of quarantine", KINDS_SAID, KIND_MEANINGS),
    )
    return f"# Cleaning rules\n\n{GENERATED}{CLEANING_SAID}" + "".join(
        f"\n## {title}\n\n{said}\n"
        + _table(("code", "meaning"), ((f"`{code}`", words) for code, words in codes.items()))
        for title, said, codes in sections
    )


CLEANING_SAID = """

Cleaning changes nothing in the raw layer: it makes the conformed value, and notes
each repair as `field:rule` beside it. Changes of case, spaces and Unicode form alone are not noted.
"""
REPAIRS_SAID = """What was mended. A repair without a field (`names_swapped`) is of the whole record.
"""
REJECTIONS_SAID = """Why a text is no value of its type. By the model's `on_invalid` the value is left out and the record stands
(noted as `field:dropped_<code>`), or the record waits in quarantine as `invalid`.
"""
KINDS_SAID = """Why a record waits. One that breaks several rules counts under the first of technical, invalid, incomplete,
missing_parent. See [how to release it](../how-to/redrive-quarantine.md).
"""


# --- Markdown ---------------------------------------------------------------------------------------------------------


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = "".join(f"| {' | '.join(map(_cell, row))} |\n" for row in (header, *rows))
    first, _, others = lines.partition("\n")
    return f"{first}\n|{'---|' * len(header)}\n{others}"


def _cell(text: str) -> str:
    escaped = " ".join(text.split()).replace("|", "\\|")
    return escaped if escaped.startswith("`") else escaped.replace("<", "&lt;")


def main(say: Callable[[str], None] = print) -> None:
    """Write the pages that changed."""
    for name, text in pages().items():
        place = REFERENCE / name
        if not place.exists() or place.read_text(encoding="utf-8") != text:
            place.write_text(text, encoding="utf-8")
            say(f"written: {place}")


if __name__ == "__main__":
    main()
