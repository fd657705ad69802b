"""The object storage of all services: an S3-protocol server on top of moto."""
