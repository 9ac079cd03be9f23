"""The application that granian serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from config.connections import bound_statements, refuse_too_many  # noqa: E402 - needs the settings

refuse_too_many()
bound_statements()
