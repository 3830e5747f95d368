"""The embedded server comes up whatever happened to its folder, and tells apart its own server and another's."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from rddm.app.wire import open_database
from rddm.contracts.errors import StoreError
from rddm.project.load import load_project
from rddm.store.database import Database
from rddm.store.embedded import LOG, VERSION, start_embedded
from rddm.store.scrubbing import Recycling, clear_database, recycling_of, set_recycling

STARTED = """
import sys
from pathlib import Path
from rddm.store.embedded import start_embedded
import psycopg
with psycopg.connect(start_embedded(Path(sys.argv[1]))) as connection:
    connection.execute("SELECT pg_advisory_xact_lock(1)")  # two who make a table at once get in each other's way
    connection.execute("CREATE TABLE IF NOT EXISTS started (at timestamptz DEFAULT now())")
    connection.execute("INSERT INTO started DEFAULT VALUES")
    count = connection.execute("SELECT count(*) FROM started").fetchone()[0]
print(count, flush=True)
if len(sys.argv) > 2:
    sys.stdin.read()
"""
STRANGE = 'Проект "д\'Арт" $HOME `id`, с пробелами и длинным именем, которое ни в один сокет не поместится'


@pytest.fixture
def data() -> Iterator[Path]:
    """Where a server may live; its path is short."""
    folder = Path(tempfile.mkdtemp(prefix="rddm-"))
    yield folder / "pg"
    shutil.rmtree(folder)


def use(data: Path) -> int:
    """Start and stop the server in a process of its own; return how often that was done before, and now."""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", STARTED, str(data)], capture_output=True, text=True, check=True, timeout=120
    )
    assert not done.stderr
    return int(done.stdout)


def leave_running(data: Path) -> int:
    """Kill a process that uses the server; return the process of the server, which lives on."""
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", STARTED, str(data), "stay"], stdout=subprocess.PIPE, stdin=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()
    return server_of(data)


def server_of(data: Path) -> int:
    return int((data / "postmaster.pid").read_text(encoding="utf-8").split()[0])


def is_alive(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False


def test_the_last_one_to_leave_stops_the_server_though_others_were_killed(data: Path) -> None:
    server = leave_running(data)
    assert is_alive(server)
    assert use(data) == 2
    assert not is_alive(server)
    assert not (data / "postmaster.pid").exists()


def test_a_killed_server_is_started_again(data: Path) -> None:
    os.kill(leave_running(data), signal.SIGKILL)
    assert use(data) == 2


def test_a_folder_of_any_name_and_length_will_do(data: Path) -> None:
    assert use(data.parent / STRANGE / "pg") == 1
    assert use(data.parent / STRANGE / "pg") == 2


@pytest.mark.parametrize("name", ["moved", STRANGE], ids=["short", "strange"])
def test_a_folder_may_move_while_its_server_runs(data: Path, name: str) -> None:
    server = leave_running(data)
    (data.parent / name).mkdir()
    moved = data.rename(data.parent / name / "pg")
    assert use(moved) == 2
    assert not is_alive(server)


def test_a_folder_above_that_was_closed_does_not_keep_the_server_from_its_data(data: Path) -> None:
    assert use(data) == 1
    data.parent.chmod(0o700)
    assert use(data) == 2


def test_a_copied_folder_has_a_server_of_its_own(data: Path) -> None:
    server = leave_running(data)
    (data.parent / "copy").mkdir()
    copy = data.parent / "copy" / "pg"
    shutil.copytree(data, copy, ignore=shutil.ignore_patterns(".s.PGSQL*"))
    assert use(copy) == 2
    assert is_alive(server)
    assert use(data) == 2


@pytest.mark.parametrize("text", ["", "1\n/x\n1\n5432\n/x\n\n 1 1\nready\n"], ids=["empty", "another's"])
def test_a_stale_note_of_a_server_is_not_believed(data: Path, text: str) -> None:
    use(data)
    (data / "postmaster.pid").write_text(text, encoding="utf-8")
    assert use(data) == 2


def test_a_killed_creation_leaves_nothing_in_the_way(data: Path) -> None:
    (data.with_name("pg.new") / "base").mkdir(parents=True)
    assert use(data) == 1


def test_data_of_another_version_is_left_alone(data: Path) -> None:
    use(data)
    (data / "PG_VERSION").write_text("16\n", encoding="ascii")
    with pytest.raises(StoreError, match=f"PostgreSQL 16's, and this version brings {VERSION}"):
        start_embedded(data)


def test_several_may_start_it_at_once(data: Path) -> None:
    processes = [
        subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-c", STARTED, str(data)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(3)
    ]
    outcomes = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], outcomes


def test_nobody_else_reaches_the_socket(data: Path) -> None:
    url = start_embedded(data)
    folder = Path(str(psycopg.conninfo.conninfo_to_dict(url)["host"]))
    assert (folder / ".s.PGSQL.5432").stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_written_is_named(data: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    data.parent.chmod(0o500)
    try:
        with pytest.raises(StoreError, match="cannot be written"):
            start_embedded(data)
    finally:
        data.parent.chmod(0o700)


def test_text_sorts_by_code_point_and_knows_cyrillic_whatever_the_locale_of_the_user(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    with psycopg.connect(start_embedded(data)) as connection:
        row = connection.execute(
            "SELECT array_agg(word ORDER BY word), lower('ЁЖ') FROM unnest(ARRAY['я', 'Ёж', 'а', 'Яр']) AS word"
        ).fetchone()
    assert row == (["Ёж", "Яр", "а", "я"], "ёж")


def test_a_table_made_and_filled_in_one_transaction_is_not_written_twice(data: Path) -> None:
    with psycopg.connect(start_embedded(data), autocommit=True) as connection:
        before = connection.execute("SELECT pg_current_wal_insert_lsn()").fetchone()
        with connection.transaction():
            connection.execute(
                "CREATE TABLE filled AS SELECT md5(n::text) AS word FROM generate_series(1, 100000) AS n"
            )
        row = connection.execute(
            "SELECT pg_current_wal_insert_lsn() - %s, pg_relation_size('filled')", before
        ).fetchone()
    assert row is not None
    assert row[0] < row[1] / 4


def test_the_servers_log_holds_nothing_of_what_is_asked(data: Path) -> None:
    with psycopg.connect(start_embedded(data)) as connection:
        for statement in ("SELECT 'Zuckerberg'::int", "SELECT nothing FROM pg_class WHERE relname = 'Zuckerberg'"):
            with pytest.raises(psycopg.Error), connection.transaction():
                connection.execute(statement)
    assert "Zuckerberg" not in (data / "log").read_text(encoding="utf-8")


def test_nor_when_a_process_of_it_is_killed(data: Path) -> None:
    with psycopg.connect(start_embedded(data), autocommit=True) as connection:
        connection.execute("SELECT 'Zuckerberg'")  # what it ran last would be told
        os.kill(connection.info.backend_pid, signal.SIGKILL)
        with pytest.raises(psycopg.Error):
            connection.execute("SELECT 1")
    start_embedded(data)
    log = (data / LOG).read_text(encoding="utf-8")
    assert "terminated by signal 9" in log
    assert "Zuckerberg" not in log


def test_clearing_the_database_of_a_project_empties_its_servers_log(data: Path) -> None:
    (data.parent / "rddm.yaml").write_text("name: tiny\n", encoding="utf-8")
    database = open_database(load_project(data.parent, {}), {})
    log = data.parent / ".rddm" / "pg" / LOG
    with log.open("a", encoding="utf-8") as file:
        file.write("STATEMENT: SELECT 'Zuckerberg'::int")
    clear_database(database, ["control"], [])
    assert "Zuckerberg" not in log.read_text(encoding="utf-8")


def test_clearing_the_database_leaves_nothing_in_segments_of_its_log_that_were_kept_for_later(data: Path) -> None:
    (data.parent / "rddm.yaml").write_text("name: tiny\n", encoding="utf-8")
    database = open_database(load_project(data.parent, {}), {})
    log = data.parent / ".rddm" / "pg" / "pg_wal"
    with database.connect(autocommit=True) as connection:
        for _ in range(4):
            connection.execute("SELECT pg_logical_emit_message(false, 'rddm', repeat('Zuckerberg ', 1000))")
            connection.execute("SELECT pg_switch_wal()")
        connection.execute("CHECKPOINT")
        current = connection.execute("SELECT pg_walfile_name(pg_current_wal_lsn())").fetchall()[0][0]
    assert sum(b"Zuckerberg" in file.read_bytes() for file in log.glob("0*") if file.name > current) > 1
    assert clear_database(database, ["control"], []).is_log_cleared
    assert not any(b"Zuckerberg" in file.read_bytes() for file in log.glob("0*"))


@pytest.mark.parametrize("setting", [None, "on", "off"])
def test_clearing_the_database_leaves_its_server_set_as_it_was(data: Path, setting: str | None) -> None:
    database = Database(start_embedded(data))
    set_by_operator = Recycling(is_on=setting != "off", altered=setting)
    with database.connect(autocommit=True) as connection:
        set_recycling(connection, set_by_operator)
    assert clear_database(database, ["control"], []).is_log_cleared
    assert recycling_of(database) == set_by_operator


def test_a_new_state_folder_is_open_to_nobody_else(data: Path) -> None:
    start_embedded(data)
    assert data.parent.stat().st_mode & 0o066 == 0
    assert data.stat().st_mode & 0o077 == 0
