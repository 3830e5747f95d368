"""The ``rddm`` command and what belongs to it."""

from __future__ import annotations

from typing import Annotated

import typer

from rddm.app.cli import check, demo, identity, init, lake, person, quarantine, run, sources, sql, status
from rddm.app.cli.failures import GuardedGroup
from rddm.app.cli.options import JsonOption
from rddm.app.cli.output import print_json
from rddm.app.cli.paragraphs import join_paragraphs

HELP = """
All your services' data in one warehouse, one explained profile per person.

[bold]A first warehouse[/bold]

  rddm init my-warehouse && cd my-warehouse
  rddm init --from ../exports/users.csv  [dim]# draft a source's mapping[/dim]
  rddm check --connect                   [dim]# is everything right?[/dim]
  rddm run                               [dim]# read, clean, match, publish[/dim]
  rddm person find Иванова Анна          [dim]# and who is that?[/dim]

Or `rddm demo`: nine invented services, all of it in a few minutes.

Every command takes [cyan]--project DIR[/cyan] (or finds rddm.yaml here and in the folders above)
and [cyan]--json[/cyan] (JSON alone on standard output; progress and errors go to standard error).

[bold]Exit codes[/bold]

  0  done
  1  something unexpected; a traceback is in .rddm/last-error.log
  2  the project's files or the command line are wrong
  3  a source could not be read; all others were
  4  PostgreSQL, the lake or the disk failed
  5  another run is writing to this warehouse
  6  a run's counts did not balance; it was rolled back
  7  what you asked for does not exist
  8  a look-up is not sure: somebody has to look
  9  a look-up was told too little to look for anybody by
  130  interrupted; the next run goes on from here
"""

application = typer.Typer(
    cls=GuardedGroup,
    help=HELP,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)
application.command("init", help=init.HELP)(init.init_command)
application.command("check", help=check.HELP)(check.check_command)
application.command("run", help=run.HELP)(run.run_command)
application.command("status", help=status.HELP)(status.status_command)
application.command("sql", help=sql.HELP)(sql.sql_command)
application.command("demo", help=demo.HELP)(demo.demo_command)
application.add_typer(sources.group, name="sources")
application.add_typer(quarantine.group, name="quarantine")
application.add_typer(person.group, name="person")
application.add_typer(identity.group, name="identity")
application.add_typer(lake.group, name="lake")
join_paragraphs(application)


@application.command("version")
def version_command(as_json: JsonOption = False) -> None:  # noqa: FBT002 - a flag of the command line
    """Print the version. `rddm --version` does the same."""
    from rddm import __version__  # noqa: PLC0415 - see the room's docstring

    if as_json:
        print_json({"version": __version__})
    else:
        typer.echo(__version__)


def _print_version(given: bool) -> None:  # noqa: FBT001 - Typer calls it so
    if given:
        version_command()
        raise typer.Exit


@application.callback()
def rddm(
    _version: Annotated[  # noqa: FBT002 - a flag of the command line
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """`HELP` says what this is for; the option's callback does its work."""
