"""How the properties of the core are searched: without a time limit for one example, machines differ."""

from hypothesis import settings

settings.register_profile("core", deadline=None, max_examples=60)
settings.load_profile("core")
