"""Mail on its way out."""

from django.db import models

from clusters.encryption import decrypt


class Mail(models.Model):
    """A mail to one address that has not been delivered yet; it goes when it has been.

    Not part of the private history. Its text may hold a link that opens an account.
    """

    to = models.CharField(max_length=254)
    sender = models.CharField(max_length=254)
    subject = models.TextField()
    encrypted_text = models.TextField()
    made_at = models.DateTimeField(auto_now_add=True)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try = models.DateTimeField(null=True, help_text="Empty where it was given up.")
    error = models.TextField(blank=True, help_text="What the last try came to.")

    class Meta:
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.to}: {self.subject}"

    @property
    def text(self) -> str:
        return decrypt(self.encrypted_text)
