"""Web servers: inputs by URL, outputs by presigned PUT."""
