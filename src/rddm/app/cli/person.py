"""``rddm person``: find people, look at one, ask why, say who is who."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from rddm.app.cli import erasing
from rddm.app.cli.lookup import ANY_FIELD, LOOKUP_HELP, lookup_command
from rddm.app.cli.opening import author, reading
from rddm.app.cli.options import (
    MOST,
    AsOfOption,
    ByOption,
    JsonOption,
    LimitOption,
    ProjectOption,
    find_project,
    given_reason,
)
from rddm.contracts.errors import NotFound, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rddm.serve.judging import ToJudge
    from rddm.serve.reading import Reading

HELP = """
People: find them, look at their portrait, ask why their records belong together, say who is who.

A person is named by their id, its first digits (four at least), or any record of theirs as SOURCE/ENTITY/KEY.
"""
FIND_HELP = """
Find people by parts of the name in any script, phone, e-mail, SNILS or date of birth. All that is given must hold.

First come those who are called so now, to the letter; then those whom one of their records calls so; then those whom another
form leads to: a short form, the other gender, another script. Among equals, those with most records come first.

[bold]Examples[/bold]

  rddm person find Щербакова Аня
  rddm person find Sherbakova 2009-05-14
  rddm person find "8 (916) 123-45-67"
"""
SHOW_HELP = """
Show a person's portrait: every value with where it came from, the records behind it, what they took part in, what was
mended, what became of the id.

[bold]Examples[/bold]

  rddm person show 489d3d54
  rddm person show camps/camper/1178
  rddm person show 489d3d54 --as-of 2026-03-01
"""
WHY_HELP = """
Explain a link. With two, what speaks for and against their being one person, weight by weight, and whether a match key brings
them together: if none does, a run compares them only where other records join them into one component. Of two people, the most
alike of all their records, why they are two if these match, and what stewards have said of them. With one, how each of the
person's records came to it.

[bold]Examples[/bold]

  rddm person why 489d3d54
  rddm person why camps/camper/1178 academy/student/88
"""
POSSIBLE_HELP = """
List the people who may be one and wait for your word, one pair a line, those first whose decision is worth most: the chance
that they are one, times the records and facts that are in the wrong hands if they are.

For each: how probable it is, by their two most alike records, and what speaks loudest for it and against it; and what keeps
them apart, if these match. Pairs kept apart only by a contradiction are listed too. A pair goes from the list when you have
said what they are, or when their records say it.

[bold]Examples[/bold]

  rddm person possible --limit 50
  rddm person possible --page 2 --source camps --min-probability 0.9
  rddm person possible --refused            [dim]# two insurance numbers, twins, ...: is one of the values wrong?[/dim]
  rddm person why 489d3d54 0f44aa10         [dim]# all the weights between two of them[/dim]
  rddm person same 489d3d54 0f44aa10 --reason "the club's secretary knows her"
  rddm person different 489d3d54 0f44aa10 --reason "twins"
"""
HISTORY_HELP = """
Tell what happened to an id - founded, merged, split - and what people said of its records.

[bold]Example[/bold]

  rddm person history 489d3d54
"""
SAME_HELP = """
Say that two are the same person. It stands through all later runs, until you say otherwise.

Of two ids, all records become one person, also where they contradict each other, and what told them apart before is
withdrawn. Of a record, named as SOURCE/ENTITY/KEY, only that record is meant; those that match it mostly follow.

[bold]Example[/bold]

  rddm person same 489d3d54 0f44aa10 --reason "the club's secretary knows her" --run
"""
DIFFERENT_HELP = """
Say that two are different people. It stands through all later runs, until you say otherwise. Of one person, name the
two records that are to be apart.

[bold]Example[/bold]

  rddm person different camps/camper/1178 academy/student/88 --reason "twins"
"""
SPLIT_HELP = """
Take records out of a person: say that each of them and each that is left are different people. It stands through all later
runs, until you take it back with `rddm person unjudge`.

Whether those taken out are one person is left to what their records say.

[bold]Examples[/bold]

  rddm person split 489d3d54 camps/camper/1178 --reason "her sister's" --run
  rddm person split 489d3d54 camps/camper/1178 academy/student/88 --reason "father and son"
"""
JUDGEMENTS_HELP = """
List what people have said of who is who, newest first. Where words contradict each other, it says which of them stands.

[bold]Example[/bold]

  rddm person judgements --limit 50
"""
UNJUDGE_HELP = """
Take back what people have said of two: the next run goes by their records alone, and by the words that are left.

Name the two as they were named then, or by records that `rddm person judgements` shows. It goes on showing what was taken back,
and by whom, when and why.

