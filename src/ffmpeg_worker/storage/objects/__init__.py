"""Object stores: S3, R2, Google Cloud Storage and Azure Blob."""
