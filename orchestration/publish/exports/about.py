"""What every export says of itself: the release, which way the scales run, licences, citations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from orchestration.queries import Row, query_rows

DIRECTION = (
    "Rank 1 = worst, everywhere. Decile 1 = worst 10%. Scores: higher = worse. "
    "Ranks to threshold: 0 or less = within."
)
CSV = (
    "CSV files: empty = no value; text that a spreadsheet would run as a formula has one "
    "apostrophe (') in front."
)
# Name in the Open Definition's list, and where the text is. What is not here is not open.
OPEN_LICENCES = {
    "Open Government Licence v3.0": (
        "OGL-UK-3.0",
        "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
    ),
    "CC0 1.0": ("CC0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
}


@dataclass(frozen=True)
class About:
    """A release, as its exports describe it. ``built_at`` is in UTC."""

    release_id: str
    country: str
    label: str
    built_at: datetime
    sources: tuple[Row, ...]
    editions: tuple[Row, ...]

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
            f"No open licence: {titles}. Use them to verify. Do not pass on this file, or its "
            f"columns with cni_ in their name, without the agreement of {owners}."
        )

    @property
    def citation(self) -> str:
        """How to cite an export."""
        return (
            f"Left-behind neighbourhoods warehouse, release {self.release_id} ({self.label}), "
            f"built {self.built_at:%Y-%m-%d}. Made from: {' '.join(self.citations)}"
        )

    def metadata(self, title: str) -> dict[str, str]:
        """Key-value pairs for a file that can carry them; the same in every format."""
        pairs = {
            "title": self.titled(title),
            "release_id": self.release_id,
            "label": self.label,
            "country": self.country,
            "built_at": self.built_at.isoformat(timespec="seconds"),
            "direction": DIRECTION,
            "licence": "; ".join(self.licences),
            "citation": self.citation,
        }
        return pairs | ({"warning": self.warning} if self.warning else {})


def about(warehouse: duckdb.DuckDBPyConnection) -> About:
    """Read it from a release's warehouse: meta.release, marts.dim_source, marts.dim_edition."""
    (release,) = query_rows(warehouse, "select * from meta.release")
    sources = query_rows(warehouse, "select * from marts.dim_source order by source_id")
    editions = query_rows(warehouse, "select * from marts.dim_edition order by edition_id")
    return About(
        release_id=release["release_id"],
        country=release["country"],
        label=release["label"],
        built_at=datetime.fromisoformat(release["built_at"]).astimezone(UTC),
        sources=tuple(sources),
        editions=tuple(editions),
    )


def licence_text(about: About) -> str:
    """The licences by source, the warning and the citation, for people."""
    lines = [about.title, f"Release {about.release_id} ({about.label}, {about.country})", ""]
    if about.warning:
        lines += [about.warning, ""]
    lines += ["How to cite", "", f"  {about.citation}", "", "Licences", ""]
    for licence in about.licences:
        known = OPEN_LICENCES.get(licence)
        lines += [f"{licence}" + (f" <{known[1]}>" if known else ""), ""]
        for source in about.sources:
            if source["licence"] == licence:
                lines += [
                    f"  {source['source_id']}: {source['title']}",
                    f"    publisher: {source['publisher']}",
                    f"    cite as: {source['citation']}",
                    f"    from: {source['landing_page']}",
                    f"    sha256: {source['sha256']}",
                ]
        lines.append("")
    lines += ["How to read the files", "", f"  {DIRECTION}", f"  {CSV}", ""]
    return "\n".join(lines)
