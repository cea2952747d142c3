{# What reconciliation and edition_change say of ranks, in words. Rank 1 = worst. #}

{# 'places' and 'place': a number of something, with thousands separated. #}
{% macro counted(number, noun) -%}
    format('{:,}', {{ number }}) || ' {{ noun }}' || case when {{ number }} = 1 then '' else 's' end
{%- endmacro %}

{# '755 of 7,427 (13 places beyond the threshold of 742)'; the threshold is its last rank. #}
{% macro rank_in_words(rank, n, ranks_to_threshold) -%}
    case
        when {{ rank }} is null then 'none'
        else format('{:,} of {:,}', {{ rank }}, {{ n }}) || ' ('
            || case
                when {{ ranks_to_threshold }} > 0
                    then {{ counted(ranks_to_threshold, 'place') }} || ' beyond'
                when {{ ranks_to_threshold }} < 0
                    then {{ counted('-' ~ ranks_to_threshold, 'place') }} || ' inside'
                else 'the last place inside'
            end
            || format(' the threshold of {:,})', {{ rank }} - {{ ranks_to_threshold }})
    end
{%- endmacro %}
