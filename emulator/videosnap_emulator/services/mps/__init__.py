"""Alibaba Cloud MPS snapshot jobs, API version 2014-06-18."""
