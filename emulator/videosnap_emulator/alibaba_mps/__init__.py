"""Alibaba Cloud MPS snapshot jobs (API 2014-06-18): wire format, errors, job states, cutting of pictures."""
