"""Doctor: checks that this machine has what the worker needs."""
