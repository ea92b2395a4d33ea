"""Where prices come from: one file for each source, each of which states rates in its own words."""
