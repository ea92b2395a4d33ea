"""Forecasts of spend to the end of a period, with intervals and the error that they had in the past."""
