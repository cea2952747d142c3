{#
  From ranks to lists, and from one list to another. Rank 1 = worst; n is the number of areas that
  were ranked. Ranks of different n are set against each other by their share of n.
#}

{# A threshold that is no fraction of whole numbers would be rounded without a word. #}
{% macro whole(expression, numerator, denominator) -%}
    case
        when typeof({{ numerator }}) in ('DOUBLE', 'FLOAT', 'VARCHAR')
            or typeof({{ denominator }}) in ('DOUBLE', 'FLOAT', 'VARCHAR')
            or typeof({{ numerator }}) like 'DECIMAL%' or typeof({{ denominator }}) like 'DECIMAL%'
            then error('a threshold is a fraction of whole numbers: 12.5% is 125, 1000')
        else {{ expression }}
    end
{%- endmacro %}

{% macro within(rank, n, numerator, denominator) -%}
    {{ whole(
        rank ~ ' <= (' ~ n ~ ' * ' ~ numerator ~ ') // ' ~ denominator, numerator, denominator
    ) }}
{%- endmacro %}

{% macro method_of_lists() %}
create or replace macro method.threshold_rank(n, numerator, denominator := 100) as
    {{ whole('(n * numerator) // denominator', 'numerator', 'denominator') }};

create or replace macro method.is_within(rank, n, numerator, denominator := 100) as
    {{ within('rank', 'n', 'numerator', 'denominator') }};

create or replace macro method.carried_score(statistic, part_score, part_population, part_code) as
    case
        when statistic = 'mean_score'
            then {{ mean_in_order('part_score', 'part_population', 'part_code') }}
        when statistic in ('own', 'worst_part') then max(part_score)
    end;

create or replace macro method.carried_mean_rank(
    statistic, part_rank, part_population, part_code
) as
    case
        when statistic = 'mean_rank'
            then {{ mean_in_order('part_rank', 'part_population', 'part_code') }}
    end;

create or replace macro method.carried_rank(statistic, part_rank) as
    case when statistic in ('own', 'worst_part') then min(part_rank) end;

create or replace macro method.rank_share(rank, n) as (rank / n::double);

create or replace macro method.ranks_moved(rank_from, n_from, rank_to, n_to) as
    cast(rank_to - round(rank_from * n_to / n_from::double) as bigint);

create or replace macro method.nearer_index(
    imd_ranks_to_threshold, imd_n, cni_ranks_to_threshold, cni_n
) as
    case
        when abs(imd_ranks_to_threshold) * cni_n < abs(cni_ranks_to_threshold) * imd_n then 'imd'
        when abs(imd_ranks_to_threshold) * cni_n > abs(cni_ranks_to_threshold) * imd_n then 'cni'
        else 'both'
    end;
{% endmacro %}
