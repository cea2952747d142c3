"""The indicators of the Indices of Deprivation, and which scores are made of them alone.

Of some sub-domains only a part of the indicators is published. Those are printed here as well,
but their sub-domain's score comes straight from the hidden state (`deprivation`), so that the
warehouse cannot rebuild it, as it cannot in England.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from orchestration.sample.country.geography import Floats, Ints
from orchestration.sample.country.society import standardise
from orchestration.sample.publisher.indicators import (
    Printed,
    SampleIndicator,
    SampleSubDomain,
    Scale,
    declared,
    draw,
    score,
    sub_domain,
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


def _recipe(
    columns: tuple[FileColumn, ...], framework: str, follows: str, name: str = ""
) -> SampleSubDomain:
    """What the columns that follow a hidden state give; its name in the seeds may be longer."""
    members = [c.indicator for c in columns if c.follows == follows and c.scored]
    return replace(sub_domain(framework, name or follows, members), name=follows)


def _log(centre: float, spread: float, decimals: int = 3) -> Scale:
    return Scale("log", centre, spread, decimals)


def _share(centre: float, spread: float, decimals: int = 3) -> Scale:
    return Scale("share", centre, spread, decimals)


def _plain(centre: float, spread: float, decimals: int = 3) -> Scale:
    return Scale("plain", centre, spread, decimals)


# An indicator of a release, by its name there.
Declared = Callable[..., SampleIndicator]
_imd2019: Declared = partial(declared, "imd2019")
_imd2025: Declared = partial(declared, "imd2025")


def _adult_skills(of: Declared) -> FileColumn:
    """The rate is the score: five decimals, since with three hundreds of ranks would be tied."""
    title = "Adult skills and English language proficiency indicator"
    return FileColumn("adult_skills", of("adult_skills", _share(0.28, 0.55, 5), title, loading=1.0))


def _entry(of: Declared) -> FileColumn:
    title = "Entry to higher education indicator"
    indicator = of("entry_to_higher_education", _share(0.89, 0.45), title, missing_share=0.005)
    return FileColumn("children", indicator, scored=False)


def _acute(of: Declared) -> FileColumn:
    title = "Acute morbidity indicator"
    return FileColumn("health", of("acute_morbidity", _log(112, 0.24), title, loading=0.84))


def _illness(of: Declared) -> FileColumn:
    title = "Comparative illness and disability ratio indicator"
    return FileColumn("health", of("illness_and_disability", _log(105, 0.45), title, loading=0.94))


def _life_lost(of: Declared) -> FileColumn:
    title = "Years of potential life lost indicator"
    return FileColumn("health", of("years_of_life_lost", _log(55, 0.24), title, loading=0.86))


def _affordability(of: Declared, owner: Scale, rental: Scale) -> tuple[FileColumn, ...]:
    """Two components, which are only printed, and, in deviations, their sum."""
    title = "affordability (component of housing affordability indicator)"
    components = (
        SampleIndicator("owner_occupation_affordability", f"Owner-occupation {title}", owner),
        SampleIndicator("private_rental_affordability", f"Private rental {title}", rental),
    )
    composite = of("housing_affordability", _plain(0, 1.0), "Housing affordability indicator")
    made_of = tuple(each.name for each in components)
    return (
        *(FileColumn("wider", each, scored=False) for each in components),
        FileColumn("wider", composite, made_of=made_of, units_differ=True),
    )


def _distance(name: str, place: str, centre: float, spread: float) -> FileColumn:
    title = f"Road distance to {place} indicator (km)"
    return FileColumn("geographical", _imd2019(f"distance_to_{name}", _log(centre, spread), title))


def _pollutant(name: str, centre: float, spread: float) -> FileColumn:
    title = f"{name.replace('_', ' ').capitalize()} (component of air quality indicator)"
    return FileColumn(
        "outdoors", SampleIndicator(name, title, _plain(centre, spread, 2)), scored=False
    )


def _crime(name: str, title: str, centre: float, loading: float) -> FileColumn:
    at_risk = "properties" if name == "burglary" else "population"
    title = f"{title} rate per 1 000 at risk {at_risk}"
    return FileColumn("crime", _imd2025(name, _log(centre, 0.65, 1), title, loading=loading))


_POLLUTANTS = (
    _pollutant("nitrogen_dioxide", 0.62, 0.12),
    _pollutant("benzene", 0.22, 0.04),
    _pollutant("sulphur_dioxide", 0.11, 0.02),
    _pollutant("particulates", 0.52, 0.08),
)

_COLUMNS_2019 = (
    FileColumn(
        "children",
        _imd2019("staying_on", _share(0.18, 0.42), "Staying on in education post 16 indicator"),
        scored=False,
    ),
    _entry(_imd2019),
    _adult_skills(_imd2019),
    _life_lost(_imd2019),
    _illness(_imd2019),
    _acute(_imd2019),
    FileColumn(
        "health",
        _imd2019(
            "mood_and_anxiety", _plain(0, 0.78), "Mood and anxiety disorders indicator", loading=0.7
        ),
    ),
    _distance("post_office", "a post office", 0.95, 0.55),
    _distance("primary_school", "a primary school", 0.73, 0.5),
    _distance("supermarket", "general store or supermarket", 0.5, 0.65),
    _distance("gp", "a GP surgery", 0.98, 0.65),
    FileColumn(
        "wider",
        _imd2019("household_overcrowding", _share(0.055, 0.8), "Household overcrowding indicator"),
    ),
    FileColumn(
        "wider",
        _imd2019(
            "homelessness", _log(1.9, 0.8), "Homelessness indicator (rate per 1000 households)"
        ),
        by_district=True,
    ),
    *_affordability(_imd2019, _share(0.62, 0.9), _share(0.47, 0.75)),
    FileColumn(
        "indoors",
        _imd2019(
            "housing_in_poor_condition", _share(0.18, 0.5, 4), "Housing in poor condition indicator"
        ),
    ),
    FileColumn(
        "indoors",
        _imd2019(
            "no_central_heating", _share(0.022, 0.65, 5), "Houses without central heating indicator"
        ),
    ),
    FileColumn(
        "outdoors",
        _imd2019("road_accidents", _log(0.8, 0.5, 4), "Road traffic accidents indicator"),
    ),
    *_POLLUTANTS,
    FileColumn(
        "outdoors",
        _imd2019("air_quality", _plain(0, 0, 2), "Air quality indicator"),
        made_of=tuple(column.indicator.name for column in _POLLUTANTS),
    ),
)

_COLUMNS_2025 = (
    _adult_skills(_imd2025),
    _entry(_imd2025),
    _acute(_imd2025),
    _illness(_imd2025),
    FileColumn(
        "health", _imd2025("mental_health", _plain(0, 0.78), "Mental health indicator", loading=0.7)
    ),
    _life_lost(_imd2025),
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
        _imd2025(
            "connectivity",
            Scale("share", 67, 0.75, 3, whole=100),
            "Connectivity score",
            loading=1.0,
        ),
    ),
    *_affordability(_imd2025, _share(0.56, 0.7), _share(0.27, 0.9)),
    FileColumn(
        "wider",
        _imd2025(
            "broadband_speed",
            _plain(0, 0.88),
            "Digital connectivity (broadband download and upload speeds)",
        ),
    ),
    FileColumn(
        "wider",
        _imd2025(
            "core_homelessness", _log(0.95, 0.6), "Core homelessness rate (percent of households)"
        ),
        by_district=True,
    ),
    FileColumn("wider", _imd2025("patients_per_gp", _log(1950, 0.35), "Patient to GP ratio")),
    FileColumn(
        "wider",
        _imd2025(
            "homelessness_applications",
            _log(2.9, 0.45),
            "Homelessness indicator (rate per 1 000 households)",
        ),
        by_district=True,
    ),
    FileColumn(
        "wider",
        _imd2025(
            "overcrowding_by_rooms", _share(0.042, 0.8), "Household overcrowding indicator (rooms)"
        ),
    ),
    FileColumn(
        "wider",
        _imd2025(
            "overcrowding_by_bedrooms",
            _share(0.028, 0.85),
            "Household overcrowding indicator (bedrooms)",
        ),
    ),
)

IOD_2019 = IodFile(
    _COLUMNS_2019,
    (
        _recipe(_COLUMNS_2019, "iod2019", "adult_skills"),
        _recipe(_COLUMNS_2019, "iod2019", "health"),
        _recipe(_COLUMNS_2019, "iod2019", "geographical", "geographical_barriers"),
        _recipe(_COLUMNS_2019, "iod2019", "wider", "wider_barriers"),
        _recipe(_COLUMNS_2019, "iod2019", "indoors"),
        _recipe(_COLUMNS_2019, "iod2019", "outdoors"),
    ),
)

IOD_2025 = IodFile(
    _COLUMNS_2025,
    (
        _recipe(_COLUMNS_2025, "iod2025", "adult_skills"),
        _recipe(_COLUMNS_2025, "iod2025", "health"),
        _recipe(_COLUMNS_2025, "iod2025", "crime"),
        _recipe(_COLUMNS_2025, "iod2025", "geographical", "geographical_barriers"),
        _recipe(_COLUMNS_2025, "iod2025", "wider", "wider_barriers"),
    ),
)
