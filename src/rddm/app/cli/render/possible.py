"""The steward's queue: who may be one, and what speaks for and against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from rddm.app.cli.render.tables import dim, listing
from rddm.app.cli.render.words import number, percent, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from rddm.serve.explaining import PossibleExplained, Reason
    from rddm.serve.possible import PossiblePair

SHOWN_REASONS = 3
NAMES = (1, 4)
"""The columns that hold names."""


def draw_possible(found: Sequence[PossibleExplained], total: int, skip: int = 0) -> RenderableType:
    """Return the pairs that wait for a human's word, a line each, and how to give it; *skip* came before them."""
    if not found:
        more = f" There are {number(total)}: look at an earlier page." if total else ""
        return Text(f"No two people wait for your word here.{more}", style="green")
    table = listing("!id", "person", "!born", "!id", "and", "!born", "!>probable", "!>worth", "for", "against")
    for place in NAMES:
        table.columns[place].min_width = 18
    for each in found:
        pair = each.pair
        people = [
            cell
            for person in (pair.first, pair.second)
            for cell in (Text(str(person.id)[:8], style="cyan"), person.name, text(person.birth_date))
        ]
        against = _reasons(each.speaks_against)
        if pair.contradiction:
            against = Text(f"{pair.contradiction.replace('_', ' ')}: ", style="bold red").append_text(against)
        table.add_row(
            *people,
            f"{percent(pair.probability)}\n{pair.weight:+.1f}",
            _worth(pair),
            _reasons(each.speaks_for),
            against,
        )
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
    return Group(table, *(dim(note) for note in notes))


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
