"""Write the reference pages that are made from the code: ``make docs``. A test says whether they are up to date."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from rddm.app.cli import application
from rddm.app.cli.render.identity_page.tables import key_in_words
from rddm.conform.fields import conformed_table
from rddm.conform.words import KIND_MEANINGS, REJECTIONS, REPAIRS
from rddm.contracts import errors
from rddm.contracts.errors import RddmError
from rddm.contracts.tables import Table, conformed, golden, identity, raw
from rddm.contracts.tables.golden import ORIGIN_SUFFIX
from rddm.pipeline.identity_model import (
    BLIND_DESCRIPTIONS,
    BLIND_PAIRS_EACH,
    GROWTH,
    GROWTH_WITHOUT_LEARNING,
    LEAST_FOR_TERMS,
    SAMPLE_DESCRIPTIONS,
)
from rddm.project.load import load_model
from rddm.project.order import entities_in_parent_order
from rddm.project.reference import configuration_reference
from rddm.project.settings import LEAST_MATCH_PROBABILITY, Model, ModelEntity, ModelField, ProbabilisticIdentity
from rddm.resolve.clusters import COMPONENT_LIMIT, CONTRADICTION_BITS, WEIGHT_LIMIT
from rddm.resolve.comparisons import ALIKE, CLOSE, COMPARISONS, DIFFERENT, GENERATION_YEARS, SAME, Comparison
from rddm.resolve.keys import (
    COUNTED_KINDS,
    FEW_DESCRIPTIONS,
    IDENTIFIERS,
    KEY_KINDS,
    LEAST_GAIN,
    LEAST_YIELD,
    SHARED_STEPS,
    KeyKind,
)
from rddm.resolve.terms import LEAST_BITS, LEAST_COUNT, LEAST_ORDINARY, MOST_BITS, TERMS_LIMIT
from rddm.resolve.told import CONTRADICTION_WORDS
from rddm.resolve.weights import (
    CERTAIN_DEVIATIONS,
    CHANCE_PRIOR_PAIRS,
    CLASSES,
    FAMILIES_SEEN,
    FAMILY,
    LEAST_DESCRIPTIONS,
    LEAST_PRIOR,
    MOST_MATCH_PROBABILITY,
    NAMESAKE_BOUNDS,
    NAMESAKE_SHARE,
    ODDS_FACTOR,
    PRECISION,
    PRIOR_STRENGTH,
    SHARE_PRIOR,
    SHIPPED_DESCRIPTIONS,
    SHIPPED_PAIRS,
    STRANGERS,
    shipped_mixture,
)
from rddm.serve.history import REASONS
from rddm.serve.known import CANDIDATES
from rddm.serve.publish import published_tables
from rddm.store import migrations

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
        "matching.md": matching(),
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
    """Return the tables of the lake and of PostgreSQL, as the default *model* makes them."""
    order = entities_in_parent_order(model)
    sections: list[tuple[str, str, Iterable[str]]] = [
        ("The default model", MODEL_SAID, (_model_entity(name, model.entities[name]) for name in order)),
        ("raw", RAW_SAID, map(_table_section, (raw.record_table("<source>", "<entity>"), *raw.LEDGERS))),
        (
            "conformed and quarantine",
            CONFORMED_SAID,
            (*_conformed(model, order), *map(_table_section, conformed.LEDGERS)),
        ),
        (
            "identity",
            IDENTITY_SAID,
            (*map(_table_section, identity.identity_tables("<entity>", "probabilistic")), *_codes()),
        ),
        ("golden", GOLDEN_SAID, map(_table_section, golden.LEDGERS)),
        ("control", CONTROL_SAID, _control()),
        (
            "The shop window: schema `warehouse`",
            WAREHOUSE_SAID,
            (_table_section(each.table) for each in published_tables(model, order)),
        ),
        ("matching", LOOKED_UP_SAID, ()),
    ]
    introduction = f"# Tables\n\n{GENERATED}{TABLES_SAID}"
    return introduction + "".join(f"\n## {title}\n\n{said}{''.join(parts)}" for title, said, parts in sections)


TABLES_SAID = """

