"""An Excel workbook made for people: what each authority has first, then a sheet a table.

Cells are written by their type, never as formulas or links: what a file says stays text.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from orchestration.publish.exports.about import DIRECTION, NO_TIME, OPEN_LICENCES, About
from orchestration.publish.exports.sheets import NEAR_PERCENT, Overview, Sheet
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
# Names go on a second line beyond this; sentences have more room.
_WIDEST, _OF_SENTENCES = 22, 60
_SENTENCE = 60
# A heading as short as this lies.
_SHORT = 8
# The first sheet: heading and column of a larger area, and whether the last row has its sum.
FIRST = "By authority"
_OVERVIEW = (
    ("Authority", "geography_name", False),
    ("Region", "region_name", False),
    ("Areas", "areas", True),
    ("On the list", "areas_listed", True),
    ("Share of areas", "share_of_areas", False),
    ("Residents", "population", True),
    ("Residents on the list", "population_listed", True),
    ("Share of residents", "share_of_population", False),
    ("Rank by share of areas", "rank_of_share_of_areas", False),
)
# As Excel numbers it.
_A4 = 9


def write_workbook(
    path: Path, about: About, sheets: list[Sheet], overview: Overview | None = None
) -> str:
    """Write the sheets, Notes, and Columns, which says what each column is; gives its content id.

    Args:
        path: The file to write.
        about: The release.
        sheets: What it holds.
        overview: The first sheet, with links to all others.

    Raises:
        ValueError: a text is longer than a cell can hold (32,767 characters).
    """
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    content = contents(about, path.stem, [sheet.table for sheet in sheets])
    told = [(sheet, *_what_differs(about, sheet.table)) for sheet in sheets]
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
        if overview:
            _overview(book.add_worksheet(FIRST), formats, about, content, overview, sheets)
        for sheet, table, _ in told:
            _table(book.add_worksheet(sheet.name), formats, about, table)
        _notes(book.add_worksheet("Notes"), formats, about, content, sheets)
        _columns(book.add_worksheet("Columns"), formats, about, content, told)
    return content


def _what_differs(about: About, table: ExportTable) -> tuple[ExportTable, dict[str, Any]]:
    """The table without the columns that say the same in every row, and what those say.

    What is made up says so in every row, whatever is copied of it.
    """
    if table.data.num_rows < 2:
        return table, {}
    always = {}
    for column in table.columns:
        values = table.data.column(column.name).unique()
        if len(values) == 1 and not (about.synthetic and column.name == "release_label"):
            always[column.name] = values[0].as_py()
    return table.only(tuple(c.name for c in table.columns if c.name not in always)), always


class _Formats:
    """Number formats and styles; each is made once."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._made: dict[str, Format] = {}
        self.header = book.add_format(
            {"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#E7E6E6", "border": 1}
        )
        self.upright = book.add_format(
            {"bold": True, "rotation": 90, "valign": "top", "bg_color": "#E7E6E6", "border": 1}
        )
        self.title = book.add_format({"bold": True, "font_size": 16})
        self.heading = book.add_format({"bold": True, "font_size": 12})
        self.wrap = book.add_format({"text_wrap": True, "valign": "top"})
        self.link = book.add_format({"font_color": "#0563C1", "underline": 1, "valign": "top"})
        self.sum = book.add_format({"bold": True, "num_format": "#,##0", "top": 1})
        self.warning = book.add_format(
            {"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#FFF2CC"}
        )

    def of(self, column: ExportColumn) -> Format:
        return self.number(_number_format(column))

    def number(self, number_format: str) -> Format:
        if number_format not in self._made:
            self._made[number_format] = self._book.add_format(
                {"num_format": number_format, "valign": "top"}
                | ({"text_wrap": True, "indent": 1} if number_format == "@" else {})
            )
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
    widths, upright = [], []
    for number, column in enumerate(table.columns):
        name = heading(column.name)
        longest = max((len(_shown(row[number])) for row in rows), default=0)
        # A heading above figures that are shorter than it stands on its end.
        upright.append(column.type != "string" and len(name) > max(longest, _SHORT))
        words = 0 if upright[-1] else max(map(len, name.split())) + 2
        widest = _OF_SENTENCES if longest > _SENTENCE else _WIDEST
        widths.append(max(min(longest + 2, widest), words, 6))
        sheet.set_column(number, number, widths[-1])
        _text(sheet, 0, number, name, formats.upright if upright[-1] else formats.header)
        said = [column.description.rstrip(".")]
        said += [f"Unit: {column.unit}"] if column.unit else []
        said += [f"Direction: {column.direction}"] if column.direction else []
        sheet.write_comment(0, number, f"{column.name}: {'. '.join(said)}", {"x_scale": 2})
    styles = [formats.of(column) for column in table.columns]
    names = [heading(column.name) for column in table.columns]
    across = [name for name, stands in zip(names, upright, strict=True) if not stands]
    lines = [width for width, stands in zip(widths, upright, strict=True) if not stands]
    high = max(
        (len(name) for name, stands in zip(names, upright, strict=True) if stands), default=0
    )
    # LibreOffice does not look how high a text is that goes on below.
    sheet.set_row(0, max(_height(across, lines), 7 * high))
    for line, row in enumerate(rows, start=1):
        for number, value in enumerate(row):
            _write(sheet, line, number, value, styles[number])
        sheet.set_row(line, _height(map(_shown, row), widths))
    _finish(sheet, about, table.content_id, len(rows), len(table.columns))


