"""How much is tried of what is quick."""

from hypothesis import settings

from tests.conftest import EXAMPLES

settings.register_profile("core", max_examples=EXAMPLES or 60)
settings.load_profile("core")
