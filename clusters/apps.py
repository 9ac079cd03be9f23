from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ClustersConfig(AppConfig):
    name = "clusters"
    verbose_name = "Clusters, stakeholders, literature"

    def ready(self) -> None:
        from clusters.models.roles import make_roles
        from clusters.published.documents import enqueue_writing
        from clusters.signals import public_changed

        public_changed.connect(enqueue_writing, dispatch_uid="documents")
        post_migrate.connect(make_roles, sender=self, dispatch_uid="roles")
