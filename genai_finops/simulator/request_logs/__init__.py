"""Logs of the simulated requests, as gateways, collectors and SDKs write them, and what is true of their consumers."""
