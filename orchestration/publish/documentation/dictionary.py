"""The data dictionary and dbt's documentation page, both made from what dbt knows of the project.

``write_dictionary`` needs dbt's manifest only, so it works without a database. ``write_dbt_docs``
asks the build database for its columns, so nobody else may have it open for writing.
What a column means is said once, in the yml of its mart: its description, and under ``config`` its
``meta: {unit: ..., direction: ...}``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.build.dbt import generate_catalog, manifest_path, table_keys
from orchestration.layout import DBT_DOCS, DICTIONARY
from orchestration.settings import PROJECT_ROOT, Settings
from orchestration.sources.registry import Registry

LAYERS = ("raw", "meta", "seeds", "staging", "intermediate", "marts")
SHORT = 40
_TEXT = ("varchar", "boolean", "blob", "date")


@dataclass(frozen=True)
class DocumentedColumn:
    """A column as documented."""

    name: str
    kind: str
    description: str
    unit: str
    direction: str
    rules: tuple[str, ...]

    @property
    def is_number(self) -> bool:
        return self.kind not in _TEXT


@dataclass(frozen=True)
class DocumentedTable:
    """A table of a release as documented."""

    schema: str
    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[DocumentedColumn, ...]
    rules: tuple[str, ...]
    parents: tuple[str, ...]
    lineage: dict[str, tuple[str, ...]]
    children: tuple[str, ...]


def read_dbt_manifest(manifest: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(manifest.read_text(encoding="utf-8"))
    return found


def documented_tables(manifest: dict[str, Any]) -> list[DocumentedTable]:
    """Every table that a release has: the marts, then the tables of ``meta`` with columns."""
    tests = list(_tests(manifest))
    marts = [
        _table(manifest, node, tests)
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == "marts"
    ]
    meta = [
        _table(manifest, source, tests)
        for source in manifest["sources"].values()
        if source["schema"] == "meta" and source["columns"]
    ]
    return sorted(marts, key=lambda t: t.name) + sorted(meta, key=lambda t: t.name)


def _tests(manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test" and node.get("test_metadata"):
            yield node


def _table(
    manifest: dict[str, Any], node: dict[str, Any], tests: list[dict[str, Any]]
) -> DocumentedTable:
    mine = [test for test in tests if test["attached_node"] == node["unique_id"]]
    above = _ancestors(manifest, node["unique_id"])
    return DocumentedTable(
        schema=node["schema"],
        name=node["name"],
        description=_one_line(node["description"]),
        key=table_keys(manifest).get(node["unique_id"], ()),
        columns=tuple(_column(column, mine) for column in node["columns"].values()),
        rules=tuple(
            sorted(
                test["test_metadata"]["name"]
                for test in mine
                if not test["column_name"] and test["test_metadata"]["name"] != "unique_key"
            )
        ),
        parents=_names(manifest, manifest["parent_map"].get(node["unique_id"], [])),
        lineage={
            layer: tuple(n for n in _names(manifest, above) if n.startswith(f"{layer}."))
            for layer in LAYERS
        },
        children=tuple(
            name
            for name in _names(manifest, manifest["child_map"].get(node["unique_id"], []))
            if name.startswith("marts.")
        ),
    )


def _column(column: dict[str, Any], tests: list[dict[str, Any]]) -> DocumentedColumn:
    meta = {**column.get("meta", {}), **column.get("config", {}).get("meta", {})}
    rules = [
        "not null" for each in column.get("constraints") or [] if each["type"] == "not_null"
    ] + [rule for test in tests if test["column_name"] == column["name"] for rule in _rule(test)]
    return DocumentedColumn(
        name=column["name"],
        kind=column.get("data_type") or "",
        description=_one_line(column["description"]),
        unit=meta.get("unit", ""),
        direction=meta.get("direction", ""),
        rules=tuple(dict.fromkeys(rules)),
    )


def _rule(test: dict[str, Any]) -> Iterator[str]:
    """A test of a column in a few words."""
    kind, arguments = test["test_metadata"]["name"], test["test_metadata"]["kwargs"]
    arguments = arguments.get("arguments", arguments)
    where = (test.get("config") or {}).get("where")
    limits = f" where {where}" if where else ""
    if kind == "not_null":
        yield f"not null{limits}"
    elif kind == "accepted_values":
        yield "one of " + ", ".join(str(value) for value in arguments["values"])
    elif kind == "relationships":
        target = re.sub(r"^.*\(['\"](\w+)['\"]\).*$", r"\1", arguments["to"])
        yield f"in {target}.{arguments['field']}{limits}"
    else:
        yield f"{kind}{limits}"


def _ancestors(manifest: dict[str, Any], unique_id: str) -> set[str]:
    seen: set[str] = set()
    waiting = [unique_id]
    while waiting:
        for parent in manifest["parent_map"].get(waiting.pop(), []):
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)
    return seen


def _names(manifest: dict[str, Any], unique_ids: Any) -> tuple[str, ...]:
    found = []
    for unique_id in unique_ids:
        node = manifest["nodes"].get(unique_id) or manifest["sources"].get(unique_id)
        if node and node["resource_type"] in ("model", "seed", "source"):
            found.append(f"{node['schema']}.{node['name']}")
    return tuple(sorted(set(found)))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    for character in ("|", "*", "<"):
        text = text.replace(character, "\\" + character)
    return text


def dictionary_text(manifest: dict[str, Any]) -> str:
    """The dictionary as Markdown."""
    tables = documented_tables(manifest)
    lines = [
        "# Data dictionary",
        "",
        "Every table of a release and every column of it. Made from dbt's documentation by",
        "`make dictionary`; do not edit this page, but the yml of the mart in",
        "`dbt_project/models/marts/`. The same words are in the release, as comments of the marts",
        "and their columns.",
        "",
        "**Rank 1 = worst, everywhere**, and decile 1 is the worst 10%. 'Unit' is empty for text",
        "and flags; 'none' is a number without a unit. 'Direction' says which way a figure runs;",
        "it is empty where no way is worse. Formulas are in methodology.md; how to use the tables,",
        "in analyst-guide.md.",
        "",
        "| table | columns | what it is |",
        "|---|---:|---|",
    ]
    for table in tables:
        lines.append(
            f"| [{_full(table)}](#{_anchor(table)}) | {len(table.columns)} "
            f"| {_cell(_first_sentence(table.description))} |"
        )
    for table in tables:
        lines += ["", *_section(table)]
    return "\n".join(lines) + "\n"


def _full(table: DocumentedTable) -> str:
    return f"{table.schema}.{table.name}"


def _anchor(table: DocumentedTable) -> str:
    return _full(table).replace(".", "")


def _first_sentence(text: str) -> str:
    """The first sentence; two where the first is a title of a few words."""
    first, *rest = re.split(r"(?<=\.)\s", text)
    return " ".join([first, *rest[:1]]) if len(first) < SHORT else first


def _section(table: DocumentedTable) -> list[str]:
    lines = [f"## {_full(table)}", "", _cell(table.description), ""]
    if table.key:
        lines.append(f"- **Key:** {_spans(table.key)}")
    if table.rules:
        lines.append(f"- **Tests of the whole table:** {_spans(table.rules)}")
    if table.parents:
        lines.append(f"- **Made from:** {_spans(table.parents)}")
        steps = [
            f"{layer}: {_spans(name.split('.', 1)[1] for name in names)}"
            for layer, names in table.lineage.items()
            if names
        ]
        lines.append("- **Lineage:** " + "; ".join(steps))
    if table.children:
        lines.append(f"- **Used by:** {_spans(table.children)}")
    if lines[-1]:
        lines.append("")
    lines += [
        "| column | type | unit | direction | what it is | tests |",
        "|---|---|---|---|---|---|",
    ]
    for column in table.columns:
        cells = (
            f"`{column.name}`",
            column.kind,
            column.unit,
            column.direction,
            column.description,
            "; ".join(column.rules),
        )
        lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    return lines


def _spans(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in names)


def write_dictionary(manifest: Path, folder: Path) -> Path:
    """Write the dictionary into a folder, from dbt's manifest; gives its path."""
    page = folder / DICTIONARY
    page.write_text(dictionary_text(read_dbt_manifest(manifest)), encoding="utf-8")
    return page


