"""A media workflow of Alibaba Cloud MPS that takes frames of every upload, as a resource kind."""
