"""Doggerland: a small synthetic country in the formats of the real publishers.

What belongs here: everything that writes the `sample` profile's inbox. The package plays the
*publisher* (MHCLG, ONS, OCSI, DWP), so it carries its own implementation of the published formulas
(shrinkage, factor weights, rank transform, ties, domain weights, best-fit lists, summaries of
authorities) and imports nothing of the warehouse. That makes it a cross-check: the warehouse has
to arrive at the same figures from the files alone.
What does not: reading, checking or modelling those files.

Every code begins with X (or Y for the neighbouring nation), where the real ones have E and W, so
that no synthetic area can be taken for a real one.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["write_sample"]


def write_sample(inbox: Path, seed: int = 2017) -> list[Path]:
    """Write all sample files below `inbox`; the same seed gives the same bytes.

    The generator is imported here and not above, because numpy, shapely and pyproj are slow to
    load and most users of this package only want its name.
    """
    from orchestration.sample.files.all_files import write_all

    return write_all(inbox, seed)
