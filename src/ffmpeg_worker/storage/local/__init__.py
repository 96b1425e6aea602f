"""The worker's own disk: the data root as source and target."""
