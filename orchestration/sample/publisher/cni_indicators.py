"""The indicators behind the Community Needs Index: 19 on wards (2019), 28 on LSOA 2021 (2023).

Only the Civic Assets of 2019 are known by name. Every other name is a stand-in: what one would
measure in its domain, not what OCSI did measure. Between them the two sets use every rule of the
warehouse's seeds: both directions, numerators with and without shrinkage, markers, gaps, three
ways of weighting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from orchestration.sample.country.geography import Floats, Ints
from orchestration.sample.country.society import standardise
from orchestration.sample.publisher.indicators import (
    Printed,
    SampleIndicator,
    SampleSubDomain,
    Scale,
    alike,
    draw,
    score,
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


CNI_2019 = {
    "civic": SampleSubDomain(
        "civic_assets",
        (
            SampleIndicator(
                "community_space_density",
                "Community space within 1 km",
                _log(2.1, 0.55, 0),
                unit="assets_per_1000",
                higher_is_better=True,
                out_of="Residents",
                stand_in=False,
            ),
            SampleIndicator(
                "education_density",
                "Education assets within 1 km per 1,000 people",
                _log(0.62, 0.45, 3),
                unit="assets_per_1000",
                higher_is_better=True,
                stand_in=False,
            ),
            SampleIndicator(
                "sport_leisure_density",
                "Sport and leisure assets within 1 km per 1,000 people",
                _log(0.95, 0.5, 3),
                unit="assets_per_1000",
                higher_is_better=True,
                stand_in=False,
            ),
            SampleIndicator(
                "cultural_density",
                "Cultural assets within 1 km per 1,000 people",
                _log(0.31, 0.7, 3),
                unit="assets_per_1000",
                higher_is_better=True,
                missing="zero",
                missing_share=0.015,
                stand_in=False,
            ),
            SampleIndicator(
                "green_density",
                "Green assets within 1 km per 1,000 people",
                _log(1.4, 0.6, 3),
                unit="assets_per_1000",
                higher_is_better=True,
                stand_in=False,
            ),
        ),
    ),
    "connectedness": SampleSubDomain(
        "connectedness",
        (
            SampleIndicator(
                "hospital_travel_time",
                "Travel time to a hospital by public transport (minutes)",
                _log(44, 0.35, 1),
                unit="minutes",
                weight=0.2,
            ),
            SampleIndicator(
                "gp_travel_time",
                "Travel time to a GP by public transport (minutes)",
                _log(13, 0.3, 1),
                unit="minutes",
                weight=0.15,
            ),
            SampleIndicator(
                "food_store_travel_time",
                "Travel time to a food store by public transport (minutes)",
                _log(9.5, 0.3, 1),
                unit="minutes",
                weight=0.15,
            ),
            SampleIndicator(
                "broadband_speed",
                "Average broadband download speed (Mbit/s)",
                _log(46, 0.35, 1),
                unit="mbps",
                higher_is_better=True,
                weight=0.15,
                missing="lad_value",
                missing_share=0.015,
                marker="*",
            ),
            SampleIndicator(
                "one_person_households",
                "One-person households",
                _percent(30, 0.3),
                unit="percent",
                out_of="Households",
                weight=0.1,
            ),
            SampleIndicator(
                "households_without_car",
                "Households without a car",
                _percent(25, 0.5),
                unit="percent",
                out_of="Households",
                shrunk=True,
                weight=0.15,
                missing="lad_value",
                missing_share=0.015,
                marker="*",
            ),
            SampleIndicator(
                "jobs_density",
                "Jobs per resident of working age",
                _log(0.7, 0.4, 3),
                unit="ratio",
                higher_is_better=True,
                standardisation="z_score",
                weight=0.1,
            ),
        ),
        weighting="given",
        combination="sum",
    ),
    "engaged": SampleSubDomain(
        "engaged_community",
        (
            SampleIndicator(
                "turnout",
                "Votes cast at local elections",
                _percent(35, 0.3),
                unit="percent",
                higher_is_better=True,
                out_of="Registered electors",
            ),
            SampleIndicator(
                "charities",
                "Registered charities per 1,000 people",
                _log(2.4, 0.5, 3),
                unit="organisations_per_1000",
                higher_is_better=True,
            ),
            SampleIndicator(
                "charity_income",
                "Income of local charities per head (£)",
                _log(85, 0.9, 2),
                unit="pounds",
                higher_is_better=True,
                missing="zero",
                missing_share=0.012,
            ),
            SampleIndicator(
                "community_grants",
                "Lottery grants to local groups per head (£)",
                _log(6.5, 0.8, 2),
                unit="pounds",
                higher_is_better=True,
                missing="zero",
                missing_share=0.02,
            ),
            SampleIndicator(
                "volunteering",
                "Survey respondents who volunteer every month",
                _percent(26, 0.45),
                unit="percent",
                higher_is_better=True,
                out_of="Survey respondents",
                shrunk=True,
                missing="lad_value",
                missing_share=0.015,
                marker="*",
            ),
            SampleIndicator(
                "neighbourhood_belonging",
                "People who feel that they belong to their neighbourhood (modelled, %)",
                _percent(62, 0.4, 2),
                unit="percent",
                higher_is_better=True,
                standardisation="z_score",
            ),
            SampleIndicator(
                "neighbour_trust",
                "People who trust few or none of their neighbours (modelled, %)",
                _percent(22, 0.45, 2),
                unit="percent",
            ),
        ),
    ),
}

CNI_2023 = {
    "civic": SampleSubDomain(
        "civic_assets",
        (
            SampleIndicator(
                "community_venue_distance",
                "Distance to the nearest community venue (km)",
                _log(0.85, 0.5, 3),
                unit="km",
            ),
            SampleIndicator(
                "library_distance",
                "Distance to the nearest library or museum (km)",
                _log(1.9, 0.5, 3),
                unit="km",
            ),
            SampleIndicator(
                "sports_facility_distance",
                "Distance to the nearest sports facility (km)",
                _log(1.2, 0.45, 3),
                unit="km",
            ),
            SampleIndicator(
                "meeting_places",
                "Pubs, cafes and places of worship within 1 km",
                _log(4.2, 0.5, 0),
                unit="assets_per_1000",
                higher_is_better=True,
                out_of="Residents",
            ),
            SampleIndicator(
                "playgrounds",
                "Playgrounds within 1 km per 1,000 people",
                _log(0.9, 0.6, 3),
                unit="assets_per_1000",
                higher_is_better=True,
                missing="zero",
                missing_share=0.015,
            ),
            SampleIndicator(
                "green_space_share",
                "Public green space within 1 km (% of land)",
                _percent(14, 0.55, 2),
                unit="percent",
                higher_is_better=True,
                standardisation="z_score",
            ),
            SampleIndicator(
                "primary_school_distance",
                "Distance to the nearest primary school (km)",
                _log(0.75, 0.45, 3),
                unit="km",
            ),
            SampleIndicator(
                "homes_near_shops",
                "Homes within ten minutes' walk of a parade of shops",
                _percent(58, 0.7),
                unit="percent",
                higher_is_better=True,
                out_of="Households",
            ),
        ),
    ),
    "connectedness": SampleSubDomain(
        "connectedness",
        (
            SampleIndicator(
                "hospital_travel_time",
                "Travel time to a hospital by public transport (minutes)",
                _log(46, 0.4, 1),
                unit="minutes",
                weight=0.15,
            ),
            SampleIndicator(
                "gp_travel_time",
                "Travel time to a GP by public transport (minutes)",
                _log(13.5, 0.35, 1),
                unit="minutes",
                weight=0.1,
            ),
            SampleIndicator(
                "employment_travel_time",
                "Travel time to a centre of employment by public transport (minutes)",
                _log(12, 0.35, 1),
                unit="minutes",
                weight=0.1,
            ),
            SampleIndicator(
                "bus_departures",
                "Bus departures within 400 m, a weekday",
                _log(62, 0.8, 0),
                unit="count",
                higher_is_better=True,
                weight=0.1,
                missing="zero",
                missing_share=0.02,
            ),
            SampleIndicator(
                "download_speed",
                "Median broadband download speed (Mbit/s)",
                _log(92, 0.4, 1),
                unit="mbps",
                higher_is_better=True,
                weight=0.1,
                missing="lad_value",
                missing_share=0.012,
                marker="*",
            ),
            SampleIndicator(
                "homes_without_gigabit",
                "Homes without gigabit broadband",
                _percent(24, 0.8),
                unit="percent",
                out_of="Households",
                weight=0.1,
            ),
            SampleIndicator(
                "one_person_households",
                "One-person households",
                _percent(30, 0.4),
                unit="percent",
                out_of="Households",
                shrunk=True,
                weight=0.1,
            ),
            SampleIndicator(
                "households_without_car",
                "Households without a car",
                _percent(23, 0.6),
                unit="percent",
                out_of="Households",
                shrunk=True,
                weight=0.1,
                missing="lad_value",
                missing_share=0.015,
                marker="*",
            ),
            SampleIndicator(
                "jobs_density",
                "Jobs per resident of working age",
                _log(0.6, 0.5, 3),
                unit="ratio",
                higher_is_better=True,
                standardisation="z_score",
                weight=0.1,
            ),
            SampleIndicator(
                "loneliness",
                "Survey respondents who often feel lonely",
                _percent(21, 0.4),
                unit="percent",
                out_of="Survey respondents",
                shrunk=True,
                weight=0.05,
            ),
        ),
        weighting="given",
        combination="sum",
    ),
    "engaged": SampleSubDomain(
        "engaged_community",
        (
            SampleIndicator(
                "turnout",
                "Votes cast at local elections",
                _percent(34, 0.35),
                unit="percent",
                loading=0.85,
                higher_is_better=True,
                out_of="Registered electors",
            ),
            SampleIndicator(
                "charities",
                "Registered charities per 1,000 people",
                _log(2.6, 0.6, 3),
                unit="organisations_per_1000",
                loading=0.8,
                higher_is_better=True,
            ),
            SampleIndicator(
                "charity_income",
                "Income of local charities per head (£)",
                _log(95, 1.0, 2),
                unit="pounds",
                loading=0.72,
                higher_is_better=True,
                missing="zero",
                missing_share=0.015,
            ),
            SampleIndicator(
                "community_grants",
                "Lottery grants to local groups per head (£)",
                _log(7.5, 0.9, 2),
                unit="pounds",
                loading=0.7,
                higher_is_better=True,
            ),
            SampleIndicator(
                "volunteering",
                "Survey respondents who volunteer every month",
                _percent(22, 0.5),
                unit="percent",
                loading=0.84,
                higher_is_better=True,
                out_of="Survey respondents",
                shrunk=True,
                missing="lad_value",
                missing_share=0.015,
                marker="*",
            ),
            SampleIndicator(
                "neighbourhood_belonging",
                "People who feel that they belong to their neighbourhood (modelled, %)",
                _percent(61, 0.45, 2),
                unit="percent",
                loading=0.86,
                higher_is_better=True,
                standardisation="z_score",
            ),
            SampleIndicator(
                "neighbour_trust",
                "People who trust few or none of their neighbours (modelled, %)",
                _percent(23, 0.5, 2),
                unit="percent",
                loading=0.83,
            ),
            SampleIndicator(
                "parent_groups",
                "Parent and toddler groups per 1,000 children",
                _log(3.1, 0.6, 3),
                unit="organisations_per_1000",
                loading=0.75,
                higher_is_better=True,
            ),
            SampleIndicator(
                "club_members",
                "Survey respondents in a club or society",
                _percent(33, 0.45),
                unit="percent",
                loading=0.8,
                higher_is_better=True,
                out_of="Survey respondents",
                missing="lad_value",
                missing_share=0.012,
                marker="*",
            ),
            SampleIndicator(
                "consultation_replies",
                "Replies to local consultations per 1,000 people",
                _log(11, 0.5, 2),
                unit="events_per_1000",
                loading=0.77,
                higher_is_better=True,
            ),
        ),
        weighting="ml_one_factor",
        combination="sum",
    ),
}
