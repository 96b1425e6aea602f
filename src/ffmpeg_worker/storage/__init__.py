"""Storage backends: where inputs are fetched from and outputs are delivered to."""
