"""The application that granian serves."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Only where a server with few threads is: just inside the log.
settings.MIDDLEWARE.insert(1, "config.slow_clients.StreamsMiddleware")
django = get_wsgi_application()

from config.connections import bound_statements, refuse_too_many  # noqa: E402 - needs the settings
from config.slow_clients import WholeBodies  # noqa: E402

application = WholeBodies(django)
refuse_too_many()
bound_statements()
