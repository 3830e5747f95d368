"""The configuration reference says what the settings are."""

from __future__ import annotations

from rddm.project.reference import configuration_reference


def test_the_reference_has_every_key_a_user_may_write_and_none_that_the_parser_fills_in() -> None:
    text = configuration_reference()
    source = text.partition("## `sources/<name>.yaml`")[2].partition("### entities.*.fields.*")[0]
    assert "| `connector` | mapping | required unless every entity has its `read` |" in source
    assert "| `key` | text or list of text | required |" in source
    assert "| `trust` | whole number, at least 0, at most 10 | `5` |" in source
    assert "| `name` |" not in source
    assert "made by the parser" not in text


def test_a_table_row_has_four_cells_and_the_text_no_traces_of_python() -> None:
    text = configuration_reference()
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) > 70
    assert {row.replace("\\|", "").count("|") for row in rows} == {5}
    assert "``" not in text
    assert "<class" not in text
    assert "typing" not in text


def test_the_reference_is_the_same_each_time() -> None:
    assert configuration_reference() == configuration_reference()
