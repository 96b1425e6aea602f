"""Object stores (S3, Google Cloud Storage, Azure Blob): sources and targets."""
