select
    formula_name,
    parameters,
    kind,
    formula,
    description,
    source,
    example,
    example_result
from {{ ref('formulas') }}
order by formula_name
