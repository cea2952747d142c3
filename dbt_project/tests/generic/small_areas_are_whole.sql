{# Every small area of a population has a place, and no person is lost or counted twice. #}
{% test small_areas_are_whole(model) %}

with carried as (

    select
        area_type,
        part_type,
        population_source_id,
        count(*) as small_areas,
        sum(population) as people
    from {{ model }}
    group by area_type, part_type, population_source_id

),

counted as (

    select
        source_id,
        count(*) as small_areas,
        sum(population) as people
    from {{ ref('stg_populations') }}
    group by source_id

)

select carried.*
from carried
left join counted on carried.population_source_id = counted.source_id
where
    carried.small_areas is distinct from counted.small_areas
    or carried.people is distinct from counted.people

{% endtest %}
