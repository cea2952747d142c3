{#
  Formulas that give rows of the marts. They are made when the marts are there, in a release; whoever
  attaches one under another name says USE first.
#}
{% macro method_questions() %}
create or replace macro method.edition_list(
    edition,
    imd_numerator := null,
    imd_denominator := 100,
    cni_numerator := null,
    cni_denominator := 100
) as table
    select areas.*
    from marts.double_disadvantage as areas
    inner join marts.dim_edition as editions on areas.edition_id = editions.edition_id
    where
        areas.edition_id = edition
        and {{ within('areas.imd_rank', 'areas.imd_areas_ranked',
            'coalesce(imd_numerator, editions.imd_threshold_percent)', 'imd_denominator') }}
        and {{ within('areas.cni_rank', 'areas.cni_areas_ranked',
            'coalesce(cni_numerator, editions.cni_threshold_percent)', 'cni_denominator') }}
    order by areas.imd_rank, areas.area_code;

create or replace macro method.edition_indicator(edition) as table
    select
        places.edition_id,
        places.area_code,
        places.part_code,
        places.part_population,
        definitions.domain,
        definitions.indicator_label,
        indicators.*
    from (
        select
            editions.edition_id,
            areas.area_code,
            coalesce(parts.part_code, areas.area_code) as part_code,
            parts.part_population,
            editions.imd_release as index_release
        from marts.dim_edition as editions
        inner join marts.double_disadvantage as areas on editions.edition_id = areas.edition_id
        left join marts.imd_carry as parts
            on areas.edition_id = parts.edition_id and areas.area_code = parts.area_code
        union all
        select
            editions.edition_id,
            areas.area_code,
            areas.area_code as part_code,
            null as part_population,
            editions.cni_release as index_release
        from marts.dim_edition as editions
        inner join marts.double_disadvantage as areas on editions.edition_id = areas.edition_id
    ) as places
    inner join marts.fct_indicator as indicators
        on
            places.index_release = indicators.index_release
            and places.part_code = indicators.area_code
    inner join marts.dim_indicator as definitions
        on
            indicators.index_release = definitions.index_release
            and indicators.indicator = definitions.indicator
    where places.edition_id = edition;

create or replace macro method.composite_list(
    edition,
    imd_edition := null,
    imd_weight := null,
    cni_weight := null,
    standardisation := null,
    most_in_group := null,
    most_in_authority := null,
    most_selected := null,
    with_exclusions := true
) as table
    with candidates as (

        select
            areas.edition_id,
            areas.area_code,
            areas.area_name,
            areas.place_name,
            areas.lad_code,
            areas.lad_name,
            areas.region_name,
            areas.population,
            areas.group_code,
            areas.group_name,
            areas.excluded_by,
            areas.is_excluded and with_exclusions as is_excluded,
            scored.imd_score,
            areas.cni_score,
            coalesce(standardisation, editions.standardisation) as standardisation,
            coalesce(imd_weight, editions.imd_weight) as imd_weight,
            coalesce(cni_weight, editions.cni_weight) as cni_weight,
            -- 0 = no limit.
            nullif(coalesce(most_in_group, editions.most_in_group), 0) as most_in_group,
            nullif(coalesce(most_in_authority, editions.most_in_authority), 0)
                as most_in_authority,
            nullif(coalesce(most_selected, editions.most_selected), 0) as most_selected
        from marts.composite_selection as areas
        inner join marts.dim_composite_edition as editions
            on areas.edition_id = editions.edition_id
        left join marts.composite_selection as scored
            on
                scored.edition_id = coalesce(imd_edition, edition)
                and areas.area_code = scored.area_code
        where areas.edition_id = edition

    ),

    {{ composite_ctes() }},

    named as (select * from chosen),

    {{ selection_reason_ctes() }}

    select
        explained.edition_id,
        explained.area_code,
        explained.area_name,
        explained.place_name,
        explained.lad_code,
        explained.lad_name,
        explained.region_name,
        explained.population,
        explained.imd_score,
        explained.imd_rank,
        explained.imd_standardised,
        explained.cni_score,
        explained.cni_rank,
        explained.cni_standardised,
        explained.composite,
        explained.composite_rank,
        explained.areas_ranked,
        explained.group_code,
        explained.group_name,
        explained.place_in_group,
        explained.is_excluded,
        explained.place_in_authority,
        explained.place_in_line,
        explained.is_selected,
        explained.selection_reason,
        explained.ahead_code,
        explained.composite_short,
        explained.reason_text
    from explained
    order by explained.composite desc nulls last, explained.area_code;
{% endmacro %}
