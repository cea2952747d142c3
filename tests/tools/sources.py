"""docs/sources.md, made from the registry.

``make dictionary`` writes it; tests/unit/test_docs.py holds the page to the registry.
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestration.settings import PROJECT_ROOT
from orchestration.sources.registry import Source, load_registry

PAGE = PROJECT_ROOT / "docs" / "sources.md"
_HEAD = """\
# Sources

What each source of the real lists is officially, and how the copies that the registry knows differ
from that. Made from `orchestration/sources/catalogue/sources.yml` by `make dictionary`: edit that.

A copy is known by its sha256. It is *official* (the publisher's own bytes), *republished by*
somebody, or *assembled from* other files. A file with another sha256 is used from the inbox all
the same, as another copy than those known; it has been compared with none. A release says of each
file what it is, in `marts.dim_source` (`provenance_status`, `provenance`, `differs`), `lbn
status`, `manifest.json`, the explorer and `LICENCE-AND-CITATION.txt`, and in one line how many
are official. No figure is better than its file: that a release agrees with a republished copy
does not show that the copy is right.

| source | official file | copies known | how they differ from it |
|---|---|---|---|
"""
_BY_HAND = """
## Files that a person gets

These have no address that a refresh could download from. The names of columns are regular
expressions, matched whole and without regard to case, after runs of blanks are folded. Other
columns do no harm.
"""


def sources_page() -> str:
    """The page as it should be."""
    sources = load_registry("england").sources
    table = "\n".join(_row(source) for source in sources)
    parts = [part for source in sources if not source.download for part in _by_hand(source)]
    return f"{_HEAD}{table}\n{_BY_HAND}\n" + "\n".join(parts).rstrip() + "\n"


def _row(source: Source) -> str:
    address = source.landing_page
    if source.download and not source.download.republished_by:
        address = source.download.url
    copies = "<br>".join(f"{copy} (`{sha256[:12]}`)" for sha256, copy in source.known.items())
    differs = "<br>".join(copy.differs for copy in source.known.values() if copy.differs)
    return f"| `{source.id}` | [{source.official_file}]({address}) | {copies} | {differs} |"


def _by_hand(source: Source) -> Iterator[str]:
    yield f"### {source.id}"
    optional = " Optional: a refresh goes on without it." if source.is_optional else ""
    yield f"\n{source.title}.{optional}\n"
    yield f"- **Data set:** {source.data_set}"
    yield f"- **Page:** <{source.landing_page}>"
    yield f"- **To get it:** {source.to_get}"
    yield f"- **Named like,** by us or as it is served: {_code(*source.inbox)}"
    yield ""
    yield "| what | column |"
    yield "|---|---|"
    for what, column in _columns(source):
        yield f"| {what} | {_code(column)} |"
    yield ""


def _columns(source: Source) -> Iterator[tuple[str, str]]:
    for name, column in [*source.columns.items(), *source.denominators.items()]:
        yield name.replace("_", " "), column
    for name, summary in source.summaries.items():
        yield name.replace("_", " "), f"{summary.stem} ({', '.join(summary.statistics)})"
    for name, counted in source.outcomes.items():
        outcome = name.replace("_", " ")
        if counted.category:
            yield f"{outcome}: category", " = ".join(counted.category)
        for column in counted.numerator:
            yield f"{outcome}: count", column
        yield f"{outcome}: of", counted.denominator
    named = {side for link in source.links for side in (link.from_, link.to)}
    for area_type, *columns in sorted(named):
        # A lookup of small areas has no names.
        for what, column in zip(("code", "name"), columns, strict=False):
            yield f"{area_type}: {what}", column


def _code(*texts: str) -> str:
    return ", ".join(f"`{text}`" for text in texts).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(sources_page(), encoding="utf-8")
