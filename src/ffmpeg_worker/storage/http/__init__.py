"""HTTP servers: sources that are downloaded, presigned targets that are written."""
