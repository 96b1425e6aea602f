"""A tour of the worker on a video that it makes itself."""
