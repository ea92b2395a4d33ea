"""The simulated Gemini API: its Cloud Monitoring metrics and its rows in a Cloud Billing export."""
