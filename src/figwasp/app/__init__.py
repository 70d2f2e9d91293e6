"""The use cases: order and concurrency of a pass; speaks no protocol."""
