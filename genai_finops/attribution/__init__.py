"""Who caused the cost: request logs read as evidence, and what follows from it. Pure but for reading log files."""
