"""
SQL in a mapping: one expression over the delivered columns of one row, and nothing more.

The engineer who writes it is trusted; this keeps promises rather than intruders out. A stage is a pure function of its
tables, so an expression reads no other table, no file, no clock and no dice, and looks at one row at a time.
"""

from __future__ import annotations

import re

from sqlglot import Token, TokenType, exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import ParseError, SqlglotError

LENGTH_LIMIT = 20_000

STATEMENTS = (
    exp.Query,
    exp.DDL,
    exp.DML,
    exp.Command,
    exp.Drop,
    exp.Set,
    exp.Pragma,
    exp.Attach,
    exp.Describe,
    exp.Use,
)
READS_OUTSIDE = re.compile(
    r"read_\w+|glob|query|query_table|\w+_scan|\w+_query|\w+_attach|duckdb_\w+|pragma_\w+|parquet_\w+|pg_\w+|getenv"
    r"|getvariable|current_setting|current_database|current_schemas?|current_user|session_user|user|which_secret"
    r"|sniff_csv"
)
CHANGES_BY_ITSELF = re.compile(
    r"now|get_current_time(stamp)?|transaction_timestamp|current_\w+|localtime(stamp)?|today|random|setseed"
    r"|gen_random_uuid|uuid(v4|v7)?|nextval|currval|txid_current|write_log"
)
OF_THE_ENGINE = frozenset({"hash", "stats", "sleep_ms"})
"""Speak of the engine and not of the row, or do no more than keep it waiting."""
OF_THE_ARRIVAL = frozenset({"_received_at", "_batch", "_seq"})
"""Columns of ours that tell when a record came, which must not change what it says."""
IMPURE = (exp.CurrentDate, exp.CurrentTime, exp.CurrentTimestamp, exp.Rand, exp.Randn, exp.Uuid)


def expression_fault(sql: str) -> str | None:
    """
    Return why *sql* is no expression over the columns of one row, as a sentence; None when it is one.

    The sentence holds nothing of the text but names of functions.

    >>> expression_fault("coalesce(tel, tel2)")
    >>> expression_fault("select 1")
    'a statement stands where an expression over the delivered columns belongs.'
    >>> expression_fault("max(born)")
    'MAX looks at many rows; an expression sees one row.'
    """
    tree, fault = _parsed(sql)
    if tree is None:
        return fault
    return next((said for node in tree.walk() if (said := _fault_of(node))), None)


def expression_columns(sql: str) -> tuple[str, ...]:
    """
    Return the delivered columns that *sql* reads, each once, in order of appearance; none when it does not parse.

    >>> expression_columns('coalesce(tel, "Телефон 2", tel)')
    ('tel', 'Телефон 2')
    >>> expression_columns("[each FOR each IN tels IF each <> tel]")
    ('tels', 'tel')
    """
    tree, _ = _parsed(sql)
    if tree is None:
        return ()
    columns = dict.fromkeys(column.name for column in tree.find_all(exp.Column, bfs=False))
    bound = {each.expression.name for each in tree.find_all(exp.Comprehension)}
    return tuple(name for name in columns if name not in bound)


def _parsed(sql: str) -> tuple[exp.Expr | None, str]:
    if len(sql) > LENGTH_LIMIT:
        return None, f"the expression is longer than {LENGTH_LIMIT:,} characters."
    dialect = DuckDB()
    try:
        tokens = dialect.tokenize(sql)
        if fault := _fault_of_tokens(tokens):
            return None, fault
        trees = dialect.parser().parse(tokens, sql)
    except ParseError as error:
        column = error.errors[0].get("col") if error.errors else None
        at = f" (near character {column} of the line)" if column else ""
        return None, f"this is not an SQL expression that DuckDB can read{at}."
    except (SqlglotError, RecursionError, ValueError, TypeError, AttributeError, IndexError, KeyError):
        # On some malformed text the parser trips instead of reporting; deep nesting ends its recursion.
        return None, "this is not an SQL expression that DuckDB can read."
    if len(trees) != 1 or trees[0] is None:
        return None, "there is no expression here."
    return trees[0], ""


def _fault_of_tokens(tokens: list[Token]) -> str:
    if not tokens:
        return "there is no expression here."
    if any(token.token_type is TokenType.SEMICOLON for token in tokens):
        return "there is a `;`: one expression stands here, without one."
    if any(token.comments for token in tokens):
        return "comments have no place in an expression; write them as YAML comments (`#`)."
    if tokens[0].token_type in DuckDB.Tokenizer.COMMANDS:
        return STATEMENT
    return ""


STATEMENT = "a statement stands where an expression over the delivered columns belongs."


def _fault_of(node: exp.Expr) -> str | None:  # noqa: PLR0911 - one rule, one return
    if isinstance(node, (*STATEMENTS, exp.Subquery, exp.Table)):
        return STATEMENT if node.parent is None else "an expression cannot query tables."
    if isinstance(node, exp.Star | exp.Columns):
        return "`*` stands for many columns; an expression gives one value."
    if isinstance(node, exp.Alias | exp.Tuple) and node.parent is None:
        return "one value without a name (`AS …`) belongs here."
    if isinstance(node, exp.Placeholder | exp.Parameter):
        return "placeholders (`?`, `$1`) have no value here."
    if isinstance(node, exp.Column) and node.table:
        return 'a dot means "column of a table" in SQL. Put the name of a nested column in double quotes: "name.first".'
    if isinstance(node, exp.Window | exp.AggFunc | exp.UDTF | exp.Explode):
        return f"{_name(node).upper()} looks at many rows; an expression sees one row."
    name = _name(node).lower()
    if isinstance(node, exp.ReadCSV | exp.ReadParquet) or (name and READS_OUTSIDE.fullmatch(name)):
        return f"{name} reads something else than the row."
    return _fault_of_purity(node, name)


def _fault_of_purity(node: exp.Expr, name: str) -> str | None:
    if isinstance(node, IMPURE) or (name and CHANGES_BY_ITSELF.fullmatch(name)):
        return f"{name} gives another value each time, so the same data would not give the same result."
    if isinstance(node, exp.Column) and node.name.lower() in OF_THE_ARRIVAL:
        return f"{node.name} tells when the record came; what it says must not depend on that."
    if name in OF_THE_ENGINE:
        return f"{name} speaks of the engine, whose next version may say something else."
    if name == "age" and len(node.args.get("expressions", ())) == 1:
        return "age of one time counts to today, so the same data would not give the same result. Give it two."
    return None


def _name(node: exp.Expr) -> str:
    if isinstance(node, exp.Anonymous):
        return str(node.name)
    if isinstance(node, exp.Window):
        return "over"
    return str(node.sql_name()) if isinstance(node, exp.Func) else ""
