{#
  What a provider may count as one and a log apart, or the other way round: all input of a modality, cached or not, and all output of it.
  A meter that counts no tokens is a family of its own.
#}
{% macro meter_family() -%}
case when token_direction is null then meter else concat(token_direction, ' ', coalesce(modality, 'text')) end
{%- endmacro %}
