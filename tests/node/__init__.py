"""Tests on the real node of testbed/."""
