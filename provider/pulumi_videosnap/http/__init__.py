"""Calls to a cloud: sign, send, classify, retry, stay under the rate limit."""
