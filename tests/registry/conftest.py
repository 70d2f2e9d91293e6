from collections.abc import Iterator

import pytest

from figwasp.embedded.registry.server import Registry
from tests.certificates import Authority


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry() as started:
        yield started


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("pki"))
