"""Object storage over the S3 protocol, whoever's it is.

No vendor is named in here but Amazon, whose settings boto3 reads when no credentials are given.
"""
