from django.apps import AppConfig
from django.contrib.admin import apps


class ConfigConfig(AppConfig):
    """Listed for its management commands only; it has no models."""

    default = True
    name = "config"


class DeskConfig(apps.AdminConfig):
    """Django's admin with our own site, for more than staff."""

    default = False
    default_site = "clusters.desk.site.DeskSite"
