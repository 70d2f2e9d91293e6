"""What only the embedded API server has: the methods by which the program that holds it reads and writes."""

from figwasp.embedded.api.server import ApiServer
from tests.objects import deployment


def test_a_list_holds_what_lies_in_a_namespace_or_everywhere() -> None:
    with ApiServer() as server:
        for namespace, name in (("shop", "web"), ("shop-2", "api"), ("shop", "api")):
            server.put("deployments", {**deployment(name), "metadata": {"namespace": namespace, "name": name}})

        found = [[each["metadata"]["name"] for each in server.list("deployments", where)] for where in ("shop", "")]

    assert [["api", "web"], ["api", "api", "web"]] == found


def test_a_list_is_a_copy() -> None:
    with ApiServer() as server:
        server.put("deployments", deployment("web"))
        server.list("deployments")[0]["spec"]["replicas"] = 9

        assert 1 == server.get("deployments", "shop", "web")["spec"]["replicas"]
