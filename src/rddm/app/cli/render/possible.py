"""The steward's queue: who may be one, and what speaks for and against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from rddm.app.cli.render.tables import dim, in_lines, labelled, listing, needed_width
from rddm.app.cli.render.words import number, percent, text
from rddm.resolve.told import contradiction_in_words, refusal_in_short

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from rddm.app.cli.render.tables import Listing
    from rddm.serve.explaining import PossibleExplained, Reason
    from rddm.serve.possible import PossiblePair

SHOWN_REASONS = 3
NAMES = (1, 4)
"""The columns that hold names."""
INDENT = 11
"""Of what is said of two, below their ids."""


def draw_possible(found: Sequence[PossibleExplained], total: int, skip: int = 0) -> RenderableType:
    """Return the pairs that wait for a human's word, a line each, and how to give it; *skip* came before them."""
    if not found:
        more = f" There are {number(total)}: look at an earlier page." if total else ""
        return Text(f"No two people wait for your word here.{more}", style="green")
    first, second = (str(person.id)[:8] for person in (found[0].pair.first, found[0].pair.second))
    notes = []
    if len(found) < total:
        shown = f"{number(skip + 1)} to {number(skip + len(found))}"
        notes.append(f"{shown} of {number(total)} pairs shown; --page N and --limit N show others.")
    notes += [
        "Worth: the chance that they are one, times records and facts of the smaller, which are in the wrong hands then.",
        f"All the weights: rddm person why {first} {second}",
        f"Decide:          rddm person same {first} {second} --reason TEXT",
        f"                 rddm person different {first} {second} --reason TEXT",
    ]
    return Group(Queue(found), *(dim(note) for note in notes))


class Queue:
    """Pairs that wait: a line each, or, where the terminal has no room for that, one person above the other."""

    def __init__(self, pairs: Sequence[PossibleExplained]) -> None:
        self._pairs = pairs

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        del console
        table = _table(self._pairs)
        if needed_width(table) <= options.max_width:
            yield table
        else:
            yield Text("")
            for each in self._pairs:
                yield from _block(each, options.max_width)


def _table(pairs: Sequence[PossibleExplained]) -> Listing:
    table = listing("!id", "person", "!born", "!id", "and", "!born", "!>probable", ">worth", "for", "against")
    for place in NAMES:
        table.columns[place].min_width = 18
    for each in pairs:
        pair = each.pair
        people = [
            cell
            for person in (pair.first, pair.second)
            for cell in (Text(str(person.id)[:8], style="cyan"), person.name, text(person.birth_date))
        ]
        table.add_row(
            *people,
            f"{percent(pair.probability)}\n{pair.weight:+.1f}",
            _worth(pair),
            _reasons(each.speaks_for),
            _against(each),
        )
    return table


def _block(each: PossibleExplained, width: int) -> Iterator[RenderableType]:
    pair = each.pair
    for person in (pair.first, pair.second):
        head = Text.assemble((f"{str(person.id)[:8]}   ", "cyan"), (person.name, "bold"))
        yield Text("   ").join(in_lines([head, Text(text(person.birth_date))], width))
    parts = [
        labelled("probable", Text(f"{percent(pair.probability)} ({pair.weight:+.1f})")),
        labelled("worth", _worth(pair)),
        labelled("for", _reasons(each.speaks_for)),
        labelled("against", _against(each)),
    ]
    for line in in_lines(parts, width - INDENT):
        yield Padding(line, (0, 0, 0, INDENT))
    yield Text("")


def _against(each: PossibleExplained) -> Text:
    against = _reasons(each.speaks_against)
    contradiction = each.pair.contradiction
    if contradiction:
        against = Text(f"{contradiction_in_words(contradiction)}: ", style="bold red").append_text(against)
    if each.refusal is not None and each.refusal.code != "contradiction":
        against.append("\n" if against else "").append(refusal_in_short(each.refusal), "bold red")
    return against


def _worth(pair: PossiblePair) -> Text:
    what = [f"{number(pair.records)} record{'' if pair.records == 1 else 's'}"]
    what += [f"{number(pair.facts)} fact{'' if pair.facts == 1 else 's'}"] if pair.facts else []
    told = f"{pair.chance:.0%} of {', '.join(what)}"
    others = f"\nand {number(pair.open_with)} more open" if pair.open_with else ""
    return Text.assemble((f"{pair.worth:.1f}", "bold"), (f"\n{told}{others}", "dim"))


def _reasons(reasons: Sequence[Reason]) -> Text:
    words = Text()
    for field, level, weight in reasons[:SHOWN_REASONS]:
        words.append(", " if words else "").append(field.replace("_", " "), "green" if weight > 0 else "red")
        words.append("" if level in ("same", "different") else f" {level}", "dim")
    return words
