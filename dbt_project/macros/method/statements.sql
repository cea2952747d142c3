{#
  The formulas of the method as DuckDB macros in the schema `method`: the one text that models,
  guards, commands, exports and analysts call. It runs when a build database is made (the raw guards
  need it), when dbt starts (on-run-start), and in every release.

  What each macro means, with formula, source and an example, is in the seed `formulas`; a test holds
  the two together and runs the examples. Rules of these files, each found out the hard way:

  - A macro calls no other one of ours: attached under another name, it would not find it. What they
    share is Jinja text, written once and inlined.
  - Parameters have no types, since typed ones need a newer storage version than releases have.
    So a threshold is an exact fraction, and what is no whole number is refused.
  - A macro with an aggregate takes no OVER; those that rank have their window inside.
  - Plain Jinja, nothing of dbt: Python renders the same text (orchestration/build/method.py).
#}
{% macro method_statements() -%}
    create schema if not exists method;
    {{ method_of_scores() }}
    {{ method_of_indicators() }}
    {{ method_of_lists() }}
    {{ method_of_summaries() }}
    {{ method_of_outcomes() }}
{%- endmacro %}
