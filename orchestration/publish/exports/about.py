"""What every export says of itself: content, which way the scales run, licences, citations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

import duckdb

from orchestration.fingerprint import content_id, files_hash
from orchestration.publish.limits import LIMITS
from orchestration.publish.provenance import provenance
from orchestration.queries import Row, query_rows

DIRECTION = (
    "Rank 1 = worst, everywhere. Decile 1 = worst 10%. Scores: higher = worse. "
    "Ranks to threshold: 0 or less = within."
)
CSV = (
    "CSV files: empty = no value; text that a spreadsheet would run as a formula has one "
    "apostrophe (') in front."
)
# A workbook and a GeoPackage must carry a time. Ours are to be equal where what they show is equal,
# so it is that at which the clock of zip files begins.
NO_TIME = datetime(1980, 1, 1)
# Name in the Open Definition's list or SPDX's, and where the text is. What is not here is not open.
OPEN_LICENCES = {
    "Open Parliament Licence v3.0": (
        "OPL-UK-3.0",
        "https://www.parliament.uk/site-information/copyright-parliament/open-parliament-licence/",
    ),
    "Open Government Licence v3.0": (
        "OGL-UK-3.0",
        "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
    ),
    "CC0 1.0": ("CC0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
}


@dataclass(frozen=True)
class About:
    """A release, as its exports describe it: nothing of when it was made, or of its name."""

    country: str
    label: str
    sources: tuple[Row, ...]
    editions: tuple[Row, ...]
    composites: tuple[Row, ...]

    @property
    def synthetic(self) -> bool:
        return self.label == "SYNTHETIC"

    def titled(self, title: str) -> str:
        """The title; of a synthetic country it begins with SYNTHETIC."""
        return f"SYNTHETIC: {title}" if self.synthetic else title

    @property
    def title(self) -> str:
        return self.titled("Lists of 'left behind' neighbourhoods")

    @property
    def licences(self) -> list[str]:
        return sorted({source["licence"] for source in self.sources})

    @property
    def citations(self) -> list[str]:
        return sorted({source["citation"] for source in self.sources})

    @property
    def restricted(self) -> list[Row]:
        """The sources that have no open licence."""
        return [source for source in self.sources if source["licence"] not in OPEN_LICENCES]

    @property
    def warning(self) -> str | None:
        """What a reader must know before anything else; None where there is nothing."""
        if self.synthetic:
            return f"SYNTHETIC. {self.country}. No figure is evidence of anything."
        if not self.restricted:
            return None
        titles = "; ".join(source["title"] for source in self.restricted)
        owners = "; ".join(sorted({source["publisher"] for source in self.restricted}))
        return (
            f"No licence known to be open: {titles}. Use them to verify. Do not pass on this file, "
            f"or its columns with cni_ in their name, without the agreement of {owners}."
        )

    def content_id(self, name: str, *shown: object) -> str:
        """The content id of what is exported under a name, from what it shows and our code."""
        return content_id(name, (_writers(), self.metadata("", ""), *shown))

    def citation(self, content: str) -> str:
        """How to cite an export, by its content id."""
        return (
            f"Left-behind neighbourhoods warehouse, {content} ({self.label}). "
            f"Made from: {' '.join(self.citations)}"
        )

    def metadata(self, title: str, content: str) -> dict[str, str]:
        """Key-value pairs for a file that can carry them; the same in every format."""
        pairs = {
            "title": title,
            "content_id": content,
            "release_label": self.label,
            "country": self.country,
            "direction": DIRECTION,
            "licence": "; ".join(self.licences),
            "citation": self.citation(content),
            "provenance": provenance(self.sources),
        }
        return pairs | ({"warning": self.warning} if self.warning else {})


@cache
def _writers() -> str:
    """The code of the exports and the limits of use, which change what a file is made to say."""
    return files_hash([*Path(__file__).parent.glob("*.py"), LIMITS])


def about(warehouse: duckdb.DuckDBPyConnection) -> About:
    """Read it from a release's warehouse: meta.release, and the marts of sources and editions."""
    (release,) = query_rows(warehouse, "select * from meta.release")
    sources = query_rows(
        warehouse,
        "select source_id, title, publisher, licence, citation, landing_page, sha256, rows, "
        "official_file, provenance_status, provenance, differs "
        "from marts.dim_source order by source_id",
    )
    editions = query_rows(warehouse, "select * from marts.dim_edition order by edition_id")
    composites = query_rows(
        warehouse, "select * from marts.dim_composite_edition order by edition_id"
    )
    return About(
        country=release["country"],
        label=release["label"],
        sources=tuple(sources),
        editions=tuple(editions),
        composites=tuple(composites),
    )


def _told(what: str, value: str | None) -> list[str]:
    return [f"    {what}: {value}"] if value else []


def licence_text(about: About, content: str) -> str:
    """The licences by source, the warning and the citation, for people."""
    lines = [about.title, f"Content {content} ({about.label}, {about.country})", ""]
    if about.warning:
        lines += [about.warning, ""]
    lines += ["How to cite", "", f"  {about.citation(content)}", ""]
    lines += ["Provenance", "", f"  {provenance(about.sources)}.", "", "Licences", ""]
    for licence in about.licences:
        known = OPEN_LICENCES.get(licence)
        lines += [f"{licence}" + (f" <{known[1]}>" if known else ""), ""]
        for source in about.sources:
            if source["licence"] == licence:
                lines += [
                    f"  {source['source_id']}: {source['title']}",
                    f"    publisher: {source['publisher']}",
                    *_told("official file", source["official_file"]),
                    f"    this copy: {source['provenance']}",
                    *_told("differs", source["differs"]),
                    f"    cite as: {source['citation']}",
                    f"    from: {source['landing_page']}",
                    f"    sha256: {source['sha256']}",
                ]
        lines.append("")
    lines += ["How to read the files", "", f"  {DIRECTION}", f"  {CSV}", ""]
    return "\n".join(lines)
