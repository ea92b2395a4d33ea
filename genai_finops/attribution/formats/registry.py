"""Formats of request logs by the name that a source gives."""

from genai_finops.attribution.formats.bedrock import BedrockFormat
from genai_finops.attribution.formats.coding_agent import CodingAgentFormat
from genai_finops.attribution.formats.csv_rows import CsvFormat
from genai_finops.attribution.formats.jsonl import JsonlFormat
from genai_finops.attribution.formats.langfuse import LangfuseFormat
from genai_finops.attribution.formats.litellm import LitellmCsvFormat, LitellmFormat
from genai_finops.attribution.formats.otlp import OtlpFormat
from genai_finops.attribution.formats.parquet import ParquetFormat
from genai_finops.attribution.formats.recorded import RecordedFormat
from genai_finops.attribution.log_format import LogFormat

FORMATS: dict[str, LogFormat] = {
    log_format.name: log_format
    for log_format in (
        OtlpFormat(),
        LitellmFormat(),
        LitellmCsvFormat(),
        LangfuseFormat(),
        BedrockFormat(),
        CodingAgentFormat(),
        JsonlFormat(),
        CsvFormat(),
        ParquetFormat(),
        RecordedFormat(),
    )
}
