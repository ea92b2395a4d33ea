"""What Google's simulated providers have in common: service accounts, tokens, errors, Cloud Monitoring and prices."""
