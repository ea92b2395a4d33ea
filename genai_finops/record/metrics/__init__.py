"""OpenTelemetry metrics of cost and tokens, made in the background with the platform's own prices."""
