"""Which rows Great Expectations must see: those that SQL cannot say a rule holds of.

A frame has up to a million rows, and a sound build has none that fails. So SQL leaves out rows of
which a rule holds without a doubt, or which it ignores since they lack a value. Great Expectations
judges the rest: what breaks a rule, is not a number, or is of types that it may compare otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import UnionType
from typing import Any

from data_quality.suite import Frame

# Types of DuckDB that compare as numbers in SQL and in Great Expectations alike.
_NUMBERS = {
    *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"),
    *("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "DOUBLE"),
}
# Those that equal each other in both alike.
_PLAIN = {"VARCHAR", "BOOLEAN"}
_EVERY_ROW = "true"
# Of the values of ``ignore_row_if``, the rows of which a pair is compared.
_LOOKED_AT = {
    "neither": "true",
    "both_values_are_missing": "({a} is not null or {b} is not null)",
    "either_value_is_missing": "({a} is not null and {b} is not null)",
}
Types = Mapping[str, str]


def suspects(frame: Frame, types: Types) -> str:
    """The query of the rows of a frame that any of its rules could refuse, or are to be told of.

    Where there are none, it gives one of the others, so that no rows are still no rows.

    Args:
        frame: The rows, and the rules about them.
        types: The type of each column that its query gives.
    """
    conditions = [
        _CONDITIONS.get(rule.type, _unknown)(rule.kwargs, types)
        for rule in frame.expectations
        if set(rule.columns) <= set(types)
    ]
    conditions += [
        allowed if types[allowed] == "BOOLEAN" else _EVERY_ROW
        for allowed in (rule.allowed for rule in frame.expectations)
        if allowed and allowed in types
    ]
    return f"""
        with every_row as materialized (
            {frame.sql}
        ),
        suspect as materialized (
            select * from every_row where {" or ".join(conditions) or _EVERY_ROW}
        )
        select * from suspect
        union all
        select * from (select * from every_row limit 1) where not exists (select 1 from suspect)
    """


def _unknown(kwargs: Mapping[str, Any], types: Types) -> str:  # noqa: ARG001
    return _EVERY_ROW


def _equal(kwargs: Mapping[str, Any], types: Types) -> str:
    a, b = kwargs["column_A"], kwargs["column_B"]
    if not (_are_numbers(types, a, b) or types[a] == types[b] in _PLAIN):
        return _EVERY_ROW
    return _of_a_pair(kwargs, types, f"{a} is distinct from {b} or {a} is null")


def _greater(kwargs: Mapping[str, Any], types: Types) -> str:
    a, b = kwargs["column_A"], kwargs["column_B"]
    if not _are_numbers(types, a, b):
        return _EVERY_ROW
    # As a double: a great whole number is none of its own in a data frame that lacks one.
    sign = ">=" if kwargs.get("or_equal") else ">"
    return _of_a_pair(kwargs, types, f"({a}::double {sign} {b}::double) is not true")


def _of_a_pair(kwargs: Mapping[str, Any], types: Types, failing: str) -> str:
    a, b = kwargs["column_A"], kwargs["column_B"]
    looked_at = _LOOKED_AT[kwargs.get("ignore_row_if", "both_values_are_missing")]
    return f"({failing}) and {looked_at.format(a=a, b=b)} or {_is_nan(types, a, b)}"


def _between(kwargs: Mapping[str, Any], types: Types) -> str:
    column = kwargs["column"]
    limits = {
        ">" if kwargs.get("strict_min") else ">=": kwargs.get("min_value"),
        "<" if kwargs.get("strict_max") else "<=": kwargs.get("max_value"),
    }
    given = {sign: limit for sign, limit in limits.items() if limit is not None}
    if not _are_numbers(types, column) or not _all_of(given.values(), int | float):
        return _EVERY_ROW
    within = [f"{column}::double {sign} {limit!r}" for sign, limit in given.items()]
    return f"not ({' and '.join(within)}) or {_is_nan(types, column)}"


def _in_set(kwargs: Mapping[str, Any], types: Types) -> str:
    column, values = kwargs["column"], kwargs.get("value_set") or ()
    if types[column] == "BOOLEAN" and _all_of(values, bool):
        known = [str(value).lower() for value in values]
    elif _are_numbers(types, column) and _all_of(values, int | float):
        known = [repr(value) for value in values]
    elif types[column] == "VARCHAR" and _all_of(values, str):
        known = ["'" + value.replace("'", "''") + "'" for value in values]
    else:
        return _EVERY_ROW
    return f"{column} not in ({', '.join(known)})"


def _not_null(kwargs: Mapping[str, Any], types: Types) -> str:
    column = kwargs["column"]
    return f"{column} is null or {_is_nan(types, column)}"


def _unique(kwargs: Mapping[str, Any], types: Types) -> str:
    # What is not a number is not missing in SQL, and so is another value.
    if any(types[column] not in _NUMBERS - {"DOUBLE"} | _PLAIN for column in kwargs["column_list"]):
        return _EVERY_ROW
    columns = ", ".join(kwargs["column_list"])
    repeated = f"select {columns} from every_row group by {columns} having count(*) > 1"
    return f"row({columns}) in (select row({columns}) from ({repeated}))"


_CONDITIONS: dict[str, Callable[[Mapping[str, Any], Types], str]] = {
    "expect_column_pair_values_to_be_equal": _equal,
    "expect_column_pair_values_a_to_be_greater_than_b": _greater,
    "expect_column_values_to_be_between": _between,
    "expect_column_values_to_be_in_set": _in_set,
    "expect_column_values_to_not_be_null": _not_null,
    "expect_compound_columns_to_be_unique": _unique,
}


def _is_nan(types: Types, *columns: str) -> str:
    """What is not a number is a missing value in a data frame, and in SQL the greatest number."""
    real = [f"isnan({column})" for column in columns if types[column] == "DOUBLE"]
    return " or ".join(real) or "false"


def _are_numbers(types: Types, *columns: str) -> bool:
    return all(types[column] in _NUMBERS for column in columns)


def _all_of(values: Iterable[Any], kind: type | UnionType) -> bool:
    """Whether there are values, and all of this kind; true and false are no numbers."""
    given = list(values)
    return bool(given) and all(
        isinstance(value, kind) and (kind is bool or not isinstance(value, bool)) for value in given
    )
