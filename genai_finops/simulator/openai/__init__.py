"""OpenAI: organisation usage, costs and lists."""
