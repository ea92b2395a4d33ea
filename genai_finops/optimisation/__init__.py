"""Advice on spending less, each with its amount, the query behind it and how sure it is."""
