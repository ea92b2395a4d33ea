-- AllocatedRatio as it is delivered, over all rows of one charge that was split.
select
    x_OriginChargeId,
    sum(cast({{ focus_json_number('AllocatedMethodDetails', 'AllocatedRatio') }} as {{ type_ratio() }})) as ratios,
    count(*) as part_count
from {{ ref('cost_data_standard_1_3_allocated') }}
where AllocatedMethodId is not null and {{ in_window('x_IngestionDate') }}
group by x_OriginChargeId
having
    sum(cast({{ focus_json_number('AllocatedMethodDetails', 'AllocatedRatio') }} as {{ type_ratio() }})) != 1
    or count({{ focus_json_number('AllocatedMethodDetails', 'AllocatedRatio') }}) != count(*)
