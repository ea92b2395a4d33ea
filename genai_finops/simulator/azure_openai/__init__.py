"""Azure OpenAI: Entra tokens, Resource Manager's lists, and Azure Monitor's metrics by both routes."""
