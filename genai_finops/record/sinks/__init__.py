"""Where events go: a folder or an OTLP endpoint."""
