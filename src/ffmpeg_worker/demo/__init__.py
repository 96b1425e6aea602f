"""Demo: runs a pipeline through the HTTP API on a video that it generates."""
