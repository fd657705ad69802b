"""A pipeline of Alibaba Cloud MPS, the queue that jobs wait in, as a resource kind."""
