"""The simulated Vertex AI: Cloud Monitoring of one project for each organisation."""
