"""The register of commitments: what the providers list and what was entered, and what a unit of it serves. Pure."""
