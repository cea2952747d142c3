"""Doggerland put together: one object with everything that the files are written from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.sample.country import (
    geographies,
    geography,
    lineage,
    output_areas,
    register,
    shapes,
    society,
)
from orchestration.sample.country.geography import Floats, Ints
from orchestration.sample.publisher import deprivation, need

OUTSIDE_CNI = 2  # wards of the lookup that the CNI leaves out: the last two of the island


@dataclass(frozen=True)
class World:
    """The finished country. Arrays follow the order of `areas`."""

    country: geography.Country
    lineage: lineage.Lineage
    areas: register.Register
    geographies: geographies.Geographies
    small_wards: shapes.SmallWards
    ward_of_lsoa11: Ints
    output_areas: output_areas.OutputAreas
    cni_wards: Ints  # ward numbers in the order of `needs_2019`; the small wards come last
    imd_2015: deprivation.Indices
    imd_2019: deprivation.Indices
    imd_2025: deprivation.Indices
    needs_2019: need.CommunityNeeds
    needs_2023: need.CommunityNeeds
    left_behind_2019: need.Flags
    left_behind_2023: need.Flags
    population_2019: Floats

    @property
    def ward_district(self) -> Ints:
        """2017 district of each ward, the small wards included."""
        hosts = self.country.ward[self.small_wards.host]
        return np.append(self.country.ward_district, self.country.ward_district[hosts])


def build_world(seed: int) -> World:
    """Build the country; one generator, drawn from in a fixed order, so a seed is a country."""
    rng = np.random.default_rng(seed)
    country = geography.build_country(rng)
    changes = lineage.trace_back(rng, country)
    small_wards = shapes.cut_small_wards(rng, country, changes)
    people = society.populate(rng, country)

    areas = register.register_areas(country, changes, small_wards)

    district_2019 = areas.group(2019)[country.msoa_district[changes.lsoa11_msoa]]
    district_2024 = areas.group(2024)[country.district]
    imd_2015 = deprivation.indices_2015(rng, people, changes, district_2019)
    imd_2019 = deprivation.indices_2019(rng, people, changes, district_2019)
    imd_2025 = deprivation.indices_2025(rng, people, district_2024)

    ward_of_lsoa11 = changes.ward_of_lsoa11(country, people.population)
    with_lsoa = np.arange(geography.WARDS_WITH_LSOA - OUTSIDE_CNI)
    small = geography.WARDS_WITH_LSOA + np.arange(len(small_wards.host))
    homes = np.append(with_lsoa, country.ward[small_wards.host])
    needs_2019 = need.ward_needs(
        rng,
        people,
        country,
        with_lsoa,
        small_wards.host,
        areas.group(2019)[country.ward_district[homes]],
    )
    needs_2023 = need.lsoa_needs(rng, people, district_2024)
    population_2019 = deprivation.population(rng, people, changes, 1.0)
    population_2011 = deprivation.population(rng, people, changes, 0.94)
    pieces = output_areas.divide(
        rng, country, changes, small_wards, ward_of_lsoa11, population_2011
    )
    cni_wards = np.append(with_lsoa, small)
    carried = pieces.carried(imd_2019.score["imd"].round(3), ward_of_lsoa11, len(areas.ward17))
    return World(
        country=country,
        lineage=changes,
        areas=areas,
        geographies=geographies.draw_up(country, areas),
        small_wards=small_wards,
        ward_of_lsoa11=ward_of_lsoa11,
        output_areas=pieces,
        cni_wards=cni_wards,
        imd_2015=imd_2015,
        imd_2019=imd_2019,
        imd_2025=imd_2025,
        needs_2019=needs_2019,
        needs_2023=needs_2023,
        left_behind_2019=need.published_wards(needs_2019, carried, cni_wards),
        left_behind_2023=need.lsoa_list(needs_2023, imd_2019, changes),
        population_2019=population_2019,
    )
