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

{% macro weighted_scores() -%}
    standardised.imd_weight * imd_standardised + standardised.cni_weight * cni_standardised
{%- endmacro %}

{# The common table expressions from `candidates` (edition_id, area_code, lad_code, group_code,
   is_excluded, imd_score, cni_score, and what the rule says: standardisation, imd_weight,
   cni_weight, most_in_group, most_in_authority, most_selected) to `chosen`. A limit that is NULL is
   none. The model and method.composite_list call the same text: what bears the name of one of the
   macro's parameters is qualified, or it would be taken for it. #}
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
            {{ weighted_scores() }} as composite,
            {{ to_compare(weighted_scores()) }} as compared
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
                in_groups.most_in_group is null
                or (group_code is not null and place_in_group <= in_groups.most_in_group)
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
            and (
                first_of_authorities.most_in_authority is null
                or place_in_authority <= first_of_authorities.most_in_authority
            ) as is_in_line
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
            is_in_line
            and (placed.most_selected is null or place_in_line <= placed.most_selected)
                as is_selected
        from placed

    )
{%- endmacro %}

{# From `named`, which is `chosen` with area_name, place_name, lad_name, group_name and excluded_by,
   to `explained`: why an area is chosen or not, and by how much. The same two call it. #}
{% macro selection_reason_ctes() -%}
    -- Whom the rule takes last, in each group and in all: what others fall short of.
    last_of_groups as (

        select
            edition_id,
            group_code,
            area_code,
            coalesce(place_name, area_name) as area_name,
            composite
        from named
        where place_in_group = named.most_in_group

    ),

    last_of_all as (

        select
            edition_id,
            min(composite) as composite
        from named
        where is_selected
        group by edition_id

    ),

    judged as (

        select
            named.*,
            case
                when named.is_selected then 'selected'
                when named.composite is null then 'not rated'
                when named.is_excluded then 'excluded'
                when named.place_in_group > named.most_in_group then 'behind in its group'
                when named.place_in_authority > named.most_in_authority
                    then 'beyond the number of its authority'
                when named.place_in_line > named.most_selected then 'beyond the number'
                else 'in no group'
            end as selection_reason,
            ahead.area_code as last_of_group_code,
            ahead.area_name as last_of_group_name,
            ahead.composite - named.composite as short_of_group,
            last_of_all.composite - named.composite as short_of_all
        from named
        left join last_of_groups as ahead
            on
                named.edition_id = ahead.edition_id
                and named.group_code = ahead.group_code
                and named.place_in_group > named.most_in_group
        left join last_of_all on named.edition_id = last_of_all.edition_id

    ),

    explained as (

        select
            *,
            case when selection_reason = 'behind in its group' then last_of_group_code end
                as ahead_code,
            case selection_reason
                when 'behind in its group' then short_of_group
                when 'beyond the number' then short_of_all
            end as composite_short,
            case selection_reason
                when 'selected'
                    then
                        coalesce(
                            'Place ' || place_in_group || ' in ' || group_name || ', and p', 'P'
                        )
                        || format('lace {:,} ', place_in_line)
                        || coalesce(
                            format('of the {:,} that are taken', judged.most_selected), 'in line'
                        )
                        || format('; composite {:.3f}, rank {:,}', composite, composite_rank)
                        || format(' of {:,}.', areas_ranked)
                when 'not rated'
                    then
                        'Without ' || case
                            when imd_score is null and cni_score is null then 'IMD and CNI'
                            when imd_score is null then 'IMD'
                            else 'CNI'
                        end || ' in its parts.'
                when 'excluded'
                    then group_name || ' holds ' || excluded_by || ', so none is taken there.'
                when 'behind in its group'
                    then
                        format('Place {:,} in ', place_in_group) || group_name || format(
                            ': {} ({}) is ahead by {:.3f}.',
                            last_of_group_name, last_of_group_code, short_of_group
                        )
                when 'beyond the number of its authority'
                    then
                        format('Place {:,} of those of ', place_in_authority) || lad_name
                        || format(', of which {:,} can be taken.', judged.most_in_authority)
                when 'beyond the number'
                    then
                        coalesce(
                            'Place ' || place_in_group || ' in ' || group_name || ', and p', 'P'
                        )
                        || format('lace {:,} in line', place_in_line)
                        || format(': {:,} are taken, and it is ', judged.most_selected)
                        || format('short by {:.3f}.', short_of_all)
                else 'It lies in no group that it could be taken of.'
            end as reason_text
        from judged

    )
{%- endmacro %}
