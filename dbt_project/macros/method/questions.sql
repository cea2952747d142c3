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
{% endmacro %}
