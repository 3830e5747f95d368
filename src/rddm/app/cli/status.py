"""``rddm status``: the warehouse at a glance."""

from __future__ import annotations

from rddm.app.cli.opening import reading
from rddm.app.cli.options import JsonOption, LimitOption, ProjectOption

HELP = """
Show the last runs, where every record is, what is published, and how much disk it takes.

[bold]Examples[/bold]

  rddm status
  rddm status --json | jq .is_active
"""


def status_command(project: ProjectOption = None, limit: LimitOption = 5, as_json: JsonOption = False) -> None:  # noqa: FBT002
    from rddm.app.cli.output import show  # noqa: PLC0415
    from rddm.app.cli.render.status import draw_status  # noqa: PLC0415
    from rddm.serve.overview import status  # noqa: PLC0415

    with reading(project) as warehouse:
        found = status(warehouse, limit)
    show(found, lambda: draw_status(found), as_json=as_json)