[bold]Example[/bold]

  rddm person unjudge 489d3d54 0f44aa10 --reason "mixed her up with her sister" --run
"""
LATER = " The next run applies it (now: rddm quarantine redrive)."
WhoArgument = Annotated[
    str, typer.Argument(metavar="ID", help="An id, its beginning, or SOURCE/ENTITY/KEY.", show_default=False)
]
FirstArgument = Annotated[
    str, typer.Argument(metavar="A", help="An id, its beginning, or SOURCE/ENTITY/KEY.", show_default=False)
]
SecondArgument = Annotated[str, typer.Argument(metavar="B", help="The other one.", show_default=False)]
ReasonOption = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why; kept with it.", show_default=False, callback=given_reason)
]
RunOption = Annotated[bool, typer.Option("--run", help="Apply it now (without reading the sources).")]

group = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode="rich")


@group.command("find", help=FIND_HELP)
def find_command(
    texts: Annotated[list[str], typer.Argument(metavar="TEXT...", help="What you know of them.", show_default=False)],
    limit: LimitOption = 20,
    as_of: AsOfOption = None,
    project: ProjectOption = None,
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    from rddm.app.cli.output import show  # noqa: PLC0415
    from rddm.app.cli.render.person import draw_search  # noqa: PLC0415
    from rddm.serve.lookup import people_entity  # noqa: PLC0415
    from rddm.serve.search import find  # noqa: PLC0415

    with reading(project, as_of) as warehouse:
        found = find(warehouse, people_entity(warehouse), texts, limit)
    show(found, lambda: draw_search(found), as_json=as_json)
    if not found.found:
        raise typer.Exit(NotFound.exit_code)


group.command("lookup", help=LOOKUP_HELP, context_settings=ANY_FIELD)(lookup_command)


@group.command("show", help=SHOW_HELP)
def show_command(
    who: WhoArgument,
    as_of: AsOfOption = None,
    project: ProjectOption = None,
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    from rddm.app.cli.output import show  # noqa: PLC0415
    from rddm.app.cli.render.portrait import draw_portrait  # noqa: PLC0415
    from rddm.serve.lookup import identify, people_entity  # noqa: PLC0415
    from rddm.serve.portrait import portrait  # noqa: PLC0415

    with reading(project, as_of) as warehouse:
        found = portrait(warehouse, identify(warehouse, people_entity(warehouse), who))
    show(found, lambda: draw_portrait(found), as_json=as_json)


@group.command("why", help=WHY_HELP)
def why_command(
    who: WhoArgument,
    other: Annotated[str | None, typer.Argument(metavar="[B]", help="The other one.", show_default=False)] = None,
    project: ProjectOption = None,
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    from rddm.app.cli.output import show  # noqa: PLC0415
    from rddm.app.cli.render.why import draw_group, draw_pair  # noqa: PLC0415
    from rddm.serve.explaining import explain_group, explain_two  # noqa: PLC0415
    from rddm.serve.lookup import people_entity  # noqa: PLC0415

    with reading(project) as warehouse:
        entity = people_entity(warehouse)
        if other is None:
            group_explained = explain_group(warehouse, entity, who)
            show(group_explained, lambda: draw_group(group_explained), as_json=as_json)
        else:
            pair = explain_two(warehouse, entity, who, other)
            show(pair, lambda: draw_pair(pair), as_json=as_json)


@group.command("possible", help=POSSIBLE_HELP)
def possible_command(  # noqa: PLR0913 - the options of the command line
    limit: LimitOption = 20,
    page: Annotated[int, typer.Option("--page", min=1, max=MOST, metavar="N", help="Show the Nth so many.")] = 1,
    source: Annotated[
        str | None,
        typer.Option(
            "--source", "-s", metavar="NAME", help="One of the two has a record of this source.", show_default=False
        ),
    ] = None,
    min_probability: Annotated[
        float, typer.Option("--min-probability", min=0, max=1, metavar="P", help="From this probability on.")
    ] = 0.0,
    refused: Annotated[bool, typer.Option("--refused", help="Only those that contradict each other.")] = False,  # noqa: FBT002
    project: ProjectOption = None,
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    from rddm.app.cli.output import show  # noqa: PLC0415
    from rddm.app.cli.render.possible import draw_possible  # noqa: PLC0415
    from rddm.serve.explaining import explain_possible  # noqa: PLC0415
    from rddm.serve.lookup import people_entity  # noqa: PLC0415
    from rddm.serve.possible import Wanted  # noqa: PLC0415

    wanted = Wanted(source, min_probability, refused_only=refused)
    skip = (page - 1) * limit
    with reading(project) as warehouse:
        found, total = explain_possible(warehouse, people_entity(warehouse), limit, wanted=wanted, skip=skip)
    show({"pairs": found, "total": total}, lambda: draw_possible(found, total, skip), as_json=as_json)


@group.command("history", help=HISTORY_HELP)
def history_command(who: WhoArgument, project: ProjectOption = None, as_json: JsonOption = False) -> None:  # noqa: FBT002
    from rddm.app.cli.output import show  # noqa: PLC0415
    from rddm.app.cli.render.person import draw_history  # noqa: PLC0415
    from rddm.serve.history import history  # noqa: PLC0415
    from rddm.serve.lookup import identify_ever, people_entity  # noqa: PLC0415

    with reading(project) as warehouse:
        entity = people_entity(warehouse)
        found = identify_ever(warehouse, entity, who)
        happened = history(warehouse, entity, found.golden_id)
    value = {"id": found.golden_id, "redirected": found.redirected, "history": happened}
    show(value, lambda: draw_history(happened), as_json=as_json)


@group.command("same", help=SAME_HELP)
def same_command(  # noqa: PLR0913 - the options of the command line
    first: FirstArgument,
    second: SecondArgument,
    reason: ReasonOption,
    by: ByOption = None,
    apply: RunOption = False,  # noqa: FBT002
    project: ProjectOption = None,
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    _judge("same", first, second, reason, by, project, apply=apply, as_json=as_json)


@group.command("different", help=DIFFERENT_HELP)
def different_command(  # noqa: PLR0913 - the options of the command line
    first: FirstArgument,
    second: SecondArgument,
    reason: ReasonOption,
    by: ByOption = None,
    apply: RunOption = False,  # noqa: FBT002
    project: ProjectOption = None,
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    _judge("different", first, second, reason, by, project, apply=apply, as_json=as_json)


@group.command("split", help=SPLIT_HELP)
def split_command(  # noqa: PLR0913 - the options of the command line
    who: WhoArgument,
    records: Annotated[
        list[str],
        typer.Argument(metavar="RECORD...", help="What to take out, as SOURCE/ENTITY/KEY.", show_default=False),
    ],
    reason: ReasonOption,
    by: ByOption = None,
    apply: RunOption = False,  # noqa: FBT002
    project: ProjectOption = None,
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    from rddm.serve.judging import to_split  # noqa: PLC0415

    taken = ", ".join(records)
    _keep(
        project,
        lambda warehouse, entity: to_split(warehouse, entity, who, records),
        _Saying("different", reason, by, f"{taken} {'is' if len(records) == 1 else 'are'} not {who}"),
        apply=apply,
        as_json=as_json,
    )


def _judge(  # noqa: PLR0913 - the options of the two commands
    verdict: str,
    first: str,
    second: str,
    reason: str,
    by: str | None,
    project: ProjectOption,
    *,
    apply: bool,
    as_json: bool,
) -> None:
    from rddm.serve.judging import to_judge  # noqa: PLC0415

    what = "the same person" if verdict == "same" else "different people"
    _keep(
        project,
        lambda warehouse, entity: to_judge(warehouse, entity, verdict, first, second),
        _Saying(verdict, reason, by, f"{first} and {second} are {what}"),
        apply=apply,
        as_json=as_json,
    )


@dataclass(frozen=True)
class _Saying:
    """A human's word: what, why, by whom, and how it is told back."""

    verdict: str
    reason: str
    by: str | None
    words: str


