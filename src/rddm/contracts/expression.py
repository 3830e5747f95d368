"""
The stages' own SQL expressions as Python functions, for one row at a time.

A look-up of one record has milliseconds, which DuckDB needs to plan a query before it sees a row. So that there is still one
place that says how values are compared, the very SQL of the stages is read once and turned into a function; the property
tests hold both to the same results. Only our own SQL is ever read here, never a user's.

SQL's three-valued logic is kept: null is None, and an expression over null is null unless it says otherwise.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlglot
from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler
from sqlglot import exp

Row = Mapping[str, Any]
Evaluator = Callable[[Row, Row], Any]
"""From the rows ``a`` and ``b`` to a value. Columns of no table, or of any other, are the first row's."""

_WHOLE_NUMBER = re.compile(r"\s*([+-]?[0-9]{1,18})\s*", re.ASCII)
_SIGN_ALONE = re.compile(r"\s*[+-]\s+", re.ASCII)
"""DuckDB reads a sign with nothing but a gap behind it as nought."""


def compile_expression(sql: str) -> Evaluator:
    """
    Return the function that computes the scalar expression *sql* (DuckDB's dialect) over two rows.

    Raises:
        NotImplementedError: it uses a function that has no counterpart here yet.

    >>> compile_expression("a.phone = b.phone OR left(a.email, 2) = 'an'")({"phone": "1", "email": "anna"}, {"phone": None})
    True
    """
    return _compiled(sqlglot.parse_one(sql, read="duckdb"))


def compile_projections(sql: str, *, leave_out: Sequence[str] = ()) -> dict[str, Evaluator]:
    """
    Return the functions of the columns that the innermost SELECT of the query *sql* computes, by their names.

    Columns named in *leave_out* are not looked at.
    """
    select = sqlglot.parse_one(sql, read="duckdb").find_all(exp.Select)
    innermost = list(select)[-1]
    return {
        each.alias_or_name: _compiled(each.unalias())
        for each in innermost.expressions
        if each.alias_or_name not in leave_out and not isinstance(each, exp.Star)
    }


def _compiled(node: exp.Expr) -> Evaluator:
    special = _SPECIAL.get(type(node))
    if special is not None:
        return special(node)
    name = node.name.lower() if isinstance(node, exp.Anonymous) else type(node).__name__
    if name == "list_intersect":
        return _list_intersect(*map(_compiled, node.expressions))
    function = _STRICT.get(name)
    if function is None:
        raise NotImplementedError(
            f"There is no Python for {name} in the SQL expression {node.sql('duckdb')[:200]}."
            " Add it to rddm.contracts.expression, with a case in tests/property/resolve/test_one_record.py."
        )
    return _strict(function, [_compiled(each) for each in _arguments(node)])


def _arguments(node: exp.Expr) -> list[exp.Expr]:
    found: list[exp.Expr] = []
    for key in node.arg_types:
        if isinstance(node, exp.Anonymous) and key == "this":
            continue
        value = node.args.get(key)
        found += [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, exp.Expr)]
    return found


def _strict(function: Callable[..., Any], arguments: list[Evaluator]) -> Evaluator:
    """Null where any argument is null."""
    if len(arguments) == 1:
        only = arguments[0]
        return lambda a, b: None if (x := only(a, b)) is None else function(x)
    if len(arguments) == 2:
        first, second = arguments
        return lambda a, b: None if (x := first(a, b)) is None or (y := second(a, b)) is None else function(x, y)

    def call(a: Row, b: Row) -> Any:  # noqa: ANN401 - a value of any type
        values = [argument(a, b) for argument in arguments]
        return None if None in values else function(*values)

    return call


def _column(node: exp.Expr) -> Evaluator:
    name = node.name
    if isinstance(node, exp.Column) and node.table == "b":
        return lambda _, b: b[name]
    return lambda a, _: a[name]


def _literal(node: exp.Expr) -> Evaluator:
    value: object = node.this
    if isinstance(node, exp.Literal) and not node.is_string:
        value = float(node.this) if "." in node.this else int(node.this)
    return lambda _, __: value


def _and(node: exp.Expr) -> Evaluator:
    left, right = _compiled(node.left), _compiled(node.right)  # type: ignore[attr-defined]

    def both(a: Row, b: Row) -> bool | None:
        first = left(a, b)
        if first is False:
            return False
        second = right(a, b)
        if second is False:
            return False
        return None if first is None or second is None else True

    return both


def _or(node: exp.Expr) -> Evaluator:
    left, right = _compiled(node.left), _compiled(node.right)  # type: ignore[attr-defined]

    def either(a: Row, b: Row) -> bool | None:
        first = left(a, b)
        if first is True:
            return True
        second = right(a, b)
        if second is True:
            return True
        return None if first is None or second is None else False

    return either


def _is(node: exp.Expr) -> Evaluator:
    tested, wanted = _compiled(node.this), _compiled(node.expression)
    return lambda a, b: tested(a, b) is wanted(a, b)


def _in(node: exp.Expr) -> Evaluator:
    tested, listed = _compiled(node.this), [_compiled(each) for each in node.expressions]
    return lambda a, b: None if (x := tested(a, b)) is None else x in [each(a, b) for each in listed]


def _coalesce(node: exp.Expr) -> Evaluator:
    choices = [_compiled(each) for each in (node.this, *node.expressions)]

    def first(a: Row, b: Row) -> Any:  # noqa: ANN401 - a value of any type
        for each in choices:
            value = each(a, b)
            if value is not None:
                return value
        return None

    return first


