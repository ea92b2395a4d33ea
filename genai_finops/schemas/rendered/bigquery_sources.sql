-- Rendered from genai_finops/schemas by `make schemas`. Change the tables there, not this file.
create or replace external table `${PROJECT}.genai_finops_landing.genai_payg_usage_raw` (
    provider string,
    usage_date date,
    period_start timestamp,
    period_end timestamp,
    sub_account_id string,
    sub_account_name string,
    sub_account_type string,
    resource_id string,
    resource_name string,
    resource_type string,
    api_key_id string,
    provider_model_id string,
    region_id string,
    geography string,
    service_tier string,
    provider_service_tier string,
    context_band string,
    context_tokens_above int64,
    context_tokens_up_to int64,
    variant string,
    metering_source string,
    meter string,
    quantity numeric,
    consumed_unit string,
    x_raw_page string,
    x_org_slug string,
    x_pipeline_id string,
    x_credential_id string,
    x_pipeline_run_date date,
    x_run_id string,
    x_ingested_at timestamp,
    x_ingestion_date date,
    x_genai_provider string,
    x_genai_account_id string
)
with partition columns (day date)
options (format = 'parquet', uris = ['${LAKE_URL}/landing/genai_payg_usage_raw/*'], hive_partition_uri_prefix = '${LAKE_URL}/landing/genai_payg_usage_raw', decimal_target_types = ['NUMERIC', 'BIGNUMERIC']);

create or replace external table `${PROJECT}.genai_finops_landing.genai_commitment_usage_raw` (
    provider string,
    usage_date date,
    period_start timestamp,
    period_end timestamp,
    sub_account_id string,
    sub_account_name string,
    sub_account_type string,
    resource_id string,
    resource_name string,
    resource_type string,
    api_key_id string,
    provider_model_id string,
    region_id string,
    geography string,
    service_tier string,
    provider_service_tier string,
    context_band string,
    context_tokens_above int64,
    context_tokens_up_to int64,
    variant string,
    metering_source string,
    meter string,
    quantity numeric,
    consumed_unit string,
    x_raw_page string,
    x_org_slug string,
    x_pipeline_id string,
    x_credential_id string,
    x_pipeline_run_date date,
    x_run_id string,
    x_ingested_at timestamp,
    x_ingestion_date date,
    x_genai_provider string,
    x_genai_account_id string
)
with partition columns (day date)
options (format = 'parquet', uris = ['${LAKE_URL}/landing/genai_commitment_usage_raw/*'], hive_partition_uri_prefix = '${LAKE_URL}/landing/genai_commitment_usage_raw', decimal_target_types = ['NUMERIC', 'BIGNUMERIC']);

create or replace external table `${PROJECT}.genai_finops_landing.genai_infrastructure_usage_raw` (
    provider string,
    usage_date date,
    period_start timestamp,
    period_end timestamp,
    sub_account_id string,
    sub_account_name string,
    sub_account_type string,
    resource_id string,
    resource_name string,
    resource_type string,
    api_key_id string,
    provider_model_id string,
    region_id string,
    geography string,
    service_tier string,
    provider_service_tier string,
    context_band string,
    context_tokens_above int64,
    context_tokens_up_to int64,
    variant string,
    metering_source string,
    meter string,
    quantity numeric,
    consumed_unit string,
    x_raw_page string,
    x_org_slug string,
    x_pipeline_id string,
    x_credential_id string,
    x_pipeline_run_date date,
    x_run_id string,
    x_ingested_at timestamp,
    x_ingestion_date date,
    x_genai_provider string,
    x_genai_account_id string
)
with partition columns (day date)
options (format = 'parquet', uris = ['${LAKE_URL}/landing/genai_infrastructure_usage_raw/*'], hive_partition_uri_prefix = '${LAKE_URL}/landing/genai_infrastructure_usage_raw', decimal_target_types = ['NUMERIC', 'BIGNUMERIC']);

