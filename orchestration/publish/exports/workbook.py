"""An Excel workbook made for people: notes first, then a sheet a table.

Cells are written by their type, never as formulas or links: what a file says stays text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from orchestration.publish.exports.about import DIRECTION, NO_TIME, OPEN_LICENCES, About
from orchestration.publish.exports.tables import ExportColumn, ExportTable, contents
from orchestration.publish.limits import limits

_ABBREVIATIONS = {"imd", "cni", "lad", "msoa21", "id", "ha"}
_WORDS = {
    "HA": "(ha)",
    "ID": "id",
    "MSOA21": "MSOA 2021",
    "ward25": "ward 2025",
    "pcon24": "constituency 2024",
}
_WIDEST = 60
# The list of an edition for people: without what says in every row of which edition it is.
LIST_COLUMNS = (
    "area_code",
    "area_name",
    "place_name",
    "msoa21_code",
    "msoa21_name",
    "ward25_name",
    "pcon24_name",
    "lad_code",
    "lad_name",
    "region_name",
    "population",
    "area_ha",
    "is_doubly_disadvantaged",
    "imd_score",
    "imd_rank",
    "imd_areas_ranked",
    "imd_decile",
    "imd_ranks_to_threshold",
    "cni_score",
    "cni_rank",
    "cni_areas_ranked",
    "cni_decile",
    "cni_ranks_to_threshold",
    "published_flag",
    "not_rated_reason",
    "stability_probability",
    "stability_class",
    "content_id",
    "release_label",
)


@dataclass(frozen=True)
class Sheet:
    """A sheet: its name, at most 31 characters, and its table."""

    name: str
    table: ExportTable


def write_workbook(path: Path, about: About, sheets: list[Sheet]) -> str:
    """Write Notes, the sheets, and Columns, which says what each column is; gives its content id.

    Raises:
        ValueError: a text is longer than a cell can hold (32,767 characters).
    """
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    content = contents(about, path.stem, [sheet.table for sheet in sheets])
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties(
            {
                "title": about.title,
                "subject": f"Content {content}",
                "comments": about.warning or "",
                "created": NO_TIME,
            }
        )
        formats = _Formats(book)
        _notes(book.add_worksheet("Notes"), formats, about, content, sheets)
        for sheet in sheets:
            _table(book.add_worksheet(sheet.name), formats, about, sheet.table)
        _columns(book.add_worksheet("Columns"), formats, about, content, sheets)
    return content


class _Formats:
    """Number formats and styles; each is made once."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._made: dict[str, Format] = {}
        self.header = book.add_format(
            {"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#E7E6E6", "border": 1}
        )
        self.title = book.add_format({"bold": True, "font_size": 16})
        self.heading = book.add_format({"bold": True, "font_size": 12})
        self.wrap = book.add_format({"text_wrap": True, "valign": "top"})
        self.warning = book.add_format(
            {"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#FFF2CC"}
        )

    def of(self, column: ExportColumn) -> Format:
        return self.number(_number_format(column))

    def number(self, number_format: str) -> Format:
        if number_format not in self._made:
            self._made[number_format] = self._book.add_format({"num_format": number_format})
        return self._made[number_format]


def _number_format(column: ExportColumn) -> str:
    if column.type == "integer":
        return "#,##0"
    if column.type == "number":
        unit = column.unit or ""
        if unit.startswith("share"):
            return "0.0%"
        if unit.startswith("degrees"):
            return "0.00000"
        return "#,##0" if unit == "persons" else "#,##0.000"
    return "@" if column.type == "string" else "General"


def _table(sheet: Worksheet, formats: _Formats, about: About, table: ExportTable) -> None:
    rows = list(table.rows())
    for number, column in enumerate(table.columns):
        _text(sheet, 0, number, heading(column.name), formats.header)
        said = [column.description.rstrip(".")]
        said += [f"Unit: {column.unit}"] if column.unit else []
        said += [f"Direction: {column.direction}"] if column.direction else []
        sheet.write_comment(0, number, f"{column.name}: {'. '.join(said)}", {"x_scale": 2})
        style = formats.of(column)
        longest = max((len(_shown(row[number])) for row in rows), default=0)
        words = max(map(len, heading(column.name).split()))
        sheet.set_column(number, number, min(max(longest, words, 8) + 2, _WIDEST))
        for line, row in enumerate(rows, start=1):
            _write(sheet, line, number, row[number], style)
    _finish(sheet, about, table.content_id, len(rows), len(table.columns))


def _finish(sheet: Worksheet, about: About, content: str, rows: int, columns: int) -> None:
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, rows, columns - 1)
    sheet.set_landscape()
    sheet.repeat_rows(0)
    _every_sheet(sheet, about, content)