def _case(node: exp.Expr) -> Evaluator:
    branches = [(_compiled(each.this), _compiled(each.args["true"])) for each in node.args["ifs"]]
    default = node.args.get("default")
    otherwise = _compiled(default) if default is not None else None

    def choose(a: Row, b: Row) -> Any:  # noqa: ANN401 - a value of any type
        for condition, value in branches:
            if condition(a, b) is True:
                return value(a, b)
        return otherwise(a, b) if otherwise is not None else None

    return choose


def _cast(node: exp.Expr) -> Evaluator:
    kind = node.args["to"].this.name
    convert = _CASTS.get(kind)
    if convert is None:
        raise NotImplementedError(f"There is no Python for a cast to {kind}. Add it to rddm.contracts.expression.")
    return _strict(convert, [_compiled(node.this)])


def _least(node: exp.Expr) -> Evaluator:
    """Nulls do not count in DuckDB's least and greatest."""
    chosen = min if isinstance(node, exp.Least) else max
    choices = [_compiled(each) for each in (node.this, *node.expressions)]
    return lambda a, b: chosen((x for each in choices if (x := each(a, b)) is not None), default=None)


def _list_intersect(one: Evaluator, other: Evaluator) -> Evaluator:
    """With nothing a list has nothing in common; nothing has null."""
    return lambda a, b: None if (x := one(a, b)) is None else list(set(x) & set(other(a, b) or ()))


_SPECIAL: dict[type[exp.Expr], Callable[[exp.Expr], Evaluator]] = {
    exp.Column: _column,
    exp.Literal: _literal,
    exp.Null: lambda _: lambda _a, _b: None,
    exp.Boolean: lambda node: lambda _a, _b, value=bool(node.this): value,  # type: ignore[misc]
    exp.Paren: lambda node: _compiled(node.this),
    exp.And: _and,
    exp.Or: _or,
    exp.Is: _is,
    exp.In: _in,
    exp.Coalesce: _coalesce,
    exp.Case: _case,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Least: _least,
    exp.Greatest: _least,
}


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value)


def _as_whole(value: object) -> int | None:
    if isinstance(value, str):
        if _SIGN_ALONE.fullmatch(value):
            return 0
        found = _WHOLE_NUMBER.fullmatch(value)
        return int(found[1]) if found else None
    return int(value)  # type: ignore[call-overload, no-any-return]


_CASTS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("VARCHAR", "TEXT"), _as_text),
    **dict.fromkeys(("TINYINT", "SMALLINT", "INT", "BIGINT"), _as_whole),
    "DOUBLE": float,
}


def _left(text: str, count: int) -> str:
    return text[:count]


def _right(text: str, count: int) -> str:
    return text[-count:] if count != 0 else ""


def _split_part(text: str, separator: str, place: int) -> str:
    parts = text.split(separator)
    return parts[place - 1] if place <= len(parts) else ""


def _damerau_levenshtein(one: str, other: str) -> int:
    return DamerauLevenshtein.distance(one.encode(), other.encode())  # DuckDB compares bytes


def _jaro_winkler(one: str, other: str) -> float:
    return JaroWinkler.similarity(one.encode(), other.encode()) if one and other else 0.0


def _md5_number_upper(text: str) -> int:
    digest = hashlib.md5(text.encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[:8], "little")


def _matches(text: str, pattern: str) -> bool:
    """RE2, as DuckDB has it: the time it takes grows with the text's length and no faster."""
    return bool(pc.match_substring_regex(pa.scalar(text), pattern).as_py())


def _divided(one: int, other: int) -> int:
    quotient = abs(one) // abs(other)  # toward zero, as SQL has it
    return quotient if (one < 0) == (other < 0) else -quotient


_STRICT: dict[str, Callable[..., Any]] = {
    "EQ": lambda x, y: x == y,
    "NEQ": lambda x, y: x != y,
    "GT": lambda x, y: x > y,
    "GTE": lambda x, y: x >= y,
    "LT": lambda x, y: x < y,
    "LTE": lambda x, y: x <= y,
    "Not": lambda x: not x,
    "Add": lambda x, y: x + y,
    "Sub": lambda x, y: x - y,
    "Mul": lambda x, y: x * y,
    "IntDiv": _divided,
    "Neg": lambda x: -x,
    "Abs": abs,
    "BitwiseAnd": lambda x, y: x & y,
    "BitwiseRightShift": lambda x, y: x >> y,
    "Length": len,
    "Left": _left,
    "Right": _right,
    "Lower": str.lower,
    "Upper": str.upper,
    "Chr": chr,
    "DPipe": lambda x, y: x + y,
    "Contains": lambda x, y: y in x,
    "Replace": lambda text, old, new: text.replace(old, new) if old else text,
    "StartsWith": str.startswith,
    "Split": str.split,
    "SplitPart": _split_part,
    "ArrayOverlaps": lambda x, y: any(each in y for each in x),
    "RegexpLike": _matches,
    "Year": lambda day: day.year,
    "Month": lambda day: day.month,
    "Day": lambda day: day.day,
    "JarowinklerSimilarity": _jaro_winkler,
    "damerau_levenshtein": _damerau_levenshtein,
    "md5_number_upper": _md5_number_upper,
}
