"""The demonstration: the whole platform over simulated providers, its totals beside the simulator's truth."""