def _height(texts: Iterable[str], widths: Iterable[float]) -> float:
    """Of a row, by its longest text."""
    lines = (_lines(text, int(width)) for text, width in zip(texts, widths, strict=True))
    return 15.0 * max(lines, default=1)


def _lines(text: str, width: int) -> int:
    # Most letters are narrower than the figure by which a width is counted.
    room = max(1, int(width * 1.1))
    if len(text) <= room and "\n" not in text:
        return 1
    return sum(len(textwrap.wrap(each, room)) or 1 for each in text.split("\n"))


def _finish(sheet: Worksheet, about: About, content: str, rows: int, columns: int) -> None:
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, rows, columns - 1)
    sheet.repeat_rows(0)
    _every_sheet(sheet, about, content)


def _every_sheet(sheet: Worksheet, about: About, content: str) -> None:
    # In a header & starts a code; two are one.
    name = content.replace("&", "&&")
    sheet.set_header(f"&L{about.label}: &A&R{name}")
    sheet.set_footer("&R&P of &N")
    sheet.set_paper(_A4)
    sheet.set_landscape()
    sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    if about.synthetic:
        sheet.set_tab_color("#FFC000")


def _columns(
    sheet: Worksheet,
    formats: _Formats,
    about: About,
    content: str,
    told: list[tuple[Sheet, ExportTable, dict[str, Any]]],
) -> None:
    headers = ("Sheet", "Heading", "Column", "Unit", "Direction", "Description", "In every row")
    widths = (30, 30, 28, 24, 28, 80, 24)
    for number, (text, width) in enumerate(zip(headers, widths, strict=True)):
        _text(sheet, 0, number, text, formats.header)
        sheet.set_column(number, number, width)
    line = 0
    for entry, _, always in told:
        for column in entry.table.columns:
            line += 1
            said = (
                entry.name,
                heading(column.name),
                column.name,
                column.unit or "",
                column.direction or "",
                column.description,
                _shown(always.get(column.name)),
            )
            for number, value in enumerate(said):
                _write(sheet, line, number, value, formats.wrap)
            sheet.set_row(line, _height(said, widths))
    _finish(sheet, about, content, line, len(headers))


def _overview(
    sheet: Worksheet,
    formats: _Formats,
    about: About,
    content: str,
    overview: Overview,
    sheets: list[Sheet],
) -> None:
    """The authorities, the most on the list first, their sums, and beside them every sheet."""
    rows = overview.authorities.data.to_pylist()
    rows.sort(key=lambda row: (-row["areas_listed"], row["geography_name"]))
    sums = {column: sum(row[column] or 0 for row in rows) for _, column, has in _OVERVIEW if has}
    having = sum(row["areas_listed"] > 0 for row in rows)
    last = len(_OVERVIEW) - 1
    _text(sheet, 0, 0, f"{about.title}: {overview.list_name}", formats.title)
    said = (
        f"{sums['areas_listed']:,} of {sums['areas']:,} areas are on the list, with "
        f"{sums['population_listed']:,} residents, in {having:,} of {len(rows):,} authorities. "
        f"{DIRECTION}"
    )
    top = 1
    for text, style in ((about.warning, formats.warning), (said, formats.wrap)):
        if text:
            sheet.merge_range(top, 0, top, last, "", style)
            _text(sheet, top, 0, text, style)
            sheet.set_row(top, _height((text,), (120,)))
            top += 1
    columns = {column.name: column for column in overview.authorities.columns}
    for number, (name, column, _) in enumerate(_OVERVIEW):
        _text(sheet, top, number, name, formats.header)
        sheet.set_column(number, number, 26 if number < 2 else 12)
        sheet.set_row(top, 45)
        for line, row in enumerate(rows, start=top + 1):
            _write(sheet, line, number, row[column], formats.of(columns[column]))
    end = top + len(rows)
    _text(sheet, end + 1, 0, "All of them", formats.sum)
    for number, (_, column, _) in enumerate(_OVERVIEW[1:], start=1):
        _write(sheet, end + 1, number, sums.get(column), formats.sum)
    sheet.freeze_panes(top + 1, 1)
    sheet.autofilter(top, 0, end, last)
    sheet.repeat_rows(top)
    sheet.print_area(0, 0, end + 1, last)
    sheet.set_column(last + 1, last + 1, 3)
    sheet.set_column(last + 2, last + 2, 34)
    _text(sheet, top, last + 2, "Go to", formats.header)
    names = [*(entry.name for entry in sheets), "Notes", "Columns"]
    for line, name in enumerate(names, start=top + 1):
        place = name.replace("'", "''")
        sheet.write_url(line, last + 2, f"internal:'{place}'!A1", formats.link, name)
    _every_sheet(sheet, about, content)


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
            sheet.set_row(line, _height((name, text), (28, 110)))
        line += 1

    say(about.title, style=formats.title)
    if about.warning:
        _text(sheet, line, 0, "Read this first", formats.warning)
        _text(sheet, line, 1, about.warning, formats.warning)
        sheet.set_row(line, _height((about.warning,), (100,)))
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
    say(
        "What a near miss is",
        "An area of the sheet Near misses is not on the list: one of its ranks or "
        f"both are beyond the threshold, by at most {NEAR_PERCENT}% of the areas that are ranked.",
    )
    say(
        "What a column is",
        "Point at its heading, or see the sheet Columns, which also has what would say the same in "
        "every row of a sheet.",
    )
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
