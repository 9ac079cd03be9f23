from django.apps import AppConfig


class ClustersConfig(AppConfig):
    name = "clusters"
    verbose_name = "Clusters, bodies, literature"

    def ready(self) -> None:
        from clusters.api.documents import write_due
        from clusters.signals import public_changed

        public_changed.connect(write_due, dispatch_uid="documents")
