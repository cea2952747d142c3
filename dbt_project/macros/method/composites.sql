{#
  Composite editions: two scores standardised over all areas, added up by weights, and the highest
  taken, so many of each group, so many of each authority, so many in all. A higher composite is
  worse, and rank 1 = worst. Composites that are the same are taken in the order of their codes.
#}

{% macro standardised_score(index) -%}
    case candidates.standardisation
        when 'z_score'
            then
                (candidates.{{ index }}_score - moments.{{ index }}_mean)
                / nullif(moments.{{ index }}_deviation, 0)
        when 'min_max'
            then
                (candidates.{{ index }}_score - moments.{{ index }}_least)
                / nullif(moments.{{ index }}_most - moments.{{ index }}_least, 0)
        else error('a score is standardised by z_score or min_max')
    end
{%- endmacro %}

{# The common table expressions from `candidates` (edition_id, area_code, lad_code, group_code,
   is_excluded, imd_score, cni_score, and what the rule says: standardisation, imd_weight,
   cni_weight, most_in_group, most_in_authority, most_selected) to `chosen`. A limit that is NULL is
   none. The model and the what-if call the same text. #}
{% macro composite_ctes() -%}
    moments as (

        select
            edition_id,
            -- In the order of the areas, so that the last digits are the same on every run.
            list_avg(list(imd_score order by area_code)) as imd_mean,
            list_stddev_samp(list(imd_score order by area_code)) as imd_deviation,
            min(imd_score) as imd_least,
            max(imd_score) as imd_most,
            list_avg(list(cni_score order by area_code)) as cni_mean,
            list_stddev_samp(list(cni_score order by area_code)) as cni_deviation,
            min(cni_score) as cni_least,
            max(cni_score) as cni_most
        from candidates
        group by edition_id

    ),

    standardised as (

        select
            candidates.*,
            {{ standardised_score('imd') }} as imd_standardised,
            {{ standardised_score('cni') }} as cni_standardised
        from candidates
        inner join moments on candidates.edition_id = moments.edition_id

    ),

    composed as (

        select
            *,
            imd_weight * imd_standardised + cni_weight * cni_standardised as composite,
            {{ to_compare('imd_weight * imd_standardised + cni_weight * cni_standardised') }}
                as compared
        from standardised

    ),

    in_groups as (

        select
            *,
            case when imd_score is not null
                then rank() over (partition by edition_id order by {{ to_compare('imd_score') }} desc nulls last)
            end as imd_rank,
            case when cni_score is not null
                then rank() over (partition by edition_id order by {{ to_compare('cni_score') }} desc nulls last)
            end as cni_rank,
            case when composite is not null
                then rank() over (partition by edition_id order by compared desc nulls last)
            end as composite_rank,
            count(composite) over (partition by edition_id) as areas_ranked,
            case when composite is not null
                then row_number() over (
                    partition by edition_id, group_code order by compared desc nulls last, area_code
                )
            end as place_in_group
        from composed

    ),

    first_of_groups as (

        select
            *,
            composite is not null
            and not is_excluded
            and (
                most_in_group is null
                or (group_code is not null and place_in_group <= most_in_group)
            ) as is_within_group
        from in_groups

    ),

    first_of_authorities as (

        select
            *,
            case when is_within_group
                then row_number() over (
                    partition by edition_id, lad_code, is_within_group
                    order by compared desc, area_code
                )
            end as place_in_authority
        from first_of_groups

    ),

    in_line as (

        select
            *,
            is_within_group
            and (most_in_authority is null or place_in_authority <= most_in_authority)
                as is_in_line
        from first_of_authorities

    ),

    placed as (

        select
            *,
            case when is_in_line
                then row_number() over (
                    partition by edition_id, is_in_line order by compared desc, area_code
                )
            end as place_in_line
        from in_line

    ),

    chosen as (

        select
            *,
            is_in_line and (most_selected is null or place_in_line <= most_selected)
                as is_selected
        from placed

    )
{%- endmacro %}
