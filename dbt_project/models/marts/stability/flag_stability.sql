-- How sure each rated area's flag is, in words and as the share of draws that list it.
with classes as (

    {{ stability_ranges() }}

)

select
    draws.edition_id,
    draws.area_code,
    lists.area_name,
    lists.lad_code,
    lists.lad_name,
    lists.region_name,
    lists.is_doubly_disadvantaged,
    draws.probability,
    classes.stability_class,
    classes.least_probability as class_least_probability,
    draws.probability_imd,
    draws.probability_cni,
    draws.is_listed_recomputed,
    draws.varied,
    draws.draws,
    draws.seed,
    draws.input_sha256
from {{ ref('int_stability_draws') }} as draws
inner join {{ ref('double_disadvantage') }} as lists
    on
        draws.edition_id = lists.edition_id
        and draws.area_code = lists.area_code
left join classes
    on
        draws.probability >= classes.least_probability
        and draws.probability < classes.below_probability
order by draws.edition_id, draws.area_code
