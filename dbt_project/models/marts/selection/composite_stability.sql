-- How sure it is that an area is chosen, in words and as the share of draws that choose it.
with classes as (

    {{ stability_ranges() }}

)

select
    draws.edition_id,
    draws.area_code,
    selection.area_name,
    selection.place_name,
    selection.lad_code,
    selection.lad_name,
    selection.region_name,
    selection.is_selected,
    draws.probability,
    classes.stability_class,
    draws.is_selected_recomputed,
    draws.draws,
    draws.seed
from {{ ref('int_composite_draws') }} as draws
inner join {{ ref('composite_selection') }} as selection
    on
        draws.edition_id = selection.edition_id
        and draws.area_code = selection.area_code
left join classes
    on
        draws.probability >= classes.least_probability
        and draws.probability < classes.below_probability
order by draws.edition_id, draws.area_code
