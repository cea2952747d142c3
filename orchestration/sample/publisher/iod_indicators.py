"""The indicators of the Indices of Deprivation, and which scores are made of them alone.

Of some sub-domains only a part of the indicators is published. Those are printed here as well,
but their sub-domain's score comes straight from the hidden state (`deprivation`), so that the
warehouse cannot rebuild it, as it cannot in England.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from orchestration.sample.country.geography import Floats, Ints
from orchestration.sample.country.society import standardise
from orchestration.sample.publisher.indicators import (
    Printed,
    SampleIndicator,
    SampleSubDomain,
    Scale,
    draw,
    score,
)


@dataclass(frozen=True)
class FileColumn:
    """A printed indicator of the sub-domain that it `follows`.

    `scored` is false for what is only printed; a composite is the sum of the columns that it is
    `made_of`, in deviations where their units differ; `by_district` holds where a whole district
    has one figure.
    """

    follows: str
    indicator: SampleIndicator
    scored: bool = True
    made_of: tuple[str, ...] = ()
    units_differ: bool = False
    by_district: bool = False


@dataclass(frozen=True)
class IodFile:
    """The columns in the order of the file, and the sub-domains that they suffice for."""

    columns: tuple[FileColumn, ...]
    recipes: tuple[SampleSubDomain, ...]

    def draw(
        self, rng: np.random.Generator, latent: Mapping[str, Floats], district: Ints
    ) -> dict[str, Printed]:
        """Print every column, by name."""
        printed: dict[str, Printed] = {}
        for column in self.columns:
            indicator, standing = column.indicator, latent[column.follows]
            if column.made_of:
                parts = [printed[part].value for part in column.made_of]
                printed[indicator.name] = Printed(indicator, _composite(column, parts))
            elif column.by_district:
                drawn = draw(rng, indicator, _district_standing(standing, district))
                printed[indicator.name] = Printed(indicator, drawn.value[district])
            else:
                printed[indicator.name] = draw(rng, indicator, standing)
        return printed

    def scores(self, printed: Mapping[str, Printed], district: Ints) -> dict[str, Floats]:
        """The sub-domains that the printed columns give."""
        return {
            recipe.name: score(recipe, [printed[each.name] for each in recipe.indicators], district)
            for recipe in self.recipes
        }


def _composite(column: FileColumn, parts: Sequence[Floats]) -> Floats:
    if column.units_differ:
        parts = [standardise(part) for part in parts]
    return np.asarray(np.round(np.sum(parts, axis=0), column.indicator.scale.decimals))


def _district_standing(standing: Floats, district: Ints) -> Floats:
    return standardise(np.bincount(district, standing) / np.bincount(district))


def _recipe(columns: tuple[FileColumn, ...], name: str, how: str) -> SampleSubDomain:
    members = tuple(c.indicator for c in columns if c.follows == name and c.scored)
    if how == "factor":
        return SampleSubDomain(name, members, "ml_one_factor", "sum")
    return SampleSubDomain(name, members, "equal", "sum" if how == "sum" else "mean")


def _log(centre: float, spread: float, decimals: int = 3) -> Scale:
    return Scale("log", centre, spread, decimals)


def _share(centre: float, spread: float, decimals: int = 3) -> Scale:
    return Scale("share", centre, spread, decimals)


def _plain(centre: float, spread: float, decimals: int = 3) -> Scale:
    return Scale("plain", centre, spread, decimals)


# The rate is the score: five decimals, since with three hundreds of ranks would be tied.
_ADULT_SKILLS = FileColumn(
    "adult_skills",
    SampleIndicator(
        "adult_skills",
        "Adult skills and English language proficiency indicator",
        _share(0.28, 0.55, 5),
        loading=1.0,
        standardisation="none",
    ),
)
_ENTRY = FileColumn(
    "children",
    SampleIndicator(
        "entry_to_higher_education",
        "Entry to higher education indicator",
        _share(0.89, 0.45),
        missing_share=0.005,
        marker="blank",
    ),
    scored=False,
)
_ACUTE = FileColumn(
    "health",
    SampleIndicator("acute_morbidity", "Acute morbidity indicator", _log(112, 0.24), loading=0.84),
)
_ILLNESS = FileColumn(
    "health",
    SampleIndicator(
        "illness_and_disability",
        "Comparative illness and disability ratio indicator",
        _log(105, 0.45),
        loading=0.94,
    ),
)
_LIFE_LOST = FileColumn(
    "health",
    SampleIndicator(
        "years_of_life_lost",
        "Years of potential life lost indicator",
        _log(55, 0.24),
        loading=0.86,
    ),
)


def _mental(name: str, title: str) -> FileColumn:
    return FileColumn("health", SampleIndicator(name, title, _plain(0, 0.78), loading=0.7))


def _affordability(owner: Scale, rental: Scale) -> tuple[FileColumn, ...]:
    """Two components and, in deviations, their sum."""
    title = "affordability (component of housing affordability indicator)"
    components = (
        SampleIndicator("owner_occupation_affordability", f"Owner-occupation {title}", owner),
        SampleIndicator("private_rental_affordability", f"Private rental {title}", rental),
    )
    composite = SampleIndicator(
        "housing_affordability", "Housing affordability indicator", _plain(0, 1.0)
    )
    return (
        *(FileColumn("wider", each, scored=False) for each in components),
        FileColumn(
            "wider",
            composite,
            made_of=tuple(each.name for each in components),
            units_differ=True,
        ),
    )


def _distance(name: str, place: str, centre: float, spread: float) -> FileColumn:
    indicator = SampleIndicator(
        f"distance_to_{name}", f"Road distance to {place} indicator (km)", _log(centre, spread)
    )
    return FileColumn("geographical", indicator)


def _pollutant(name: str, centre: float, spread: float) -> FileColumn:
    title = f"{name.replace('_', ' ').capitalize()} (component of air quality indicator)"
    return FileColumn(
        "outdoors", SampleIndicator(name, title, _plain(centre, spread, 2)), scored=False
    )


def _crime(name: str, title: str, centre: float, loading: float) -> FileColumn:
    at_risk = "properties" if name == "burglary" else "population"
    title = f"{title} rate per 1 000 at risk {at_risk}"
    return FileColumn("crime", SampleIndicator(name, title, _log(centre, 0.65, 1), loading=loading))


_POLLUTANTS = (
    _pollutant("nitrogen_dioxide", 0.62, 0.12),
    _pollutant("benzene", 0.22, 0.04),
    _pollutant("sulphur_dioxide", 0.11, 0.02),
    _pollutant("particulates", 0.52, 0.08),
)

_COLUMNS_2019 = (
    FileColumn(
        "children",
        SampleIndicator(
            "staying_on", "Staying on in education post 16 indicator", _share(0.18, 0.42)
        ),
        scored=False,
    ),
    _ENTRY,
    _ADULT_SKILLS,
    _LIFE_LOST,
    _ILLNESS,
    _ACUTE,
    _mental("mood_and_anxiety", "Mood and anxiety disorders indicator"),
    _distance("post_office", "a post office", 0.95, 0.55),
    _distance("primary_school", "a primary school", 0.73, 0.5),
    _distance("supermarket", "general store or supermarket", 0.5, 0.65),
    _distance("gp", "a GP surgery", 0.98, 0.65),
    FileColumn(
        "wider",
        SampleIndicator(
            "household_overcrowding", "Household overcrowding indicator", _share(0.055, 0.8)
        ),
    ),
    FileColumn(
        "wider",
        SampleIndicator(
            "homelessness",
            "Homelessness indicator (rate per 1000 households)",
            _log(1.9, 0.8),
        ),
        by_district=True,
    ),
    *_affordability(_share(0.62, 0.9), _share(0.47, 0.75)),
    FileColumn(
        "indoors",
        SampleIndicator(
            "housing_in_poor_condition", "Housing in poor condition indicator", _share(0.18, 0.5, 4)
        ),
    ),
    FileColumn(
        "indoors",
        SampleIndicator(
            "no_central_heating", "Houses without central heating indicator", _share(0.022, 0.65, 5)
        ),
    ),
    FileColumn(
        "outdoors",
        SampleIndicator("road_accidents", "Road traffic accidents indicator", _log(0.8, 0.5, 4)),
    ),
    *_POLLUTANTS,
    FileColumn(
        "outdoors",
        SampleIndicator("air_quality", "Air quality indicator", _plain(0, 0, 2)),
        made_of=tuple(column.indicator.name for column in _POLLUTANTS),
    ),
)

_COLUMNS_2025 = (
    _ADULT_SKILLS,
    _ENTRY,
    _ACUTE,
    _ILLNESS,
    _mental("mental_health", "Mental health indicator"),
    _LIFE_LOST,
    _crime("violence_with_injury", "Violence with injury", 5.3, 0.9),
    _crime("violence_without_injury", "Violence without injury", 7.4, 0.92),
    _crime("stalking_and_harassment", "Stalking and harassment", 6.3, 0.88),
    _crime("burglary", "Burglary", 9.3, 0.68),
    _crime("theft", "Theft", 10.0, 0.66),
    _crime("criminal_damage", "Criminal damage", 5.3, 0.88),
    _crime("public_order", "Public order and possession of weapons", 4.9, 0.9),
    _crime("anti_social_behaviour", "Anti-social behaviour", 8.9, 0.76),
    FileColumn(
        "geographical",
        SampleIndicator(
            "connectivity",
            "Connectivity score",
            Scale("share", 67, 0.75, 3, whole=100),
            loading=1.0,
            higher_is_better=True,
            best=100,
            standardisation="none",
        ),
    ),
    *_affordability(_share(0.56, 0.7), _share(0.27, 0.9)),
    FileColumn(
        "wider",
        SampleIndicator(
            "broadband_speed",
            "Digital connectivity (broadband download and upload speeds)",
            _plain(0, 0.88),
        ),
    ),
    FileColumn(
        "wider",
        SampleIndicator(
            "core_homelessness",
            "Core homelessness rate (percent of households)",
            _log(0.95, 0.6),
            part_of="homelessness",
        ),
        by_district=True,
    ),
    FileColumn(
        "wider", SampleIndicator("patients_per_gp", "Patient to GP ratio", _log(1950, 0.35))
    ),
    FileColumn(
        "wider",
        SampleIndicator(
            "homelessness_applications",
            "Homelessness indicator (rate per 1 000 households)",
            _log(2.9, 0.45),
            part_of="homelessness",
        ),
        by_district=True,
    ),
    FileColumn(
        "wider",
        SampleIndicator(
            "overcrowding_by_rooms",
            "Household overcrowding indicator (rooms)",
            _share(0.042, 0.8),
            part_of="overcrowding",
        ),
    ),
    FileColumn(
        "wider",
        SampleIndicator(
            "overcrowding_by_bedrooms",
            "Household overcrowding indicator (bedrooms)",
            _share(0.028, 0.85),
            part_of="overcrowding",
        ),
    ),
)

IOD_2019 = IodFile(
    _COLUMNS_2019,
    (
        _recipe(_COLUMNS_2019, "adult_skills", "sum"),
        _recipe(_COLUMNS_2019, "health", "factor"),
        _recipe(_COLUMNS_2019, "geographical", "mean"),
        _recipe(_COLUMNS_2019, "wider", "sum"),
        _recipe(_COLUMNS_2019, "indoors", "mean"),
        _recipe(_COLUMNS_2019, "outdoors", "mean"),
    ),
)

IOD_2025 = IodFile(
    _COLUMNS_2025,
    (
        _recipe(_COLUMNS_2025, "adult_skills", "sum"),
        _recipe(_COLUMNS_2025, "health", "factor"),
        _recipe(_COLUMNS_2025, "crime", "factor"),
        _recipe(_COLUMNS_2025, "geographical", "sum"),
        _recipe(_COLUMNS_2025, "wider", "sum"),
    ),
)
