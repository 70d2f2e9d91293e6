"""What names in a cluster look like."""

DNS_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
"""What names of namespaces look like (RFC 1123)."""

_PART = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"

DNS_NAME = rf"(?=.{{1,253}}\Z){_PART}(\.{_PART})*"
"""
What names of most other objects look like: no part of them is bounded by itself.

Source: kubernetes apimachinery pkg/util/validation, IsDNS1123Subdomain.
"""
