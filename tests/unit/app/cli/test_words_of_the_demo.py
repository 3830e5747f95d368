from __future__ import annotations

from rich.console import Console

from rddm.app.cli.render.demo import draw_early
from rddm.demo.accuracy import EarlyArrivals


def drawn(day: int, early: EarlyArrivals, released: int) -> str:
    console = Console(width=200)
    with console.capture() as capture:
        console.print(draw_early(day, early, released))
    return " ".join(capture.get().split())


def test_on_the_first_day_what_came_early_waits_for_the_second() -> None:
    early = EarlyArrivals(came_early=1973, parent_came=0, released=0)
    assert drawn(1, early, 0) == (
        "early 1,973 participations came before their person or event and wait; day 2 brings the parents."
    )


def test_on_the_second_day_it_tells_how_many_are_released() -> None:
    early = EarlyArrivals(came_early=1973, parent_came=1900, released=1900)
    assert "of 1,900 whose parent has come 1,900 are released, 73 still wait" in drawn(2, early, 1950)
