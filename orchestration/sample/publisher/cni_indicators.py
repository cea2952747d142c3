"""The indicators behind the Community Needs Index: 19 on wards (2019), 28 on LSOA 2021 (2023).

Only the Civic Assets of 2019 could be read by name. Every other name is a stand-in: what one would
measure in its domain, not what OCSI did measure. What is done with each the seeds say; here is how
it is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from orchestration.sample.country.geography import Floats, Ints
from orchestration.sample.country.society import standardise
from orchestration.sample.publisher.indicators import (
    Printed,
    SampleSubDomain,
    Scale,
    alike,
    declared,
    draw,
    score,
    sub_domain,
)


@dataclass(frozen=True)
class DomainFigures:
    """A domain as published with its indicators, and the score that they give."""

    printed: list[Printed]
    score: Floats


def figures(
    rng: np.random.Generator,
    recipe: SampleSubDomain,
    need: Floats,
    district: Ints,
    out_of: dict[str, Floats],
    twins: Sequence[tuple[int, int]] = (),
) -> DomainFigures:
    """Draw the indicators of a domain from `need` and score it by what is printed.

    The second of two `twins` has every figure of the first, as where a source knows only the
    area that both lie in; they must be of one district to be tied after shrinkage as well.
    """
    standing = standardise(need)
    printed = [draw(rng, indicator, standing, out_of) for indicator in recipe.indicators]
    if twins:
        printed = [alike(each, twins) for each in printed]
    return DomainFigures(printed, score(recipe, printed, district))


def counts(rng: np.random.Generator, people: Floats) -> dict[str, Floats]:
    """The denominators of the indicators, from the number of people."""

    def part(share: float) -> Floats:
        return np.round(people * share * rng.normal(1, 0.04, len(people)))

    return {
        "Residents": np.round(people),
        "Households": part(0.43),
        "Registered electors": part(0.72),
        "Survey respondents": part(0.03),
    }


def _log(centre: float, spread: float, decimals: int) -> Scale:
    return Scale("log", centre, spread, decimals)


def _percent(centre: float, spread: float, decimals: int = 1) -> Scale:
    return Scale("share", centre, spread, decimals, whole=100)


_cni2019 = partial(declared, "cni2019")
_cni2023 = partial(declared, "cni2023")

CNI_2019 = {
    "civic": sub_domain(
        "cni2019",
        "civic_assets",
        (
            _cni2019("community_space_density", _log(2.1, 0.55, 0), out_of="Residents"),
            _cni2019("education_density", _log(0.62, 0.45, 3)),
            _cni2019("sport_leisure_density", _log(0.95, 0.5, 3)),
            _cni2019("cultural_density", _log(0.31, 0.7, 3), missing_share=0.015),
            _cni2019("green_density", _log(1.4, 0.6, 3)),
        ),
    ),
    "connectedness": sub_domain(
        "cni2019",
        "connectedness",
        (
            _cni2019("hospital_travel_time", _log(44, 0.35, 1)),
            _cni2019("gp_travel_time", _log(13, 0.3, 1)),
            _cni2019("food_store_travel_time", _log(9.5, 0.3, 1)),
            _cni2019("broadband_speed", _log(46, 0.35, 1), missing_share=0.015),
            _cni2019("one_person_households", _percent(30, 0.3), out_of="Households"),
            _cni2019(
                "households_without_car",
                _percent(25, 0.5),
                out_of="Households",
                missing_share=0.015,
            ),
            _cni2019("jobs_density", _log(0.7, 0.4, 3)),
        ),
    ),
    "engaged": sub_domain(
        "cni2019",
        "engaged_community",
        (
            _cni2019("turnout", _percent(35, 0.3), out_of="Registered electors"),
            _cni2019("charities", _log(2.4, 0.5, 3)),
            _cni2019("charity_income", _log(85, 0.9, 2), missing_share=0.012),
            _cni2019("community_grants", _log(6.5, 0.8, 2), missing_share=0.02),
            _cni2019(
                "volunteering", _percent(26, 0.45), out_of="Survey respondents", missing_share=0.015
            ),
            _cni2019("neighbourhood_belonging", _percent(62, 0.4, 2)),
            _cni2019("neighbour_trust", _percent(22, 0.45, 2)),
        ),
    ),
}

CNI_2023 = {
    "civic": sub_domain(
        "cni2023",
        "civic_assets",
        (
            _cni2023("community_venue_distance", _log(0.85, 0.5, 3)),
            _cni2023("library_distance", _log(1.9, 0.5, 3)),
            _cni2023("sports_facility_distance", _log(1.2, 0.45, 3)),
            _cni2023("meeting_places", _log(4.2, 0.5, 0), out_of="Residents"),
            _cni2023("playgrounds", _log(0.9, 0.6, 3), missing_share=0.015),
            _cni2023("green_space_share", _percent(14, 0.55, 2)),
            _cni2023("primary_school_distance", _log(0.75, 0.45, 3)),
            _cni2023("homes_near_shops", _percent(58, 0.7), out_of="Households"),
        ),
    ),
    "connectedness": sub_domain(
        "cni2023",
        "connectedness",
        (
            _cni2023("hospital_travel_time", _log(46, 0.4, 1)),
            _cni2023("gp_travel_time", _log(13.5, 0.35, 1)),
            _cni2023("employment_travel_time", _log(12, 0.35, 1)),
            _cni2023("bus_departures", _log(62, 0.8, 0), missing_share=0.02),
            _cni2023("download_speed", _log(92, 0.4, 1), missing_share=0.012),
            _cni2023("homes_without_gigabit", _percent(24, 0.8), out_of="Households"),
            _cni2023("one_person_households", _percent(30, 0.4), out_of="Households"),
            _cni2023(
                "households_without_car",
                _percent(23, 0.6),
                out_of="Households",
                missing_share=0.015,
            ),
            _cni2023("jobs_density", _log(0.6, 0.5, 3)),
            _cni2023("loneliness", _percent(21, 0.4), out_of="Survey respondents"),
        ),
    ),
    "engaged": sub_domain(
        "cni2023",
        "engaged_community",
        (
            _cni2023("turnout", _percent(34, 0.35), loading=0.85, out_of="Registered electors"),
            _cni2023("charities", _log(2.6, 0.6, 3), loading=0.8),
            _cni2023("charity_income", _log(95, 1.0, 2), loading=0.72, missing_share=0.015),
            _cni2023("community_grants", _log(7.5, 0.9, 2), loading=0.7),
            _cni2023(
                "volunteering",
                _percent(22, 0.5),
                loading=0.84,
                out_of="Survey respondents",
                missing_share=0.015,
            ),
            _cni2023("neighbourhood_belonging", _percent(61, 0.45, 2), loading=0.86),
            _cni2023("neighbour_trust", _percent(23, 0.5, 2), loading=0.83),
            _cni2023("parent_groups", _log(3.1, 0.6, 3), loading=0.75),
            _cni2023(
                "club_members",
                _percent(33, 0.45),
                loading=0.8,
                out_of="Survey respondents",
                missing_share=0.012,
            ),
            _cni2023("consultation_replies", _log(11, 0.5, 2), loading=0.77),
        ),
    ),
}
