"""What holds for a registry of which nothing was said."""

from figwasp.core.registry_settings import USUAL


def test_a_registry_is_asked_by_tls_that_is_checked_unless_told_otherwise() -> None:
    assert (False, False, "") == (USUAL.plain_http, USUAL.insecure, USUAL.ca_file)


def test_a_registry_is_asked_itself_and_with_no_login_but_the_pods() -> None:
    assert ("", None) == (USUAL.mirror, USUAL.pull_secret)


def test_a_registry_is_asked_for_sixteen_things_at_a_time() -> None:
    """As docs/configuration.md says."""
    assert 16 == USUAL.concurrency
