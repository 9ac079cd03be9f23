"""The bare view as a server takes it."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")
django.setup()

from django.conf import settings  # noqa: E402 - settings come with the setup

from benchmarks.bare import application_for  # noqa: E402

_database = settings.DATABASES["default"]
application = application_for(
    f"host={_database['HOST']} dbname={_database['NAME']} user={_database['USER']}"
)
