"""People that were found, and what became of an id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from rddm.app.cli.render.tables import dim, listing
from rddm.app.cli.render.words import begun, moment, number, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from rddm.serve.history import Happening
    from rddm.serve.judging import Word
    from rddm.serve.search import Search


SHOWN = ("birth_date", "phone", "email")
"""What tells people with one name apart; the rest is in the portrait."""


def draw_search(search: Search) -> RenderableType:
    """Return the people that a search found, one a line."""
    if not search.found:
        return Text(f"Nobody is known for whom all of this holds: {', '.join(search.understood)}.")
    names = [name for name in search.found[0].fields if name in SHOWN]
    table = listing("!id", "name", *(f"!{name.replace('_', ' ')}" for name in names), ">records", ">services")
    table.columns[1].min_width = 18
    for person in search.found:
        table.add_row(
            Text(str(person.id)[:8], style="cyan"),
            Text(person.title, style="bold"),
            *(text(person.fields[name]) for name in names),
            number(person.records),
            number(len(person.sources)),
        )
    notes = []
    if search.by_beginning:
        notes.append("Nobody is called exactly so; these names begin so.")
    if search.more:
        notes.append("There are more: add to what you look for, or raise --limit.")
    notes.append(f"Go on with: rddm person show {str(search.found[0].id)[:8]}")
    return Group(table, *(dim(note) for note in notes))


def draw_history(happenings: Sequence[Happening]) -> RenderableType:
    """Return what happened to an id, oldest first."""
    table = listing("!when (UTC)", ">run", "what happened", "!id")
    for each in happenings:
        table.add_row(
            moment(each.at),
            number(each.run) if each.run is not None else "",
            each.words,
            Text(str(each.id), style="cyan"),
        )
    return table


def draw_words(words: Sequence[Word], total: int) -> RenderableType:
    """Return what people have said of who is who, newest first."""
    if not words:
        return Text("Nobody has said yet who is who. `rddm person possible` lists whom to decide on.")
    table = listing("record", "!is", "record", ">pairs", "why", "by", "!when (UTC)", "state")
    for word in words:
        verdict = Text(word.verdict, style="green" if word.verdict == "same" else "red")
        table.add_row(
            Text(word.first.address, style="cyan"), verdict, Text(word.second.address, style="cyan"), number(word.pairs),
            begun(word.reason), begun(word.made_by), dim(moment(word.made_at)), _state(word),
        )  # fmt: skip
    notes = [f"{number(len(words))} of {number(total)} shown; --limit N shows more."] if len(words) < total else []
    notes.append("Take one back: rddm person unjudge RECORD RECORD --reason TEXT")
    return Group(table, *(dim(note) for note in notes))


def _state(word: Word) -> Text:
    state = Text(word.state)
    if word.withdrawal:
        by = f" by {word.withdrawal.by}" if word.withdrawal.by else ""
        why = f": {word.withdrawal.reason}" if word.withdrawal.reason else ""
        state.append(f"\n{moment(word.withdrawal.at)}{by}{why}", "dim")
    if word.conflict:
        state.append(f"\n{word.conflict}", "yellow")
    return state
