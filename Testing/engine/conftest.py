"""Fixtures of the engine's tests."""

from Testing.shared_fixtures import *  # noqa: F403
