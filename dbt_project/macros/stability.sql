{# The least whole percent at which a rank is within the threshold: ceil(100 rank / N). It is the
   percentile of the rank, and threshold_rank read the other way round. In whole numbers, so that no
   rounded quotient comes out a hair above an edge. #}
{% macro listing_percent(rank, n) -%}
    ((100 * {{ rank }} + {{ n }} - 1) // {{ n }})
{%- endmacro %}
