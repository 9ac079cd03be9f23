"""The desk for what was tried and what came of it."""

from django.apps import apps

from clusters.admin_base import register_parts

register_parts(apps.get_app_config("interventions").get_models())
