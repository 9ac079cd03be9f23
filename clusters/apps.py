from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ClustersConfig(AppConfig):
    name = "clusters"
    verbose_name = "Clusters, bodies, literature"

    def ready(self) -> None:
        from clusters.api.documents import write_due
        from clusters.roles import make_roles
        from clusters.signals import public_changed

        public_changed.connect(write_due, dispatch_uid="documents")
        post_migrate.connect(make_roles, sender=self, dispatch_uid="roles")