The lake (schemas `raw`, `conformed`, `quarantine`, `identity`, `golden`) is the
engine room: nobody queries it but the pipeline. The shop window (schema `warehouse` in PostgreSQL) is what people and tools
read. Schema `control`, in PostgreSQL too, has what people decided and what runs did; schema `matching` what look-ups need.
Ids are UUIDs made from an md5, times are UTC. Words are explained in the [glossary](glossary.md).
"""
MODEL_SAID = """Your `model.yaml` changes it, and the tables below follow: see [configuration](configuration.md#modelyaml).
"""
RAW_SAID = """What was delivered, to the letter. Rows are added and never changed.
"""
CONFORMED_SAID = """One table per entity of the model: the columns here, then the model's fields. References are record ids.
"""
IDENTITY_SAID = """Six tables per entity that has an identity, and the judgements they honour; events, redirects, models and
terms of all entities lie in one table each. Of entities with an exact identity only the ids of a fingerprint are kept. Columns
that end in `_order` (the first 32 bits of an id, as a number), here and in the conformed tables, are there to find rows by, and
are not listed.
"""
GOLDEN_SAID = f"""One table per entity of the model, `golden.<entity>`, one row per current person, event and so on: its id
(`person_id`), the surviving value of each field (references are golden ids and end in `_id`), for each field
`<field>{ORIGIN_SUFFIX}`, the record the value came from, then `records` (how many stand behind it), `sources` and `row_hash`.
"""
WAREHOUSE_SAID = """Every table and column carries its comment in PostgreSQL too (`\\d+ warehouse.person`).
`warehouse.publication` says which state of the lake (`lake_snapshot`) was published when (`published_at`).
"""
CONTROL_SAID = """In PostgreSQL, for whoever has to account for what was done. Readers of `warehouse` have no right to it.
"""
LOOKED_UP_SAID = """In PostgreSQL, made from the lake by each publication, for [look-ups](../explanation/identity.md#7-look-up).
Readers of `warehouse` have no right to it. It holds what all records say, in the forms that are compared.

| table | one row |
|---|---|
| `matching.<entity>_print` | one golden record: `number` (the first 32 bits of its id), `golden_id`, `print` (its descriptions) |
| `matching.<entity>_drawer` | one drawer of match keys: `drawer`, `entries` (a key and whom it leads to, or nobody) |
| `matching.<entity>_common` | one match key (`key`) of a phone, e-mail, insurance or document number that too many share |
| `matching.model` | one entity: the model in use, as in `identity.model`, and the forms it was published in |
| `matching.term` | one common value, as in `identity.term` |
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
        own = conformed_table(name, model.entities[name]).columns[len(conformed.RECORD) :]
        rows.append((f"`conformed.{name}`", ", ".join(f"`{each.name}` {each.type}" for each in own)))
    yield "\n" + _table(("table", "its fields"), rows)
    yield "\n`<field>__told`: what was told of a birth date that cannot be, as YYYY-MM-DD with 00 for what is not there."
    yield " Of every such date, whether or not records are matched by it.\n"


def _table_section(table: Table) -> str:
    rows = ((f"`{column.name}`", column.type, column.description) for column in table.columns)
    said = table.grain if table.grain.endswith(".") else f"One row: {table.grain.removeprefix('one row per ')}."
    return f"\n### `{table.schema}.{table.name}`\n\n{said}\n\n" + _table(("column", "type", "meaning"), rows)


_MIGRATIONS = Path(migrations.__file__).parent / "versions"
_CREATED = re.compile(r"CREATE TABLE control\.(\w+) \(\n(.*?)\n +\);", re.DOTALL)
_ADDED = re.compile(r"ALTER TABLE control\.(\w+)\n(.*?);", re.DOTALL)
_ADDED_COLUMN = re.compile(r"^ +ADD COLUMN ([a-z_]+) (\w+)", re.MULTILINE)
_CONTROL_COLUMN = re.compile(r"^ +([a-z_]+) (bigint|boolean|bytea|jsonb|text|timestamptz|uuid)\b", re.MULTILINE)


def _control() -> Iterator[str]:
    """Yield the tables of schema ``control``: their columns as the migrations make them, each with its meaning."""
    texts = [file.read_text(encoding="utf-8") for file in sorted(_MIGRATIONS.glob("v*.py"))]
    added: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for text in texts:
        for name, columns in _ADDED.findall(text):
            added[name] += _ADDED_COLUMN.findall(columns)
    for text in texts:
        for name, columns in _CREATED.findall(text):
            grain, meanings = CONTROL_MEANINGS[name]
            found = [*_CONTROL_COLUMN.findall(columns), *added[name]]
            rows = ((f"`{column}`", kind, meanings[column]) for column, kind in found)
            yield f"\n### `control.{name}`\n\nOne row: {grain}.\n\n" + _table(("column", "type", "meaning"), rows)


_BY = "Who, as they said (`--by`) or as the machine called them; not verified"
_SAID = {
    "reason": "Why, in their words",
    "made_by": _BY,
    "made_at": "When",
    "applied_run": "The run that took it, or took its withdrawal; null while that waits",
    "withdrawn_at": "When it was taken back, or replaced by a newer one; null while it holds",
}
_PLACE = {"source": "Source", "entity": "The source's entity"}
CONTROL_MEANINGS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "run": (
        "one run",
        {
            "run_id": "Its number",
            "started_at": "When",
            "ended_at": "When; null while it is active",
            "status": "running, succeeded, source_failed, failed or killed",
            "lake_snapshot": "The state of the lake that it made",
            "problems": "What went wrong, in words",
            "resolution": "By entity: what matching did, with the model's version and the threshold in use",
            "stage_seconds": "How long each stage took",
        },
    ),
    "run_count": (
        "one entity of one source in one run",
        {"run_id": "The run", **_PLACE, "counts": "What was received, and where every record is at the run's end"},
    ),
    "patch": (
        "one repair of a delivered value by a steward; it holds as long as the source delivers `before`",
        {
            "patch_id": "Its number",
            "record_id": "The record",
            **_PLACE,
            "key": "What the source calls the record",
            "column_name": "The delivered column",
            "before": "What was delivered",
            "after": "What stands instead",
            **_SAID,
        },
    ),
    "judgement": (
        "one word of a steward on two records",
        {
            "judgement_id": "Its number",
            "model_entity": "Entity of the model",
            "record_a": "The lower record id",
            "record_b": "The higher record id",
            "verdict": "same or different",
            **_SAID,
            "withdrawn_by": "Who took it back or replaced it, as `made_by`; null, too, if that was not noted yet",
            "withdrawn_reason": "Why, in their words",
        },
    ),
    "erasure": (
        "one erasure: its proof, without data",
        {
            "erasure_id": "Its number",
            "state": "begun, removed or done",
            "model_entity": "Entity of the model",
            "subject": "Keyed hash of the golden id",
            "reason": "Why, in their words",
            "made_by": _BY,
            "made_at": "When",
            "done_at": "When all was cleared",
            "places": "How many records and versions of which source and entity",
            "counts": "How many rows went from which table",
            "work": "What was written anew, and how many ids of others its runs merged and split",
            "version": "Of the software",
            "secret_check": "Tells whether a secret is the one that the hashes were made with",
            "unfinished": "What is still to be removed; null as soon as nothing is",
            "lifted_at": "When they were let in again; null: they are kept out",
            "lifted_by": "Who let them in, as `made_by`",
            "lifted_reason": "Why",
        },
    ),
    "suppression": (
        "one record that is kept out",
        {"erasure_id": "The erasure", **_PLACE, "digest": "Keyed hash of the record's id"},
    ),
    "erasure_secret": (
        "the key of the hashes, unless `RDDM_ERASURE_SECRET` holds one",
        {"only_one": "Always true", "secret": "32 bytes"},
    ),
}


def _codes() -> Iterator[str]:
    yield "\n### Codes\n\n`how` in a link:\n\n"
    yield _table(("code", "meaning"), ((f"`{code}`", words) for code, words in identity.LINKED_HOW.items()))
    yield "\n`reason` in an event:\n\n"
    yield _table(("code", "meaning"), ((f"`{code}`", words or "new records") for code, words in REASONS.items()))
    yield (
        "\n`contradiction` in a pair ([what each asks for, and what it holds apart](../explanation/identity.md#4-group)):\n\n"
    )
    yield _table(("code", "meaning"), ((f"`{code}`", words) for code, words in CONTRADICTION_WORDS.items()))
    yield "\n`pattern` in a pair: its digits to base 5 are [the levels of the fields](matching.md#levels).\n"


# --- matching ---------------------------------------------------------------------------------------------------------


def matching() -> str:
    """Return what people are matched by: kinds of match keys, levels, shipped parameters, fixed numbers."""
    sections: tuple[tuple[str, str, str], ...] = (
        ("Match keys", KEYS_SAID, _table(("kind", "what two must share", ""), map(_key_kind, KEY_KINDS))),
        ("Levels", LEVELS_SAID, _table(("field", *LEVEL_NAMES), map(_levels, COMPARISONS))),
        ("Shipped parameters", SHIPPED_SAID, _table(("field", "level", *CLASSES), _shipped())),
        ("Fixed numbers", NUMBERS_SAID, _table(("number", "what it is"), NUMBERS)),
    )
    return f"# Matching\n\n{GENERATED}{MATCHING_SAID}" + "".join(
        f"\n## {title}\n\n{said}\n{rows}" for title, said, rows in sections
    )


def _key_kind(kind: KeyKind) -> tuple[str, str, str]:
    remarks = []
    if kind.name in COUNTED_KINDS:
        remarks.append("only counts how many share a value; in look-ups it finds, too")
    elif kind.name in IDENTIFIERS:
        remarks.append("always in use")
    if kind.broad:
        remarks.append(f"only below {FEW_DESCRIPTIONS:,} descriptions")
    if kind.most is not None:
        remarks.append(f"where at most {kind.most} share it")
    if {"last_word", "first_word"} <= set(kind.parts):
        remarks.append("the two names in either order")
    return f"`{kind.name}`", key_in_words(kind.parts), "; ".join(remarks)


LEVEL_NAMES = ("1 same", "2 alike", "3 close", "4 different")


def _levels(comparison: Comparison) -> tuple[str, ...]:
    return f"`{comparison.name}`", *(comparison.words.get(level, "") for level in (SAME, ALIKE, CLOSE, DIFFERENT))


def _shipped() -> Iterator[tuple[str, ...]]:
    mixture = shipped_mixture()
    yield "", "share of the candidate pairs", *(f"{share:.4g}" for share in mixture.shares.tolist())
    for place, comparison in enumerate(COMPARISONS):
        for level, words in sorted(comparison.words.items()):
            chances = mixture.levels[:, place, level].tolist()
            yield f"`{comparison.name}`" if level == SAME else "", words, *(f"{chance:.4g}" for chance in chances)


MATCHING_SAID = """

What people are matched by, as it is in the code; [how it works together](../explanation/identity.md) is told elsewhere. What a
warehouse has learnt from its own data is in `identity.model` and in [the report](../how-to/report-on-identity.md).
"""
KEYS_SAID = f"""A key that more than `key_limit` descriptions share finds nobody. From {FEW_DESCRIPTIONS:,} descriptions on
a model learns which kinds are worth their pairs, and how many may share a key of each.
"""
LEVELS_SAID = """In the order of the digits of a `pattern`; 0 is *missing*: at least one of the two has no value, and nothing
is weighed. The first level whose words hold is the pair's. Names are compared without gender and script.
"""
_OF_STRANGERS = ", ".join(f"{chance:g} / n ({name.replace('_', ' ')})" for name, chance in STRANGERS.items())
SHIPPED_SAID = f"""How often a pair of each kind has each level, before anything is learnt: of namesakes and of random
pairs for {SHIPPED_DESCRIPTIONS:,} descriptions and {SHIPPED_PAIRS:,} candidate pairs. They decide alone where there are
fewer than {LEAST_DESCRIPTIONS} descriptions. Of matches and families, no learnt odds leave them by more than a factor of
{ODDS_FACTOR:g}, save the given names of a family, which are those of random pairs. The share of random pairs exceeds 1,
as it counts pairs of any two descriptions. Identifiers are not counted: with n descriptions, two strangers share one with
the chance of {_OF_STRANGERS}.
"""
NUMBERS_SAID = """Chosen, not learnt; [how they were chosen](../explanation/identity.md#how-the-defaults-were-set).
"""
NUMBERS: tuple[tuple[str, str], ...] = (
    (f"{LEAST_DESCRIPTIONS:,}", "descriptions, or no candidate pair: with fewer the shipped parameters are used"),
    (f"{LEAST_FOR_TERMS:,}", "descriptions: with fewer there are no term weights"),
    (f"{TERMS_LIMIT:,}", "common values a field that term weights are kept of"),
    (f"{LEAST_COUNT}", "descriptions: values on fewer count as equally rare"),
    (
        f"{MOST_BITS:g}, {LEAST_BITS['last_root']:g}, {LEAST_ORDINARY:g}",
        "bits: the most a common value takes; the most a rare name gives; the most another rare value gives",
    ),
    (f"{SAMPLE_DESCRIPTIONS:,}", "descriptions of lowest id, whose candidate pairs a model is learnt from"),
    (f"{BLIND_DESCRIPTIONS:,} × {BLIND_PAIRS_EACH}", "pairs of any two descriptions that coincidences are counted in"),
    (
        f"{LEAST_PRIOR:g}, {PRIOR_STRENGTH:g}",
        "pairs, and share of a kind's pairs: the weight of its shipped levels is the larger of the two",
    ),
    (f"{SHARE_PRIOR:g}", "pairs: the weight of the shipped shares of matches and families"),
    (f"{CHANCE_PRIOR_PAIRS:,.0f}", "pairs: the weight of the shipped coincidences"),
    (f"{ODDS_FACTOR:g}", "how far odds may be learnt away from those shipped"),
    (
        f"{NAMESAKE_BOUNDS[0]:g} to {NAMESAKE_BOUNDS[1]:g}",
        f"namesakes that were counted, for each that independent names would give; {NAMESAKE_SHARE:g} if nobody counted",
    ),
    (
        f"{FAMILIES_SEEN * SHARE_PRIOR * shipped_mixture().shares[FAMILY]:g}",
        "family pairs by the model: with more the data show families",
    ),
    (f"{CERTAIN_DEVIATIONS}", "standard deviations by which fathers and sons of one name show"),
    (f"{PRECISION}", "expected precision that the threshold is chosen for"),
    (
        f"{LEAST_MATCH_PROBABILITY} to {MOST_MATCH_PROBABILITY}",
        "where the chosen threshold lies; the latter where nothing was learnt",
    ),
    (f"{GENERATION_YEARS[0]} to {GENERATION_YEARS[1]}", "years that are a generation apart"),
    (f"{COMPONENT_LIMIT}", "descriptions: a larger component that could contradict itself is first cut"),
    (f"{WEIGHT_LIMIT:g}", "bits that one pair says at most for or against joining two groups"),
    (f"{CONTRADICTION_BITS:g}", "bits that a pair that contradicts itself says less"),
    (f"{LEAST_GAIN:g}", "share of all matches that a kind of key must find alone"),
    (f"{LEAST_YIELD:g}", "matches that keys must find for each other pair"),
    (
        ", ".join(map(str, SHARED_STEPS)),
        "how many may share a key, of which a model chooses, or as many as `key_limit`",
    ),
    (
        f"{GROWTH}, {GROWTH_WITHOUT_LEARNING}",
        "times the records a model was learnt from, and where nothing was learnt: a run says that it is outgrown",
    ),
    (f"{CANDIDATES}", "people that a look-up compares at most"),
)


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
(noted as `field:dropped_<code>`), or the record waits in quarantine as `invalid`. Of a birth date that is left out, what was
[told](glossary.md#told) is kept for matching, unless its mapping has a `format`.
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
