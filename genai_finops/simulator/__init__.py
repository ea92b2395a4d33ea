"""The providers' billing APIs as one local server, with usage whose truth is known.

It is written from the providers' documentation alone and imports nothing of this package's own clients, parsers or
prices: a misreading on one side then shows as a difference instead of cancelling out.
"""
