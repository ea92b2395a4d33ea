{{ config(meta={'dagster': {'ref': {'name': 'genai_payg_usage_raw'}}}) }}

-- Two credentials of one account return the same usage, so two landed ones count every token twice. When an account got a
-- new credential under a new id, the landing files of the old one have to go for the days that both hold.
select
    x_org_slug,
    x_pipeline_id,
    x_genai_account_id,
    x_ingestion_date,
    min(x_credential_id) as first_credential,
    max(x_credential_id) as last_credential
from {{ ref('genai_payg_usage_raw') }}
where {{ in_window('x_ingestion_date') }}
group by x_org_slug, x_pipeline_id, x_genai_account_id, x_ingestion_date
having min(x_credential_id) != max(x_credential_id)
