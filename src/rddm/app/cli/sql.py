"""``rddm sql``: ask the published warehouse."""

from __future__ import annotations

from typing import Annotated

import typer

from rddm.app.cli.opening import reading
from rddm.app.cli.options import MOST, JsonOption, ProjectOption

HELP = """
Ask what is published: one SQL statement on schema warehouse of PostgreSQL, in a transaction that cannot write.

It sees every table of the database: roles, row filters and masks come with access control. Until then, let nobody use it who
may not see all there is. Of the embedded server it sees no files. On a server of your own it may what the login in
RDDM_DATABASE_URL may: a superuser's reads the server's files, too, so give it none.

[bold]Examples[/bold]

  rddm sql "SELECT sources, count(*) FROM person GROUP BY 1 ORDER BY 2 DESC"
  rddm sql "SELECT * FROM person_record WHERE source = 'camps'" --limit 1000 --json
  rddm sql "SELECT table_name FROM information_schema.tables WHERE table_schema = 'warehouse'"
"""


def sql_command(
    statement: Annotated[str, typer.Argument(metavar="STATEMENT", help="SELECT …", show_default=False)],
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, max=MOST, metavar="N", help="At most this many rows.")
    ] = 100,
    project: ProjectOption = None,
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    from rddm.app.cli.output import show  # noqa: PLC0415
    from rddm.app.cli.render.sql import draw_answer  # noqa: PLC0415
    from rddm.serve.asking import ask  # noqa: PLC0415

    with reading(project) as warehouse:
        answer = ask(warehouse.database, statement, limit)
    show(answer, lambda: draw_answer(answer), as_json=as_json)
