select
    postcode,
    postcode_area,
    lsoa21_code,
    ended
from {{ ref('stg_postcodes') }}
order by postcode
