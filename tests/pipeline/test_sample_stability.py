"""What a release says of other thresholds and of how sure each flag is."""

from __future__ import annotations

import csv
from typing import Any

from orchestration.settings import DBT_PROJECT
from tests.support.site import Site


def rows(site: Site, query: str) -> list[Any]:
    with site.warehouse() as warehouse:
        return warehouse.execute(query).fetchall()


def seed(name: str) -> list[dict[str, str]]:
    with (DBT_PROJECT / "seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_edition_has_every_threshold_of_either_and_both_indices(sample: Site) -> None:
    found = rows(
        sample,
        """
        select carry_rule, varied_index, list(threshold_percent order by threshold_percent)
        from marts.threshold_sensitivity inner join marts.dim_edition using (edition_id)
        group by edition_id, carry_rule, varied_index
        """,
    )
    rules = {row["carry_rule"]: row for row in seed("stability_rules")}
    assert len(found) == 4 * 3
    for carry_rule, _, percents in found:
        least, most = (int(rules[carry_rule][f"{end}_percent"]) for end in ("least", "most"))
        assert percents == list(range(least, most + 1))


def test_membership_gives_the_areas_and_the_people_at_every_threshold(sample: Site) -> None:
    found = rows(
        sample,
        """
        with members as (
            select edition_id, area_code, varied_index, from_percent
            from marts.threshold_membership unpivot (
                from_percent for varied_index in (
                    listed_from_percent_both as 'both',
                    listed_from_percent_imd as 'imd',
                    listed_from_percent_cni as 'cni'
                )
            )
        ),
        counted as (
            select
                edition_id, varied_index, threshold_percent,
                count(*) as areas_listed,
                count(*) filter (lists.is_doubly_disadvantaged) as areas_in_common,
                sum(lists.population) as population
            from marts.threshold_sensitivity as thresholds
            inner join members using (edition_id, varied_index)
            inner join marts.double_disadvantage as lists using (edition_id, area_code)
            where members.from_percent <= threshold_percent
            group by all
        )
        select count(*), count(counted.areas_listed), count(*) filter (
            thresholds.areas_listed <> coalesce(counted.areas_listed, 0)
            or thresholds.areas_in_common <> coalesce(counted.areas_in_common, 0)
            or thresholds.population <> coalesce(counted.population, 0)
        )
        from marts.threshold_sensitivity as thresholds
        left join counted using (edition_id, varied_index, threshold_percent)
        """,
    )
    ((thresholds, with_areas, that_differ),) = found
    assert thresholds == 360
    assert with_areas > 300
    assert that_differ == 0


def test_every_rated_area_has_a_probability_and_its_class(sample: Site) -> None:
    found = rows(
        sample,
        """
        select
            lists.not_rated_reason is null, flags.probability, flags.stability_class,
            flags.class_least_probability, flags.draws, editions.carry_rule
        from marts.double_disadvantage as lists
        left join marts.flag_stability as flags using (edition_id, area_code)
        inner join marts.dim_edition as editions using (edition_id)
        """,
    )
    classes = sorted(
        (
            (float(row["least_probability"]), row["stability_class"])
            for row in seed("stability_classes")
        ),
        reverse=True,
    )
    draws = {row["carry_rule"]: int(row["draws"]) for row in seed("stability_rules")}
    for is_rated, probability, name, least, drawn, carry_rule in found:
        assert is_rated == (probability is not None)
        if is_rated:
            assert (least, name) == next(known for known in classes if probability >= known[0])
            assert drawn == draws[carry_rule]
    assert {name for _, _, name, *_ in found} == {name for _, name in classes} | {None}


def test_with_nothing_varied_every_list_is_the_editions_own(sample: Site) -> None:
    found = rows(
        sample,
        """
        select edition_id, count(*) filter (is_listed_recomputed),
            count(*) filter (is_listed_recomputed <> is_doubly_disadvantaged)
        from marts.flag_stability group by 1 order by 1
        """,
    )
    assert found == [
        ("lsoa21_imd2019_cni2023", 94, 0),
        ("lsoa21_imd2025_cni2023", 92, 0),
        ("ward17_imd2015_cni2019", 24, 0),
        ("ward17_imd2019_cni2019", 23, 0),
    ]


def test_each_edition_says_its_seed_and_the_hash_of_its_inputs(sample: Site) -> None:
    found = rows(
        sample,
        "select edition_id, count(distinct (seed, draws, varied)), count(distinct input_sha256), "
        "min(length(input_sha256)) from marts.flag_stability group by 1",
    )
    assert [row[1:] for row in found] == [(1, 1, 64)] * 4
    hashes = rows(sample, "select count(distinct input_sha256) from marts.flag_stability")
    assert hashes == [(4,)]
