"""The casebook's settings, with one empty view beside its own and no limit on requests."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.urls"
