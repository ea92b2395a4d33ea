"""Runs the dbt project in this process: the one writer of the warehouse."""

from genai_finops.transform.build import dbt_build
from genai_finops.transform.docs import dbt_docs
from genai_finops.transform.result import NodeResult, TransformError, TransformResult

__all__ = ["NodeResult", "TransformError", "TransformResult", "dbt_build", "dbt_docs"]