# dbt's page has analytics in it, and is opened from a file: nothing goes out, nothing comes in.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data:; font-src data:; connect-src 'none'; form-action 'none'; base-uri 'none'"
)
# Of the moment and the machine, and no use to a reader.
_DROPPED = {"root_path", "generated_at", "invocation_id", "invocation_started_at", "created_at"}
_DROPPED |= {"run_started_at", "user_id", "project_id", "build_path", "compiled_path"}


def write_dbt_docs(settings: Settings, registry: Registry, folder: Path) -> Path:
    """Write dbt's documentation as one page that needs no server and no network; gives its path.

    The same project and columns give the same bytes: moments, paths and ids of runs are left out.

    Raises:
        RuntimeError: dbt failed, or its page is no longer what this expects.
    """
    from dbt.task.docs import DOCS_INDEX_FILE_PATH

    page = Path(DOCS_INDEX_FILE_PATH).read_text(encoding="utf-8")
    for name, file in zip(
        ("MANIFEST", "CATALOG"), generate_catalog(settings, registry), strict=True
    ):
        said = read_dbt_manifest(file)
        # In these, dbt has last what it parsed last.
        for links in {"group_map", "child_map", "parent_map"} & said.keys():
            said[links] = {of: sorted(to) for of, to in said[links].items()}
        text = json.dumps(
            _without_machine(said, settings),
            separators=(",", ":"),
            sort_keys=True,
        )
        # A comment in a model must not end the script that holds it.
        page = _replaced(page, f'"{name}.JSON INLINE DATA"', text.replace("<", "\\u003c"))
    page = _replaced(
        page,
        "<head>",
        f'<head><meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
    )
    # Where the script of the analytics would come from, and where its findings would go.
    for host in (
        "//d1fc8wv8zag5ca.cloudfront.net/2.9.0/sp.js",
        "fishtownanalytics.sinter-collect.com",
    ):
        page = _replaced(page, host, "")
    target = folder / DBT_DOCS
    target.write_text(page, encoding="utf-8")
    return target


def _replaced(page: str, old: str, new: str) -> str:
    if page.count(old) != 1:
        raise RuntimeError(f"dbt's page has {old!r} {page.count(old)} times, not once")
    return page.replace(old, new)


def _without_machine(found: Any, settings: Settings) -> Any:
    """The same without moments, ids of runs, and the folders of this machine."""
    if isinstance(found, dict):
        return {
            key: _without_machine(value, settings)
            for key, value in found.items()
            if key not in _DROPPED
        }
    if isinstance(found, list):
        return [_without_machine(value, settings) for value in found]
    if isinstance(found, str):
        for folder in (PROJECT_ROOT, settings.data):
            found = found.replace(str(folder), ".")
    return found


def main() -> None:
    """Make the committed dictionary anew: what ``make dictionary`` does."""
    import tempfile

    from orchestration.sources.registry import load_registry

    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(profile="sample", data=Path(folder), inbox=Path(folder))
        manifest = manifest_path(settings, load_registry("sample"))
        write_dictionary(manifest, PROJECT_ROOT / "docs")


if __name__ == "__main__":
    main()
