from django.apps import AppConfig


class InterventionsConfig(AppConfig):
    name = "interventions"
    verbose_name = "Interventions"

    def ready(self) -> None:
        # Serializers and facts of records, which published documents are made by.
        from interventions.api import records, serializers  # noqa: F401
