"""How workloads and selections are named, and which nodes a pod may run on."""

import pytest

from figwasp.core.workload import PlatformLimits, Selection
from tests.factories import container, digest, key, platform


def limits(os: str | None = None, architectures: str | None = None) -> PlatformLimits:
    """Both as words, or None for any."""
    return PlatformLimits(*(None if each is None else frozenset(each.split()) for each in (os, architectures)))


def test_a_workload_is_named_as_on_the_command_line_inside_its_namespace() -> None:
    assert key("web", kind="daemonset").target == "daemonset/web"


def test_a_workload_is_named_in_full_with_its_namespace() -> None:
    assert str(key("web", namespace="shop", kind="daemonset")) == "shop/daemonset/web"


@pytest.mark.parametrize(
    ("image", "is_pinned"), [("web:1", False), ("Not An Image", False), (f"web:1@{digest()}", True)]
)
def test_a_container_is_pinned_by_a_digest_alone(image: str, *, is_pinned: bool) -> None:
    assert container("web", image).is_pinned is is_pinned


@pytest.mark.parametrize(
    ("limited", "node", "is_allowed"),
    [
        (limits(), "linux/amd64", True),
        (limits("linux"), "linux/amd64", True),
        (limits("linux"), "windows/amd64", False),
        (limits(None, "amd64 arm64"), "linux/arm64", True),
        (limits(None, "amd64 arm64"), "linux/s390x", False),
        (limits("linux", "amd64"), "linux/amd64", True),
        (limits("linux", "amd64"), "windows/amd64", False),
        (limits("linux", "amd64"), "linux/arm64", False),
        (limits(""), "linux/amd64", False),
        (limits(None, ""), "linux/amd64", False),
    ],
)
def test_a_pod_may_run_where_each_of_its_limits_lets_it(
    limited: PlatformLimits, node: str, *, is_allowed: bool
) -> None:
    assert limited.allow(platform(node)) is is_allowed


@pytest.mark.parametrize(
    ("limited", "text"),
    [
        (limits(), ""),
        (limits("linux"), "os=linux"),
        (limits(None, "arm64 amd64"), "arch=amd64,arm64"),
        (limits("linux", "arm64"), "os=linux;arch=arm64"),
    ],
)
def test_limits_are_written_the_same_way_each_time(limited: PlatformLimits, text: str) -> None:
    assert str(limited) == text


@pytest.mark.parametrize(
    ("selection", "text"),
    [
        (Selection(namespaces=()), "workload in any namespace"),
        (Selection(namespaces=("shop",)), "workload in namespace shop"),
        (Selection(namespaces=("shop", "blog")), "workload in namespaces shop, blog"),
        (Selection(namespaces=(), kinds=("deployment", "daemonset")), "deployment or daemonset in any namespace"),
        (Selection(namespaces=(), label="a=b"), "workload labelled a=b in any namespace"),
        (
            Selection(
                namespaces=("shop",), targets=(("deployment", "web"), ("daemonset", "log")), kinds=("deployment",)
            ),
            "deployment/web, daemonset/log in namespace shop",
        ),
    ],
)
def test_a_selection_says_in_words_what_is_looked_for(selection: Selection, text: str) -> None:
    assert str(selection) == text
