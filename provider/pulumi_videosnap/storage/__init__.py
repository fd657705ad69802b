"""Buckets of object stores over the S3 protocol, through boto3. No cloud is named in here."""