create or replace external table `${PROJECT}.genai_finops_landing.genai_usage_events_raw_landed` (
    source_id string,
    event_id string,
    request_id string,
    started_at timestamp,
    ended_at timestamp,
    usage_date date,
    provider string,
    sub_account_id string,
    resource_id string,
    api_key_id string,
    provider_model_id string,
    service_tier string,
    region_id string,
    geography string,
    operation string,
    status string,
    is_cache_hit bool,
    uncached_input int64,
    uncached_input_audio int64,
    uncached_input_image int64,
    uncached_input_video int64,
    cache_read int64,
    cache_read_audio int64,
    cache_write int64,
    cache_write_5m int64,
    cache_write_1h int64,
    output int64,
    output_audio int64,
    output_image int64,
    output_reasoning int64,
    embedding_input int64,
    image int64,
    character int64,
    web_search int64,
    tenant_id string,
    user_id string,
    task string,
    conversation_id string,
    tags string,
    reported_cost bignumeric,
    reported_currency string,
    log_file string,
    log_line int64,
    x_org_slug string,
    x_pipeline_id string,
    x_credential_id string,
    x_pipeline_run_date date,
    x_run_id string,
    x_ingested_at timestamp,
    x_ingestion_date date,
    x_genai_provider string,
    x_genai_account_id string
)
with partition columns (day date)
options (format = 'parquet', uris = ['${LAKE_URL}/landing/genai_usage_events_raw/*'], hive_partition_uri_prefix = '${LAKE_URL}/landing/genai_usage_events_raw', decimal_target_types = ['NUMERIC', 'BIGNUMERIC']);

create or replace external table `${PROJECT}.genai_finops_landing.genai_usage_events_raw_archived` (
    source_id string,
    event_id string,
    request_id string,
    started_at timestamp,
    ended_at timestamp,
    usage_date date,
    provider string,
    sub_account_id string,
    resource_id string,
    api_key_id string,
    provider_model_id string,
    service_tier string,
    region_id string,
    geography string,
    operation string,
    status string,
    is_cache_hit bool,
    uncached_input int64,
    uncached_input_audio int64,
    uncached_input_image int64,
    uncached_input_video int64,
    cache_read int64,
    cache_read_audio int64,
    cache_write int64,
    cache_write_5m int64,
    cache_write_1h int64,
    output int64,
    output_audio int64,
    output_image int64,
    output_reasoning int64,
    embedding_input int64,
    image int64,
    character int64,
    web_search int64,
    tenant_id string,
    user_id string,
    task string,
    conversation_id string,
    tags string,
    reported_cost bignumeric,
    reported_currency string,
    log_file string,
    log_line int64,
    x_org_slug string,
    x_pipeline_id string,
    x_credential_id string,
    x_pipeline_run_date date,
    x_run_id string,
    x_ingested_at timestamp,
    x_ingestion_date date,
    x_genai_provider string,
    x_genai_account_id string
)
with partition columns (day date)
options (format = 'parquet', uris = ['${LAKE_URL}/archive/genai_usage_events_raw/*'], hive_partition_uri_prefix = '${LAKE_URL}/archive/genai_usage_events_raw', decimal_target_types = ['NUMERIC', 'BIGNUMERIC']);

create or replace view `${PROJECT}.genai_finops_landing.genai_usage_events_raw` as
select * from `${PROJECT}.genai_finops_landing.genai_usage_events_raw_landed`
union all
select * from `${PROJECT}.genai_finops_landing.genai_usage_events_raw_archived`;

create or replace external table `${PROJECT}.genai_finops_reference.genai_providers` (
    provider string,
    provider_code string,
    service_provider_name string,
    host_provider_name string,
    invoice_issuer_name string,
    provider_name string,
    publisher_name string,
    service_name string,
    service_category string,
    service_subcategory string,
    infrastructure_service_name string,
    infrastructure_service_category string,
    infrastructure_service_subcategory string,
    billing_account_type string,
    currency string
)
options (format = 'parquet', uris = ['${LAKE_URL}/reference/genai_providers.parquet'], decimal_target_types = ['NUMERIC', 'BIGNUMERIC']);

