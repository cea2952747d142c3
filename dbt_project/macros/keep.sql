{# A table is kept from one build to the next where it would be made of the same: the same compiled
   SQL and contract, parents that hold the same, the same formulas and libraries. What it holds is
   hashed again before it is kept, so a table that somebody edited is made anew. A table that is made
   anew and holds what it held before stops the wave there: for its children nothing has changed.
   The bookkeeping (schema meta) is explained in orchestration/build/making.py. #}

{% macro parts_read() %}
    {% set parts = [] %}
    {% for unique_id in model.depends_on.nodes %}
        {% set node = graph.nodes.get(unique_id) or graph.sources.get(unique_id) %}
        {% do parts.append("'" ~ node.schema ~ "." ~ node.name ~ "'") %}
    {% endfor %}
    {{ return("[" ~ parts | join(", ") ~ "]::varchar[]") }}
{% endmacro %}

{# What a node is made of, as an expression: NULL where a parent has no version. #}
{% macro made_of(stated) %}
    {{ return(
        "meta.made_of('" ~ local_md5(tojson(stated, sort_keys=True)) ~ "', '"
        ~ (model.language or "sql") ~ "', " ~ parts_read() ~ ")"
    ) }}
{% endmacro %}

{% macro table_made_of() %}
    {# As a list: a contract takes the columns of a table in the order in which the yml has them. #}
    {{ return(made_of([
        compiled_code, model.description, model.columns.values() | list, model.constraints,
        model.config.contract
    ])) }}
{% endmacro %}

{# Notes what a seed, view or table is, in the transaction that made it. #}
{% macro note_part() %}
    {% set part = "'" ~ this.schema ~ "." ~ this.identifier ~ "'" %}
    {% if model.config.materialized == "view" %}
        {# A view holds nothing. #}
        {% set made = "coalesce(" ~ made_of([compiled_code]) ~ ", uuid()::varchar)" %}
        {% set version = made %}
    {% else %}
        {% set made = table_made_of() if model.config.materialized == "table" else "null" %}
        {% set version = "meta.version_of(" ~ part ~ ")" %}
    {% endif %}
    {{ return(
        "delete from meta.part where part = " ~ part
        ~ "; insert into meta.part select " ~ part ~ ", " ~ version ~ ", code_version, " ~ made
        ~ ", false, (select form from meta.form() as now where now.part = " ~ part
        ~ ") from meta.making"
        ~ "; delete from meta.reading where reader = " ~ part
        ~ "; insert into meta.reading select " ~ part ~ ", part, version from meta.part "
        ~ "where list_contains(" ~ parts_read() ~ ", part)"
    ) }}
{% endmacro %}

{% macro is_kept() %}
    {% set part = "'" ~ this.schema ~ "." ~ this.identifier ~ "'" %}
    {% set noted = run_query(
        "select version from meta.part where part = " ~ part
        ~ " and made_of = " ~ table_made_of() ~ " and (select keeps from meta.making)"
    ) %}
    {% if noted.rows | length == 0 %}
        {{ return(false) }}
    {% endif %}
    {% set held = run_query("select meta.version_of(" ~ part ~ ")") %}
    {{ return(noted.rows[0][0] == held.rows[0][0]) }}
{% endmacro %}

{% materialization table, adapter="duckdb", supported_languages=["sql", "python"] %}
    {% set existing = load_cached_relation(this) %}
    {% set target = this.incorporate(type="table") %}
    {% if existing is not none and existing.is_table and is_kept() %}
        {% call statement("main") %}
            update meta.part
            set code_version = (select code_version from meta.making), is_kept = true
            where part = '{{ this.schema }}.{{ this.identifier }}'
        {% endcall %}
    {% else %}
        {% set incoming = make_intermediate_relation(target) %}
        {% call statement("main", language=model.language) %}
            {{- create_table_as(false, incoming, compiled_code, model.language) }}
        {% endcall %}
        {% if existing is not none %}
            {% do adapter.drop_relation(existing) %}
        {% endif %}
        {% do adapter.rename_relation(incoming, target) %}
        {% do persist_docs(target, model) %}
        {{ run_hooks(post_hooks, inside_transaction=true) }}
    {% endif %}
    {{ adapter.commit() }}
    {{ return({"relations": [target]}) }}
{% endmaterialization %}

{# A test that passed on the same is not run again. #}
{% materialization test, adapter="duckdb" %}
    {# As orchestration/defs/dbt_models.py notes it, which has the verdict. #}
    {% set stated = [
        compiled_code, config.get("limit"), config.get("fail_calc"), config.get("warn_if"),
        config.get("error_if")
    ] %}
    {% set passed = run_query(
        "select 1 from meta.part inner join meta.guard_result as verdict "
        ~ "on verdict.guard = 'dbt_tests' and part.part = 'test ' || verdict.expectation "
        ~ "where verdict.expectation = '" ~ model.name ~ "' and verdict.passed "
        ~ "and part.made_of = " ~ made_of(stated) ~ " and (select keeps from meta.making)"
    ) %}
    {% set failing %}{{ get_limit_subquery_sql(sql, config.get("limit")) }}{% endset %}
    {% call statement("main", fetch_result=true) %}
        {% if passed.rows | length %}
            select 0 as failures, false as should_warn, false as should_error
        {% else %}
            {{ get_test_sql(
                failing, config.get("fail_calc"), config.get("warn_if"), config.get("error_if"), none
            ) }}
        {% endif %}
    {% endcall %}
    {{ return({"relations": []}) }}
{% endmaterialization %}
