"""How programs find the small API server."""


def kubeconfig(url: str, namespace: str, name: str = "figwasp-demo") -> str:
    """Write a kubeconfig whose one context is the API server at `url`, in `namespace`, without a login."""
    return f"""apiVersion: v1
kind: Config
current-context: {name}
clusters:
- name: {name}
  cluster:
    server: {url}
users:
- name: {name}
  user: {{}}
contexts:
- name: {name}
  context:
    cluster: {name}
    user: {name}
    namespace: {namespace}
"""
