"""What the simulated providers of Google have in common: service accounts, tokens, errors and Cloud Monitoring."""
