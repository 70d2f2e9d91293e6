"""What names in a cluster look like."""

DNS_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
"""What names of namespaces look like (RFC 1123)."""

DNS_NAME = rf"(?=.{{1,253}}\Z){DNS_LABEL}(\.{DNS_LABEL})*"
"""What names of most other objects look like."""
