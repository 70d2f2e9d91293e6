"""
What containerd 2 pulls and reports: as Debian's does, and as the simulated node, which pass the same tests elsewhere.

The comparison's verdicts are asked for again where they turn on that.
"""

from testbed import image, index
from tests.contract.clusters import NOT_PULLED, Cluster
from tests.contract.test_running_indexes import (
    test_an_index_without_platforms_is_not_pulled_where_its_first_image_is_for_another,
)
from tests.contract.test_running_pods import (
    test_a_pod_may_name_another_repository_with_the_same_content,
    test_a_second_digest_of_the_same_content_may_never_be_named,
    test_an_image_that_is_pinned_is_named_by_its_digest,
)
from tests.node.test_comparison import (
    shared,
    test_an_imported_image_is_compared_with_what_the_tag_names,
    test_an_index_in_an_index_is_looked_into,
    test_an_index_that_states_no_platform_is_compared_by_its_configs,
    test_the_same_layers_in_dockers_and_in_ocis_form_are_no_change,
    test_what_is_reported_under_another_name_is_restarted_for_a_push_of_its_own_only,
    test_what_is_reported_under_another_name_stays_current_after_an_annotation_only_push,
    test_white_space_in_a_manifest_is_no_change,
)

__all__ = (
    "shared",
    "test_a_pod_may_name_another_repository_with_the_same_content",
    "test_a_second_digest_of_the_same_content_may_never_be_named",
    "test_an_image_that_is_pinned_is_named_by_its_digest",
    "test_an_imported_image_is_compared_with_what_the_tag_names",
    "test_an_index_in_an_index_is_looked_into",
    "test_an_index_that_states_no_platform_is_compared_by_its_configs",
    "test_an_index_without_platforms_is_not_pulled_where_its_first_image_is_for_another",
    "test_the_same_layers_in_dockers_and_in_ocis_form_are_no_change",
    "test_what_is_reported_under_another_name_is_restarted_for_a_push_of_its_own_only",
    "test_what_is_reported_under_another_name_stays_current_after_an_annotation_only_push",
    "test_white_space_in_a_manifest_is_no_change",
)


def test_an_index_for_an_older_processor_only_is_not_pulled(cluster: Cluster) -> None:
    """Other than by Debian's (test_a_node_runs_the_images_of_an_older_processor_too)."""
    cluster.push(index(image(cluster.namespace, platform="linux/386")))

    cluster.run()

    cluster.wait_for_waiting(1, *NOT_PULLED)
