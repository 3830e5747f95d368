"""Whether a person is known: the verdict, who it may be, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from rddm.app.cli.render.tables import dim, listing
from rddm.app.cli.render.why import draw_waterfall
from rddm.app.cli.render.words import number, percent
from rddm.conform.words import reason_in_words, repair_field, repair_in_words
from rddm.resolve.told import contradiction_in_words

if TYPE_CHECKING:
    from rich.console import RenderableType

    from rddm.resolve.known import KnownPerson
    from rddm.serve.known import Answer

STYLES = {"known": "bold green", "possible": "bold yellow", "unknown": "bold red", "too_little": "bold yellow"}
LOUDEST = 4
TELLING_BITS = 0.5


def draw_answer(answer: Answer) -> RenderableType:
    """Return the answer, with the waterfall of the most probable person."""
    parts: list[RenderableType] = [_headline(answer)]
    if answer.people:
        table = listing("!id", "!>probability", "!>weight", "because")
        for person in answer.people:
            table.add_row(
                Text(str(person.id), style="cyan"), percent(person.probability), f"{person.explanation.total:+.1f}",
                _reasons(person),
            )  # fmt: skip
        parts += [table, draw_waterfall(answer.people[0].explanation)]
    parts += [dim(note) for note in _notes(answer)]
    return Group(*parts)


def _headline(answer: Answer) -> Text:
    several = len(answer.people) > 1
    words = {
        "known": "this is one person whom we know",
        "possible": f"{'one of several people' if several else 'one person'} may be meant, and it is not sure enough",
        "unknown": "nobody whom we know is meant",
        "too_little": "this cannot tell whether we know them: it leads to nobody, or to too many",
    }[answer.verdict]
    share = f", probability that one is {percent(answer.probability)}" if answer.people else ""
    return Text.assemble((f"{answer.verdict.replace('_', ' ')}  ", STYLES[answer.verdict]), f"{words}{share}")


def _reasons(person: KnownPerson) -> Text:
    reasons = Text()
    loudest = sorted(person.explanation.contributions, key=lambda each: -abs(each.weight))
    for each in [one for one in loudest if abs(one.weight) >= TELLING_BITS][:LOUDEST]:
        colour = "green" if each.weight > 0 else "red"
        reasons.append(f"{each.field} ").append(f"{each.level} ", "dim").append(f"{each.weight:+.1f}  ", colour)
    if person.contradiction is not None:
        reasons.append(f"contradicts: {contradiction_in_words(person.contradiction)}", "bold red")
    return reasons


def _notes(answer: Answer) -> list[str]:
    notes = [f"{repair_field(each) or 'names'}: {repair_in_words(each)}." for each in answer.repairs]
    notes += [f"Not compared - {reason_in_words(each)}." for each in answer.problems]
    if answer.not_compared:
        notes.append(f"Not compared - {', '.join(answer.not_compared)}: tells nobody apart.")
    if not answer.understood:
        notes.append("Nothing that was typed can be compared.")
    if answer.would_help:
        apart = len(answer.people) > 1
        notes.append(
            f"{'Would tell these apart' if apart else 'Would make it clearer'}: {', '.join(answer.would_help)}."
        )
    notes.append(f"{number(answer.compared)} compared, by {', '.join(answer.understood) or 'nothing'}.")
    if answer.people:
        notes.append(f"Go on with: rddm person show {str(answer.people[0].id)[:8]}")
    return notes