create or replace external table `${PROJECT}.genai_finops_reference.genai_meters` (
    meter string,
    kind string,
    sku_meter string,
    consumed_unit string,
    pricing_unit string,
    pricing_block int64,
    per_block numeric,
    is_billable bool,
    token_direction string,
    token_cache_action string,
    modality string,
    priced_as_meter string,
    bounding_meter string,
    estimate_reason string
)
options (format = 'parquet', uris = ['${LAKE_URL}/reference/genai_meters.parquet'], decimal_target_types = ['NUMERIC', 'BIGNUMERIC']);

create or replace external table `${PROJECT}.genai_finops_reference.genai_commitments` (
    x_org_slug string,
    provider string,
    commitment_id string,
    account_id string,
    x_credential_id string,
    contract_id string,
    commitment_name string,
    commitment_type string,
    meter string,
    scope string,
    applies_to string,
    resource_id string,
    provider_model_id string,
    region_id string,
    quantity numeric,
    term string,
    starts_at timestamp,
    ends_at timestamp,
    ended_at timestamp,
    payment string,
    upfront_share numeric,
    agreed_unit_price bignumeric,
    agreed_price_period string,
    currency string,
    is_renewed bool,
    first_observed_at timestamp,
    last_observed_at timestamp
)
options (format = 'parquet', uris = ['${LAKE_URL}/reference/genai_commitments.parquet'], decimal_target_types = ['NUMERIC', 'BIGNUMERIC']);

create or replace external table `${PROJECT}.genai_finops_reference.genai_capacity_throughput` (
    provider string,
    meter string,
    scope string,
    model_id string,
    x_org_slug string,
    commitment_id string,
    token_meter string,
    context_tokens_above int64,
    context_tokens_up_to int64,
    weight numeric,
    tokens_per_minute numeric,
    minimum_units int64,
    unit_step int64,
    confidence string,
    valid_from date,
    valid_to date,
    source string
)
options (format = 'parquet', uris = ['${LAKE_URL}/reference/genai_capacity_throughput.parquet'], decimal_target_types = ['NUMERIC', 'BIGNUMERIC']);

create or replace external table `${PROJECT}.genai_finops_reference.genai_organisations` (
    x_org_slug string,
    org_name string,
    currency string,
    is_enabled bool,
    created_at timestamp
)
options (format = 'parquet', uris = ['${LAKE_URL}/reference/genai_organisations.parquet'], decimal_target_types = ['NUMERIC', 'BIGNUMERIC']);

create or replace external table `${PROJECT}.genai_finops_reference.genai_provider_accounts` (
    x_org_slug string,
    provider string,
    account_id string,
    account_name string,
    is_free_tier bool,
    is_enabled bool
)
options (format = 'parquet', uris = ['${LAKE_URL}/reference/genai_provider_accounts.parquet'], decimal_target_types = ['NUMERIC', 'BIGNUMERIC']);

create or replace external table `${PROJECT}.genai_finops_reference.genai_hierarchy_entities` (
    x_org_slug string,
    entity_id string,
    entity_name string,
    level_code string,
    parent_entity_id string,
    owner string,
    level int64,
    path string,
    path_names string
)
options (format = 'parquet', uris = ['${LAKE_URL}/reference/genai_hierarchy_entities.parquet'], decimal_target_types = ['NUMERIC', 'BIGNUMERIC']);

create or replace external table `${PROJECT}.genai_finops_reference.genai_hierarchy_assignments` (
    x_org_slug string,
    provider string,
    scope string,
    scope_id string,
    entity_id string,
    valid_from date,
    valid_to date
)
options (format = 'parquet', uris = ['${LAKE_URL}/reference/genai_hierarchy_assignments.parquet'], decimal_target_types = ['NUMERIC', 'BIGNUMERIC']);