def _keep(
    project: ProjectOption,
    find: Callable[[Reading, str], ToJudge],
    saying: _Saying,
    *,
    apply: bool,
    as_json: bool,
) -> None:
    """Keep a word on the records that *find* returns, apply it if wanted, and say what came of it."""
    from rddm.app.cli.output import print_json  # noqa: PLC0415
    from rddm.serve.lookup import people_entity  # noqa: PLC0415

    verdict = saying.verdict
    with reading(project) as warehouse:
        entity = people_entity(warehouse)
        word = find(warehouse, entity)
        at = dt.datetime.now(dt.UTC)
        warehouse.control.add_judgements(
            entity, word.pairs, verdict, saying.reason, author(saying.by), at, word.instead_of
        )
        conflict = _conflict(warehouse, entity)
    if not as_json:
        pairs = f" Kept on {len(word.pairs):,} pairs of records." if len(word.pairs) > 1 else ""
        overruled = f" {len(word.instead_of):,} earlier words are withdrawn." if word.instead_of else ""
        typer.echo(f"Noted: {saying.words}.{pairs}{overruled}{'' if apply else LATER}")
        if conflict:
            typer.echo(f"It is in contradiction with another word: {conflict}. `rddm {entity} judgements` lists them.")
    outcome = _apply(project, *word.pairs[0], is_silent=as_json) if apply else None
    together, problems = (outcome.together, outcome.problems) if outcome else (None, ())
    if as_json:
        told = {"verdict": verdict, "records": word.pairs[0], "pairs": word.pairs, "withdrawn": word.instead_of}
        print_json(told | {"conflict": conflict, "applied": apply, "together": together, "problems": problems})
    elif together is not None:
        _tell_outcome(verdict, together=together)
    _exit_as(outcome)


