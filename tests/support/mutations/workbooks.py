"""Excel workbooks, spoilt: their parts, their XML, their cells."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from tests.support.mutations import archives
from tests.support.mutations.archives import Members, packed, unpacked
from tests.support.mutations.kinds import Kinds

KINDS = Kinds("xlsx")
_DECLARED = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_WORKBOOK, _STRINGS = "xl/workbook.xml", "xl/sharedStrings.xml"
_RELATIONS, _TYPES = "xl/_rels/workbook.xml.rels", "[Content_Types].xml"

for _name, _spoil in archives.KINDS.spoils.items():
    KINDS.add(f"archive: {_name}", _spoil)


def _sheet(members: Members) -> str:
    """The largest sheet."""
    sheets = [name for name in members if name.startswith("xl/worksheets/")]
    return max(sheets, key=lambda name: len(members[name]))


def _of_part(name: str, change: Callable[[str, Random], str], part: str | None = None) -> None:
    """Register a mutation of the XML of one part; with none named, of the largest sheet."""

    def spoil(data: bytes, random: Random) -> bytes:
        members = unpacked(data)
        target = part or _sheet(members)
        return packed(members | {target: change(members[target].decode(), random).encode()})

    KINDS.add(name, spoil)


def _cell(xml: str, random: Random, *, text: bool = False) -> re.Match[str]:
    """Some cell of a number (or of text) below the first rows, in a column that is read."""
    sign = r't="s"' if text else ""
    cells = [*re.finditer(rf'<c r="([A-Z]+)(\d+)" ?{sign}><v>([^<]*)</v></c>', xml)]
    found = [cell for cell in cells if int(cell[2]) > 5]
    return random.choice([cell for cell in found if cell[1] in "CEGI"] or found)


def _of_cell(name: str, cell: str, *, text: bool = False) -> None:
    """Register another cell in place of one: ``{r}`` is its reference, ``{v}`` its value."""

    def change(xml: str, random: Random) -> str:
        found = _cell(xml, random, text=text)
        other = cell.replace("{r}", found[1] + found[2]).replace("{v}", found[3])
        return xml[: found.start()] + other + xml[found.end() :]

    _of_part(name, change)


# --- Formulas, values, cells ----------------------------------------------------------------------

_of_cell("formula with its value", '<c r="{r}"><f>{v}+0</f><v>{v}</v></c>')
_of_cell("formula without a value", '<c r="{r}"><f>{v}+0</f></c>')
_of_cell("formula with an empty value", '<c r="{r}"><f>{v}+0</f><v></v></c>')
_of_cell("formula with text for a value", '<c r="{r}" t="str"><f>{v}&amp;""</f><v>{v}</v></c>')
_of_cell("formula with empty text", '<c r="{r}" t="str"><f>""</f><v></v></c>')
_of_cell("formula that failed", '<c r="{r}" t="e"><f>1/0</f><v>#DIV/0!</v></c>')
_of_cell("formula of an array", '<c r="{r}"><f t="array" ref="{r}">SUM({r})</f></c>')
_of_cell("formula into another file", '<c r="{r}"><f>[1]Sheet1!$A$1</f></c>')
_of_cell(
    "formula that calls out",
    '<c r="{r}"><f>WEBSERVICE("http://127.11.7.25:8079/")</f><v>{v}</v></c>',
)
_of_cell("formula of DDE", "<c r=\"{r}\"><f>cmd|'/C calc'!A0</f></c>")
_of_cell("error without a formula", '<c r="{r}" t="e"><v>#N/A</v></c>')
_of_cell("number as text", '<c r="{r}" t="inlineStr"><is><t>{v}</t></is></c>')
_of_cell("number as text with a quote", '<c r="{r}" t="inlineStr"><is><t>\'{v}</t></is></c>')
_of_cell("truth in place of a number", '<c r="{r}" t="b"><v>1</v></c>')
_of_cell("date in place of a number", '<c r="{r}" t="d"><v>2024-01-01</v></c>')
_of_cell("cell empty", '<c r="{r}"/>')
_of_cell("cell gone", "")
_of_cell("cell twice", '<c r="{r}"><v>{v}</v></c><c r="{r}"><v>1</v></c>')
_of_cell("number that is none", '<c r="{r}"><v>twelve</v></c>')
_of_cell("number: inf", '<c r="{r}"><v>1e999</v></c>')
_of_cell("number: NaN", '<c r="{r}"><v>NaN</v></c>')
_of_cell("number negative", '<c r="{r}"><v>-{v}</v></c>')
_of_cell("number x1000", '<c r="{r}"><v>{v}E3</v></c>')
_of_cell("shared string beyond the last", '<c r="{r}" t="s"><v>99999999</v></c>')
_of_cell("shared string before the first", '<c r="{r}" t="s"><v>-1</v></c>')
_of_cell("shared string without a number", '<c r="{r}" t="s"><v></v></c>')
_of_cell("style beyond the last", '<c r="{r}" s="999999"><v>{v}</v></c>')
_of_cell("type unknown", '<c r="{r}" t="zz"><v>{v}</v></c>')
_of_cell("cell without reference", "<c><v>{v}</v></c>")
_of_cell("cell whose reference is empty", '<c r=""><v>{v}</v></c>')
_of_cell("cell whose reference is none", '<c r="12B"><v>{v}</v></c>')
_of_cell("cell whose row is zero", '<c r="A0"><v>{v}</v></c>')
_of_cell("cell whose reference is huge", f'<c r="{"Z" * 40}{"9" * 40}"><v>{{v}}</v></c>')
_of_cell("cell that is far away", '<c r="XFD1048576"><v>{v}</v></c>')
_of_cell("cell that is far below", '<c r="A1048576"><v>{v}</v></c>')
_of_cell("cell that is far to the right", '<c r="XFD6"><v>{v}</v></c>')
_of_cell("cell whose reference is an entity", '<c r="&#88;FD1048576"><v>{v}</v></c>')
_of_cell("cell with a prefix, far away", '<x:c r="XFD1048576"><v>{v}</v></x:c>')
_of_cell("cells that nest", '<c r="{r}"><c r="{r}"><v>{v}</v></c></c>')
_of_cell("NUL in text", '<c r="{r}" t="inlineStr"><is><t>a&#0;b</t></is></c>')
_of_cell("NUL that Excel writes", '<c r="{r}" t="inlineStr"><is><t>a_x0000_b</t></is></c>')
_of_cell("text of 3,000,000 characters", f'<c r="{{r}}" t="str"><v>{"x" * 3_000_000}</v></c>')
_of_cell("comment within a cell", '<c r="{r}"><!-- <v>1</v> --><v>{v}</v></c>')
_of_cell("value in CDATA", '<c r="{r}"><v><![CDATA[{v}]]></v></c>')
_of_cell("value with an entity that is unknown", '<c r="{r}"><v>&x;</v></c>')

# --- XML of a sheet -------------------------------------------------------------------------------


def _entities(depth: int) -> str:
    """Billion laughs: each entity is ten of the one before."""
    lines = ['<!ENTITY a0 "1111111111">']
    lines += [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, depth)]
    return f"<!DOCTYPE worksheet [{''.join(lines)}]>"


def _with_entities(xml: str, random: Random, declared: str, use: str) -> str:
    found = _cell(xml, random)
    head = xml.index("?>") + 2
    cell = f'<c r="{found[1]}{found[2]}"><v>{use}</v></c>'
    return xml[:head] + declared + xml[head : found.start()] + cell + xml[found.end() :]


_of_part(
    "entities: billion laughs",
    lambda xml, random: _with_entities(xml, random, _entities(10), "&a9;"),
)


def _from_outside(address: str) -> Callable[[str, Random], str]:
    declared = f'<!DOCTYPE w [<!ENTITY x SYSTEM "{address}">]>'
    return lambda xml, random: _with_entities(xml, random, declared, "&x;")


_of_part("entity from a file", _from_outside("file:///etc/passwd"))
_of_part("entity from an address", _from_outside("http://127.11.7.25:8079/x"))
_of_part("entity from a device", _from_outside("file:///dev/zero"))
_of_part(
    "document type from an address",
    lambda xml, _: xml.replace("?>", '?><!DOCTYPE w SYSTEM "http://127.11.7.25:8079/w.dtd">', 1),
)
_of_part("sheet cut", lambda xml, random: xml[: random.randrange(len(xml) // 2, len(xml))])
_of_part("sheet empty", lambda *_: "")
_of_part("sheet without cells", lambda *_: f"{_DECLARED}<worksheet/>")
_of_part("sheet that is no XML", lambda *_: "hello")
_of_part("sheet in UTF-16, as it says", lambda xml, _: xml.replace("UTF-8", "UTF-16", 1))
_of_part("elements 100,000 deep", lambda xml, _: xml.replace("<row", "<x>" * 100_000 + "<row", 1))
_of_part(
    "attribute of 3,000,000 characters",
    lambda xml, _: xml.replace("<row", f'<row s="{"x" * 3_000_000}"', 2),
)
_of_part("dimension that lies: vast", lambda xml, _: _dimension(xml, "A1:XFD1048576"))
_of_part("dimension that lies: small", lambda xml, _: _dimension(xml, "A1:B2"))
_of_part("dimension that is none", lambda xml, _: _dimension(xml, "::"))
_of_part("dimension upside down", lambda xml, _: _dimension(xml, "Z99:A1"))
_of_part("rows without numbers", lambda xml, _: re.sub(r'<row r="\d+"', "<row", xml))
_of_part("rows whose numbers lie", lambda xml, _: re.sub(r'<row r="\d+"', '<row r="7"', xml))
_of_part("row far below, without a cell", lambda xml, _: _last(xml, '<row r="1048576"/>'))
_of_part(
    "row of 200,000 cells of one place",
    lambda xml, _: _last(xml, "<row>" + '<c r="A7"><v>1</v></c>' * 200_000 + "</row>"),
)
_of_part(
    "row of far cells that are empty",
    lambda xml, _: _last(xml, '<row r="900000"><c r="ABC900000" s="1"/></row>'),
)
_of_part("formulas, 300,000", lambda xml, _: _last(xml, _many_formulas(300_000)))
_of_part("rows twice", lambda xml, _: re.sub(r"(<row .*</row>)", r"\1\1", xml, flags=re.DOTALL))
_of_part("row dropped", lambda xml, random: _without_row(xml, random))
_of_part("column shifted by a row", lambda xml, random: _shifted(xml, random))


def _dimension(xml: str, reference: str) -> str:
    return re.sub(r'<dimension ref="[^"]*"', f'<dimension ref="{reference}"', xml)


def _last(xml: str, row: str) -> str:
    return xml.replace("</sheetData>", f"{row}</sheetData>")


def _many_formulas(count: int) -> str:
    cells = "".join(f'<c r="Z{n}"><f>1+1</f></c>' for n in range(1, count))
    return f'<row r="9">{cells}</row>'


def _without_row(xml: str, random: Random) -> str:
    row = random.choice([*re.finditer(r"<row .*?</row>", xml)][1:])
    return xml[: row.start()] + xml[row.end() :]


def _shifted(xml: str, random: Random) -> str:
    """The values of a column of numbers, each in the row below."""
    letters = _cell(xml, random)[1]
    cells = re.compile(rf'(<c r="{letters}\d+"><v>)([^<]*)(</v></c>)')
    values = [found[2] for found in cells.finditer(xml)]
    following = iter(values[-1:] + values[:-1])
    return cells.sub(lambda found: found[1] + next(following) + found[3], xml)


# --- Parts ----------------------------------------------------------------------------------------

_of_part("shared strings cut", lambda xml, _: xml[: len(xml) // 2], _STRINGS)
_of_part("shared strings empty", lambda *_: "<sst/>", _STRINGS)
_of_part("sheet without relation", lambda *_: f"{_DECLARED}<Relationships/>", _RELATIONS)
_of_part("relations cut", lambda xml, _: xml[: len(xml) // 2], _RELATIONS)
_of_part(
    "relations to an address",
    lambda xml, _: re.sub(
        r'Target="worksheets', r'TargetMode="External" Target="http://127.11.7.25:8079', xml
    ),
    _RELATIONS,
)
_of_part(
    "relations that climb",
    lambda xml, _: xml.replace('Target="worksheets', 'Target="../../../../etc/worksheets'),
    _RELATIONS,
)
_of_part(
    "relations from the root",
    lambda xml, _: xml.replace('Target="worksheets', 'Target="/xl/worksheets'),
    _RELATIONS,
)
_of_part("sheet hidden", lambda xml, _: xml.replace("<sheet ", '<sheet state="hidden" '), _WORKBOOK)
_of_part(
    "sheets of one name",
    lambda xml, _: re.sub(r'<sheet name="[^"]*"', '<sheet name="One"', xml),
    _WORKBOOK,
)
_of_part(
    "sheets with names of markup",
    lambda xml, _: re.sub(r'<sheet name="([^"]*)"', r'<sheet name="&lt;b&gt;\1&#39;"', xml),
    _WORKBOOK,
)
_of_part("no sheets", lambda xml, _: re.sub("<sheets>.*</sheets>", "<sheets/>", xml), _WORKBOOK)
_of_part("workbook cut", lambda xml, _: xml[:200], _WORKBOOK)
_of_part(
    "sheet with a relation that is not there",
    lambda xml, _: re.sub(r'r:id="[^"]*"', 'r:id="rId999"', xml),
    _WORKBOOK,
)
_of_part(
    "years from 1904",
    lambda xml, _: xml.replace("<sheets>", '<workbookPr date1904="1"/><sheets>'),
    _WORKBOOK,
)


def _of_members(name: str, change: Callable[[Members], Members]) -> None:
    KINDS.add(name, lambda data, _: packed(change(unpacked(data))))


_of_members("content types gone", lambda members: _without(members, _TYPES))
_of_members("shared strings gone", lambda members: _without(members, _STRINGS))
_of_members("workbook gone", lambda members: _without(members, _WORKBOOK))
_of_members("relations gone", lambda members: _without(members, _RELATIONS))
_of_members("sheet gone", lambda members: _without(members, _sheet(members)))
_of_members("styles gone", lambda members: _without(members, "xl/styles.xml"))
_of_members(
    "macros",
    lambda members: members | {"xl/vbaProject.bin": bytes.fromhex("d0cf11e0a1b11ae1") * 99},
)
_of_members(
    "external links",
    lambda members: (
        members
        | {
            "xl/externalLinks/externalLink1.xml": b"<externalLink/>",
            "xl/externalLinks/_rels/externalLink1.xml.rels": b"<Relationships>"
            b'<Relationship Id="rId1" Target="http://127.11.7.25:8079/x.xlsx" '
            b'TargetMode="External"/></Relationships>',
        }
    ),
)
_of_members(
    "a workbook of another kind within",
    lambda members: members | {"xl/workbook.bin": b"\x83\x01\0"},
)
_of_members("names in capitals", lambda members: {name.upper(): members[name] for name in members})
_of_members(
    "names with backslashes",
    lambda members: {name.replace("/", "\\"): members[name] for name in members},
)
_of_members(
    "OpenDocument in place of it",
    lambda _: {
        "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
        "content.xml": b'<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:'
        b'xmlns:office:1.0"><office:body/></office:document-content>',
    },
)
_of_members(
    "OpenDocument beside it",
    lambda members: members | {"content.xml": b"<x/>", "mimetype": b"application/vnd.oasis"},
)
_of_members("xlsb in place of it", lambda _: {"xl/workbook.bin": bytes(99), _TYPES: b"<Types/>"})
_of_members("a text document in place of it", lambda _: {"word/document.xml": b"<x/>"})
KINDS.add("xls in place of it", lambda *_: bytes.fromhex("d0cf11e0a1b11ae1") + bytes(4096))
KINDS.add("delimited text in place of it", lambda *_: b"LSOA code,Score\nX01000001,1\n" * 50)
KINDS.add("a page of the web in place of it", lambda *_: b"<!DOCTYPE html><html></html>")
KINDS.add("nothing in place of it", lambda *_: b"")


def _without(members: Members, name: str) -> Members:
    return {each: content for each, content in members.items() if each != name}