create or replace external table `${PROJECT}.genai_finops_reference.genai_attribution_rules` (
    x_org_slug string,
    provider string,
    scope string,
    scope_id string,
    dimension string,
    value string,
    valid_from date,
    valid_to date
)
options (format = 'parquet', uris = ['${LAKE_URL}/reference/genai_attribution_rules.parquet'], decimal_target_types = ['NUMERIC', 'BIGNUMERIC']);

create or replace external table `${PROJECT}.genai_finops_resources.genai_provider_resource_states` (
    x_org_slug string,
    x_credential_id string,
    provider string,
    account_id string,
    resource_type string,
    resource_id string,
    resource_name string,
    region_id string,
    provider_model_id string,
    sku_name string,
    capacity numeric,
    tags string,
    created_at timestamp,
    modified_at timestamp,
    first_observed_at timestamp,
    last_observed_at timestamp,
    missed_at timestamp
)
options (format = 'parquet', uris = ['${LAKE_URL}/resources/*'], decimal_target_types = ['NUMERIC', 'BIGNUMERIC']);

create or replace external table `${PROJECT}.genai_finops_prices.genai_price_book` (
    provider string,
    model_id string,
    meter string,
    service_tier string,
    geography string,
    context_tokens_above int64,
    context_tokens_up_to int64,
    variant string,
    x_org_slug string,
    x_genai_account_id string,
    pricing_type string,
    volume_threshold_tokens int64,
    model_name string,
    currency string,
    unit_price bignumeric,
    discount_percentage numeric,
    discount_reason string,
    free_tier_quantity numeric,
    free_tier_reset_frequency string,
    valid_from date,
    valid_to date,
    source string,
    source_version string,
    source_reference string,
    retrieved_at timestamp,
    priority int64,
    is_custom bool,
    known_from timestamp,
    known_to timestamp
)
options (format = 'parquet', uris = ['${LAKE_URL}/prices/genai_price_book/*'], decimal_target_types = ['NUMERIC', 'BIGNUMERIC']);

create or replace external table `${PROJECT}.genai_finops_prices.genai_price_factors` (
    provider string,
    model_id string,
    meter_kind string,
    service_tier string,
    geography string,
    base_geography string,
    factor numeric,
    valid_from date,
    valid_to date,
    source string,
    source_version string,
    source_reference string,
    known_from timestamp,
    known_to timestamp
)
options (format = 'parquet', uris = ['${LAKE_URL}/prices/genai_price_factors/*'], decimal_target_types = ['NUMERIC', 'BIGNUMERIC']);

create or replace external table `${PROJECT}.genai_finops_prices.genai_model_alias_rules` (
    provider string,
    rank int64,
    pattern string,
    excluded_pattern string,
    model_id string,
    model_name string,
    model_developer string,
    model_family string,
    valid_from date,
    valid_to date,
    source string,
    source_version string,
    known_from timestamp,
    known_to timestamp
)
options (format = 'parquet', uris = ['${LAKE_URL}/prices/genai_model_alias_rules/*'], decimal_target_types = ['NUMERIC', 'BIGNUMERIC']);

create or replace external table `${PROJECT}.genai_finops_prices.genai_capacity_price_book` (
    provider string,
    meter string,
    model_id string,
    variant string,
    workload string,
    scope string,
    region_id string,
    purchase_option string,
    term string,
    payment string,
    x_org_slug string,
    x_genai_account_id string,
    price_period string,
    unit_price bignumeric,
    currency string,
    confidence string,
    valid_from date,
    valid_to date,
    source string,
    source_version string,
    source_reference string,
    retrieved_at timestamp,
    priority int64,
    is_custom bool,
    note string,
    known_from timestamp,
    known_to timestamp
)
options (format = 'parquet', uris = ['${LAKE_URL}/prices/genai_capacity_price_book/*'], decimal_target_types = ['NUMERIC', 'BIGNUMERIC']);
