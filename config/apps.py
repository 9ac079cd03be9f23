from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Listed for its management commands only; it has no models."""

    name = "config"
