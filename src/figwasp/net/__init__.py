"""HTTP over TLS with deadlines and size caps, shared by the registry and Kubernetes clients."""
