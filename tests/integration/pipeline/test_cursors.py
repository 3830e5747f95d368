"""What is kept of where reading goes on: every cursor whole, and no more written of it than what moved."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.warehouse import PERSON, TinyWarehouse

from rddm.contracts.batches import Json
from rddm.pipeline.cursors import SavedCursor, read_cursors, save_cursor
from rddm.pipeline.engine import prepare_lake

New = Callable[..., TinyWarehouse]
CURSORS: list[dict[str, Json]] = [
    {"files": {"a.csv": {"size": 1}, "Ж 'x'.csv": {"size": 2, "parts": [1, None]}}, "since": "2024", "none": {}},
    {"files": {"a.csv": {"size": 1}, "b.csv": {"size": 3}}, "since": "2024", "none": {}},
    {"files": {"a.csv": {"size": 9}, "b.csv": {"size": 3}}, "partitions": {"0": 17}},
    {},
    {"files": {}, "since": None},
]


def test_every_cursor_comes_back_whole_and_only_what_moved_is_written(new_warehouse: New) -> None:
    opened = new_warehouse(a=PERSON).warehouse
    lake, settings = opened.lake, opened.settings.sources["a"].entities["person"]
    prepare_lake(lake)
    saved: SavedCursor | None = None
    for batch, cursor in enumerate(CURSORS, start=1):
        after = SavedCursor.of(cursor, settings)
        with lake.transaction("move"):
            save_cursor(lake.connection, ("a", "person"), saved, after, batch)
        saved = read_cursors(lake)["a", "person"]
        assert saved == after
        assert saved.beginning(settings) == cursor
        if batch == 2:
            written = lake.connection.execute("SELECT key, batch FROM lake.raw.cursor_entry ORDER BY key").fetchall()
            assert written == [("a.csv", 1), ("b.csv", 2)]
            assert lake.number("SELECT batch FROM lake.raw.cursor") == 1
    other = settings.model_copy(update={"connector": settings.connector.model_copy(update={"path": "other/*.csv"})})
    assert saved is not None
    assert saved.beginning(other) == saved.beginning(settings)  # where it lies is no matter of how it is read
    apart = settings.model_copy(update={"connector": settings.connector.model_copy(update={"delimiter": "|"})})
    assert saved.beginning(apart) is None


def test_a_cursor_that_an_older_version_kept_in_one_piece_goes_on(new_warehouse: New) -> None:
    opened = new_warehouse(a=PERSON).warehouse
    lake, settings = opened.lake, opened.settings.sources["a"].entities["person"]
    prepare_lake(lake)
    now = SavedCursor.of({}, settings)
    lake.connection.execute(
        "INSERT INTO lake.raw.cursor (source, entity, cursor, batch, reading, envelope) VALUES ('a', 'person', ?, 1, ?, ?)",
        ['{"files": {"a.csv": {"size": 1}, "b.csv": {"size": 2}}}', now.reading, now.envelope],
    )
    saved = read_cursors(lake)["a", "person"]
    assert saved.beginning(settings) == {"files": {"a.csv": {"size": 1}, "b.csv": {"size": 2}}}
    later: dict[str, Json] = {"files": {"b.csv": {"size": 2}, "c.csv": {"size": 3}}}
    with lake.transaction("move"):
        save_cursor(lake.connection, ("a", "person"), saved, SavedCursor.of(later, settings), 2)
    assert read_cursors(lake)["a", "person"].beginning(settings) == later
