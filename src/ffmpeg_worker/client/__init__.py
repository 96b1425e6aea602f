"""Client of the worker's HTTP API, and a local server to use it with."""
