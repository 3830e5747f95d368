"""SQL in a mapping is an expression over one row."""

from __future__ import annotations

import pytest

from rddm.project.expressions import expression_columns, expression_fault

STATEMENT = "a statement stands where an expression over the delivered columns belongs."
TABLES = "an expression cannot query tables."


@pytest.mark.parametrize(
    "sql",
    [
        "tel",
        '"Телефон 2"',
        "coalesce(tel, tel2)",
        "case when sex = '1' then 'male' else 'female' end",
        "nullif(trim(school), '') || ', ' || city",
        "try_strptime(born, '%d.%m.%Y')::date",
        "json_extract_string(address, '$.city')",
        "address ->> 'city'",
        "regexp_extract(fio, '^(\\w+)', 1)",
        "list_transform(string_split(phones, ','), lambda p: trim(p))[1]",
        "state in ('deleted', 'blocked') and not active",
        "substring(code from 1 for 2)",
        "to_timestamp(changed::bigint)",
        "age(left_at::timestamp, born::timestamp)",
    ],
)
def test_an_expression_over_the_row_is_fine(sql: str) -> None:
    assert expression_fault(sql) is None


@pytest.mark.parametrize(
    ("sql", "fault"),
    [
        ("", "there is no expression here."),
        ("a +", "this is not an SQL expression that DuckDB can read (near character 3 of the line)."),
        ("((a)", "this is not an SQL expression that DuckDB can read (near character 4 of the line)."),
        ("'open", "this is not an SQL expression that DuckDB can read."),
        ("(" * 9000, "this is not an SQL expression that DuckDB can read."),
        ("a" * 20_001, "the expression is longer than 20,000 characters."),
        ("a; drop table raw", "there is a `;`: one expression stands here, without one."),
        ("a -- why", "comments have no place in an expression; write them as YAML comments (`#`)."),
        ("select a", STATEMENT),
        ("(select a)", STATEMENT),
        ("from raw", STATEMENT),
        ("drop table raw", STATEMENT),
        ("attach 'x'", STATEMENT),
        ("copy raw to 'x'", STATEMENT),
        ("call f()", STATEMENT),
        ("a union select 1", STATEMENT),
        ("a in (select b from c)", TABLES),
        ("exists(select 1)", TABLES),
        ("read_csv('x')", "read_csv reads something else than the row."),
        ("read_text('x')", "read_text reads something else than the row."),
        ("coalesce(a, getenv('HOME'))", "getenv reads something else than the row."),
        ("query('select 1')", "query reads something else than the row."),
        ("*", "`*` stands for many columns; an expression gives one value."),
        ("a as b", "one value without a name (`AS …`) belongs here."),
        ("(a, b)", "one value without a name (`AS …`) belongs here."),
        ("max(a)", "MAX looks at many rows; an expression sees one row."),
        ("row_number() over ()", "OVER looks at many rows; an expression sees one row."),
        ("now()", "now gives another value each time, so the same data would not give the same result."),
        ("random()", "rand gives another value each time, so the same data would not give the same result."),
        (
            "age(born::timestamp)",
            "age of one time counts to today, so the same data would not give the same result. Give it two.",
        ),
        ("hash(a)", "hash speaks of the engine, whose next version may say something else."),
        ("sleep_ms(5)", "sleep_ms speaks of the engine, whose next version may say something else."),
        ("_batch", "_batch tells when the record came; what it says must not depend on that."),
        ("a || ?", "placeholders (`?`, `$1`) have no value here."),
        (
            "name.first",
            'a dot means "column of a table" in SQL. Put the name of a nested column in double quotes: "name.first".',
        ),
    ],
)
def test_anything_else_is_refused_with_a_reason(sql: str, fault: str) -> None:
    assert expression_fault(sql) == fault


def test_an_expressions_columns_are_known_and_a_lambdas_variable_is_none() -> None:
    assert expression_columns("list_transform(phones, lambda p: p || suffix)") == ("phones", "suffix")
