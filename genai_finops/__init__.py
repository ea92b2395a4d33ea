"""A data platform for the cost of generative AI: ingestion, pricing, FOCUS 1.3."""

__version__ = "0.1.0"