def _every_sheet(sheet: Worksheet, about: About, content: str) -> None:
    # In a header & starts a code; two are one.
    name = content.replace("&", "&&")
    sheet.set_header(f"&L{about.label}&R{name}")
    if about.synthetic:
        sheet.set_tab_color("#FFC000")


def _columns(
    sheet: Worksheet, formats: _Formats, about: About, content: str, sheets: list[Sheet]
) -> None:
    headers = ("Sheet", "Heading", "Column", "Unit", "Direction", "Description")
    widths = (26, 30, 28, 26, 30, 100)
    for number, (text, width) in enumerate(zip(headers, widths, strict=True)):
        _text(sheet, 0, number, text, formats.header)
        sheet.set_column(number, number, width)
    line = 0
    for entry in sheets:
        for column in entry.table.columns:
            line += 1
            for number, value in enumerate(
                (
                    entry.name,
                    heading(column.name),
                    column.name,
                    column.unit,
                    column.direction,
                    column.description,
                )
            ):
                _write(sheet, line, number, value, formats.wrap)
    _finish(sheet, about, content, line, len(headers))


def _notes(
    sheet: Worksheet, formats: _Formats, about: About, content: str, sheets: list[Sheet]
) -> None:
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 110)
    sheet.hide_gridlines(2)
    line = 0

    def say(name: str, text: str | None = None, style: Format | None = None) -> None:
        nonlocal line
        _text(sheet, line, 0, name, style or formats.wrap)
        if text is not None:
            _text(sheet, line, 1, text, formats.wrap)
        line += 1

    say(about.title, style=formats.title)
    if about.warning:
        _text(sheet, line, 0, "Read this first", formats.warning)
        _text(sheet, line, 1, about.warning, formats.warning)
        line += 1
    line += 1
    say("Content", content)
    say("Of which release", "That whose README lists this content.")
    say("Figures", f"{about.label}: {about.country}")
    say("Which way scales run", DIRECTION)
    say(
        "What a list is",
        "Areas that are doubly disadvantaged: within the threshold both on the Index of Multiple "
        "Deprivation (IMD) and on the Community Needs Index (CNI).",
    )
    say(
        "What may be compared",
        "Only editions of one comparable group; see the sheet Editions. What changed besides, in "
        "the method, stands beside every change of the sheet Changes, and is to be read with it.",
    )
    say("What a column is", "Point at its heading, or see the sheet Columns.")
    line += 1
    say("Limits of use", style=formats.heading)
    for limit in limits():
        say(limit.title, limit.text)
    line += 1
    say("Sheets", style=formats.heading)
    for entry in sheets:
        say(entry.name, entry.table.title)
    line += 1
    say("Licences", style=formats.heading)
    for licence in about.licences:
        titles = [source["title"] for source in about.sources if source["licence"] == licence]
        known = OPEN_LICENCES.get(licence)
        say(f"{licence}", "; ".join(titles) + (f". {known[1]}" if known else ""))
    line += 1
    say("How to cite", style=formats.heading)
    say("This workbook", f"Left-behind neighbourhoods warehouse, {content}.")
    for citation in about.citations:
        say("Source", citation)
    _every_sheet(sheet, about, content)


def heading(name: str) -> str:
    """A column's name in words: ``imd_rank`` is 'IMD rank'."""
    words = [word.upper() if word in _ABBREVIATIONS else word for word in name.split("_")]
    words = [_WORDS.get(word, word) for word in words]
    text = " ".join(words)
    return text[0].upper() + text[1:]


def sheet_name(name: str) -> str:
    """A name that Excel takes: none of []:*?/\\, no apostrophe at an end, 31 characters."""
    return re.sub(r"[\[\]:*?/\\]", "_", name)[:31].strip("'") or "_"


def _shown(value: Any) -> str:
    return f"{value:,.3f}" if isinstance(value, float) else str(value if value is not None else "")


def _write(sheet: Worksheet, line: int, number: int, value: Any, style: Format) -> None:
    if value is None:
        sheet.write_blank(line, number, None, style)
    elif isinstance(value, bool):
        sheet.write_boolean(line, number, value, style)
    elif isinstance(value, int | float):
        sheet.write_number(line, number, value, style)
    else:
        _text(sheet, line, number, str(value), style)


def _text(sheet: Worksheet, line: int, number: int, text: str, style: Format) -> None:
    if text == "":
        sheet.write_blank(line, number, None, style)
    elif sheet.write_string(line, number, text, style) != 0:
        raise ValueError(f"a text of {len(text):,} characters does not fit into a cell")
