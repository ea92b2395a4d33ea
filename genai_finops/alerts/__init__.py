"""Alerts: who is told of what, through which channel; every alert at least once, with an id that stays."""