def _conflict(warehouse: Reading, entity: str) -> str | None:
    """Return what contradicts the newest word, or None."""
    from rddm.serve.judging import words_given  # noqa: PLC0415

    return words_given(warehouse, entity)[0].conflict


@dataclass(frozen=True)
class _Outcome:
    """What a run made of a word: whether the two records belong to one person now, and the problems that sources had."""

    together: bool
    problems: Sequence[str]


def _exit_as(outcome: _Outcome | None) -> None:
    """End as a run does whose source had a problem, if one had."""
    if outcome is not None and outcome.problems:
        raise typer.Exit(SourceError.exit_code)


def _apply(project: ProjectOption, first: uuid.UUID, second: uuid.UUID, *, is_silent: bool) -> _Outcome:
    """Run without reading the sources, and tell what it made of the two records."""
    from rddm.app.cli.run import run_project  # noqa: PLC0415
    from rddm.serve.judging import are_one  # noqa: PLC0415
    from rddm.serve.lookup import people_entity  # noqa: PLC0415

    summary = run_project(find_project(project), read=False, is_silent=is_silent)
    with reading(project) as warehouse:
        together = are_one(warehouse, people_entity(warehouse), first, second)
    return _Outcome(together, summary.problems)


def _tell_outcome(verdict: str, *, together: bool) -> None:
    if together == (verdict == "same"):
        typer.echo("They are one person now." if together else "They are two people now.")
    elif together:
        typer.echo(
            "They still are one: other records or words hold the two together. `rddm person judgements` lists the words."
        )
    else:
        typer.echo(
            "They still are two: another word tells their records apart, and that one stands."
            " `rddm person judgements` lists them; `rddm person unjudge A B --reason TEXT` takes one back."
        )


@group.command("judgements", help=JUDGEMENTS_HELP)
def judgements_command(limit: LimitOption = 20, project: ProjectOption = None, as_json: JsonOption = False) -> None:  # noqa: FBT002
    from rddm.app.cli.output import show  # noqa: PLC0415
    from rddm.app.cli.render.person import draw_words  # noqa: PLC0415
    from rddm.serve.judging import words_given  # noqa: PLC0415
    from rddm.serve.lookup import people_entity  # noqa: PLC0415

    with reading(project) as warehouse:
        words = words_given(warehouse, people_entity(warehouse))
    shown = words[:limit]
    show({"judgements": shown, "total": len(words)}, lambda: draw_words(shown, len(words)), as_json=as_json)


@group.command("unjudge", help=UNJUDGE_HELP)
def unjudge_command(  # noqa: PLR0913 - the options of the command line
    first: FirstArgument,
    second: SecondArgument,
    reason: ReasonOption,
    by: ByOption = None,
    apply: RunOption = False,  # noqa: FBT002
    project: ProjectOption = None,
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    from rddm.app.cli.output import print_json  # noqa: PLC0415
    from rddm.serve.judging import words_to_withdraw  # noqa: PLC0415
    from rddm.serve.lookup import people_entity  # noqa: PLC0415

    with reading(project) as warehouse:
        words = words_to_withdraw(warehouse, people_entity(warehouse), first, second)
        numbers = [each.judgement_id for each in words]
        warehouse.control.withdraw_judgements(numbers, reason, author(by), dt.datetime.now(dt.UTC))
    if not as_json:
        typer.echo(f"Taken back: what was said of {first} and {second}.{'' if apply else LATER}")
    outcome = _apply(project, words[0].record_a, words[0].record_b, is_silent=as_json) if apply else None
    together, problems = (outcome.together, outcome.problems) if outcome else (None, ())
    if as_json:
        print_json({"withdrawn": numbers, "applied": apply, "together": together, "problems": problems})
    elif together is not None:
        typer.echo("They are one person now." if together else "They are two people now.")
    _exit_as(outcome)


erasing.add_commands(group)
