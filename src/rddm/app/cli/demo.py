"""``rddm demo``: nine invented services into one warehouse, and how right it is."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rddm.app.cli.next_steps import DEMO_NOTE
from rddm.app.cli.options import JsonOption
from rddm.contracts.errors import ConfigurationError, ConfigurationProblem, SourceError

if TYPE_CHECKING:
    from rddm.app.cli.run_summary import RunSummary
    from rddm.demo.accuracy import Accuracy, EarlyArrivals
    from rddm.pipeline.run import Warehouse
    from rddm.serve.portrait import Portrait

HELP = """
Try it all: nine invented services of a youth movement, about 20,000 people and 80,000 user records with the dirt of real
life, through every layer into a warehouse in ./demo-warehouse. The truth is known here, so it says how right the result is.

[bold]Examples[/bold]

  rddm demo                   [dim]# the first day: everything[/dim]
  rddm demo --day 2           [dim]# the second: corrections, late parents, new records[/dim]
  rddm demo --serve           [dim]# keep the demo's services up, so that `rddm run` can read them[/dim]
"""
REST_PORT = 8765
FEDERATION = "demo_federation"
PORTRAITS = 3


@dataclass(frozen=True)
class DemoResult:
    """What one day of the demo showed."""

    day: int
    project: str
    summary: RunSummary
    accuracy: Accuracy
    early: EarlyArrivals
    released: int
    portraits: list[Portrait]


def demo_command(  # noqa: PLR0913 - the options of the command
    folder: Annotated[
        Path, typer.Option("--folder", metavar="DIR", help="Where the demo's warehouse and services go.")
    ] = Path("demo-warehouse"),
    day: Annotated[int, typer.Option("--day", min=1, max=2, help="1: everything; 2: what the next day brings.")] = 1,
    people: Annotated[int, typer.Option("--people", min=50, max=1_000_000, help="How many people to invent.")] = 20_000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same world.")] = 2026,
    fresh: Annotated[bool, typer.Option("--fresh", help="Take away an earlier demo in the same folder first.")] = False,  # noqa: FBT002
    serve: Annotated[bool, typer.Option("--serve", help="Keep the demo's services up until Ctrl-C.")] = False,  # noqa: FBT002
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    if serve:
        _serve(folder)
        return
    if day == 1:
        _clear(folder, fresh=fresh)
        folder.mkdir(parents=True, exist_ok=True)
        _write_note(folder, {"people": people, "seed": seed, "written": 0, "day": 0})
    result = _run_day(folder, day)
    _show(result, as_json=as_json)
    raise typer.Exit(SourceError.exit_code if result.summary.problems else 0)


def _show(result: DemoResult, *, as_json: bool) -> None:
    from rddm.app.cli.output import show  # noqa: PLC0415 - see the room's docstring
    from rddm.app.cli.render.demo import draw_demo  # noqa: PLC0415

    show(result, lambda: draw_demo(result), as_json=as_json)


def _clear(folder: Path, *, fresh: bool) -> None:
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not (folder / DEMO_NOTE).is_file():
        raise _refusal(folder, "the folder holds something else than a demo.", "Name another with --folder DIR.")
    if not fresh:
        raise _refusal(folder, "there is a demo already.", "Go on with --day 2, or start anew with --fresh.")
    shutil.rmtree(folder)


def _refusal(folder: Path, message: str, fix: str) -> ConfigurationError:
    return ConfigurationError(ConfigurationProblem(str(folder), 0, "", message, fix))


def _read_note(folder: Path) -> dict[str, int]:
    try:
        note = json.loads((folder / DEMO_NOTE).read_text(encoding="utf-8"))
        return {name: int(note[name]) for name in ("people", "seed", "written", "day")}
    except (OSError, ValueError, KeyError, TypeError):
        raise _refusal(folder, "there is no demo here.", "Start one with `rddm demo`.") from None


def _write_note(folder: Path, note: dict[str, int]) -> None:
    (folder / DEMO_NOTE).write_text(json.dumps(note), encoding="utf-8")


def _run_day(folder: Path, day: int) -> DemoResult:
    from rddm.app import wire  # noqa: PLC0415 - see the room's docstring
    from rddm.app.cli.output import stderr_console  # noqa: PLC0415
    from rddm.app.cli.render.progress import RunProgress  # noqa: PLC0415
    from rddm.app.cli.run_summary import summarise  # noqa: PLC0415
    from rddm.demo.accuracy import measure_accuracy, measure_early_arrivals  # noqa: PLC0415
    from rddm.pipeline.run import run  # noqa: PLC0415
    from rddm.project.settings import ProbabilisticIdentity  # noqa: PLC0415

    note = _read_note(folder)
    if day > note["day"] + 1:
        raise _refusal(folder, f"day {day} comes after day {day - 1}.", f"Run `rddm demo --day {day - 1}` first.")
    console = stderr_console()
    console.print(f"inventing {note['people']:,} people and what nine services know of them, day {day} …")
    with _services(folder, note, day) as environment, wire.open_warehouse(folder, environment) as warehouse:
        waiting = _waiting(warehouse) if day > 1 else 0
        with RunProgress(console) as progress:
            report = run(warehouse, progress)
        _write_note(folder, {**_read_note(folder), "day": max(day, note["day"])})
        identity = warehouse.settings.model.entities["person"].identity
        return DemoResult(
            day=day,
            project=str(folder),
            summary=summarise(report, warehouse),
            accuracy=measure_accuracy(
                warehouse.lake,
                identity if isinstance(identity, ProbabilisticIdentity) else ProbabilisticIdentity(),
                folder / "truth.parquet",
                day,
            ),
            early=measure_early_arrivals(warehouse.lake, folder / "truth_early.parquet", day),
            released=waiting - _still_waiting(warehouse) if day > 1 else 0,
            portraits=_portraits(warehouse, folder),
        )


def _waiting(warehouse: Warehouse) -> int:
    """Remember which records wait now; return how many."""
    warehouse.lake.connection.execute(
        "CREATE OR REPLACE TEMP TABLE demo_waiting AS SELECT record_id FROM lake.quarantine.record"
    )
    return warehouse.lake.number("SELECT count(*) FROM demo_waiting")


def _still_waiting(warehouse: Warehouse) -> int:
    return warehouse.lake.number("SELECT count(*) FROM demo_waiting SEMI JOIN lake.quarantine.record USING (record_id)")


def _portraits(warehouse: Warehouse, folder: Path) -> list[Portrait]:
    from rddm.app import wire  # noqa: PLC0415 - see the room's docstring
    from rddm.demo.accuracy import telling_people  # noqa: PLC0415
    from rddm.serve.lookup import identify  # noqa: PLC0415
    from rddm.serve.portrait import portrait  # noqa: PLC0415
    from rddm.serve.reading import Reading  # noqa: PLC0415

    reading = Reading(
        warehouse.settings, warehouse.lake, warehouse.database, warehouse.control, folder / wire.STATE_FOLDER
    )
    ids = telling_people(warehouse.lake, PORTRAITS)
    return [portrait(reading, identify(reading, "person", each)) for each in ids]


@contextmanager
def _services(folder: Path, note: dict[str, int], day: int) -> Iterator[dict[str, str]]:
    """Write what the services hold on *day*, serve those that are servers, and give the environment that reaches them."""
    from rddm.demo import (  # noqa: PLC0415
        REST_TOKEN,
        REST_TOKEN_VARIABLE,
        invent_world,
        load_postgres,
        serve_rest,
        write_project,
        write_services,
    )
    from rddm.store.embedded import ensure_database, start_embedded  # noqa: PLC0415

    services = folder / "services"
    services.mkdir(exist_ok=True)
    # The demo is the embedded default at work, whatever database the environment names for real warehouses.
    url = ensure_database(start_embedded(_data_folder(folder)), FEDERATION)
    if note["written"] < day:
        world = invent_world(note["people"], note["seed"])
        write_services(world, services, day)
        load_postgres(world, url, day)
        _write_note(folder, {**note, "written": day})
    write_project(
        folder,
        services,
        rest_url=f"${{RDDM_DEMO_APP_URL:-http://127.0.0.1:{REST_PORT}}}",
        postgres_url=url,
    )
    environment = {name: value for name, value in os.environ.items() if name != "RDDM_DATABASE_URL"}
    with serve_rest(services) as rest_url:
        yield environment | {"RDDM_DEMO_APP_URL": rest_url, REST_TOKEN_VARIABLE: REST_TOKEN}


def _data_folder(folder: Path) -> Path:
    from rddm.app.wire import STATE_FOLDER  # noqa: PLC0415 - see the room's docstring

    return folder.resolve() / STATE_FOLDER / "pg"


def _serve(folder: Path) -> None:
    import time  # noqa: PLC0415 - see the room's docstring

    from rddm.app.cli.output import stderr_console  # noqa: PLC0415
    from rddm.demo import REST_TOKEN, REST_TOKEN_VARIABLE, serve_rest  # noqa: PLC0415
    from rddm.store.embedded import start_embedded  # noqa: PLC0415

    _read_note(folder)
    start_embedded(_data_folder(folder))  # the federation's database is in it
    with serve_rest(folder / "services", REST_PORT) as url:
        stderr_console().print(
            f"The demo's mobile app answers at {url}, its federation's database beside it. In another terminal:\n"
            f"  export {REST_TOKEN_VARIABLE}={REST_TOKEN}\n  rddm run --project {folder}\nCtrl-C ends it.",
            markup=False,
        )
        while True:
            time.sleep(3600)
