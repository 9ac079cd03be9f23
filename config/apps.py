from django.apps import AppConfig
from django.contrib.admin import apps
from django.utils.module_loading import autodiscover_modules


class ConfigConfig(AppConfig):
    """Listed for its management commands only; it has no models."""

    default = True
    name = "config"


class CasebookAdminConfig(apps.AdminConfig):
    """Django's admin with our own site, for more than staff."""

    default = False
    default_site = "clusters.admin.site.CasebookAdminSite"

    def ready(self) -> None:
        super().ready()
        autodiscover_modules("admin.registry")
