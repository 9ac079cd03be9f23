"""Mail, sent by the worker: each address by itself, and again later where that fails.

A request writes its mails down in its own transaction, so that none is sent for what was not saved
and none is lost with a process.
"""

import logging
from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.tasks import task
from django.utils import timezone

from clusters.encryption import Unreadable, encrypt
from clusters.models import Mail

# How long to wait after each try that fails; after the last one it is given up.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 480, 1440))

logger = logging.getLogger("casebook.mail")


@transaction.atomic
def queue(*, subject: str, text: str, to: Iterable[str]) -> None:
    """Write a mail down to each of these addresses, for the worker to send."""
    # A subject must not have line breaks.
    subject, sender = " ".join(subject.split()), settings.DEFAULT_FROM_EMAIL
    hidden = encrypt(text)
    for address in to:
        _send_soon(Mail(to=address, sender=sender, subject=subject, encrypted_text=hidden))


@transaction.atomic
def send_again(mails: Iterable[Mail]) -> None:
    """Queue mails that were given up, with all their tries before them again."""
    for mail in mails:
        mail.tries = 0
        _send_soon(mail)


@transaction.atomic
def take_up() -> None:
    """Queue the mails again whose worker was killed while it sent them."""
    for mail in Mail.objects.filter(next_try__lte=timezone.now()):
        send.enqueue(mail.pk)


def _send_soon(mail: Mail) -> None:
    mail.next_try = timezone.now()
    mail.save()
    send.enqueue(mail.pk)


@task()
@transaction.atomic
def send(number: int) -> None:
    """Send one mail and delete it; where that fails, set when it is tried again."""
    mails = Mail.objects.select_for_update(skip_locked=True)
    mail = mails.filter(pk=number, next_try__lte=timezone.now()).first()
    if mail is None:
        return  # sent already, or another worker is at it
    try:
        EmailMessage(mail.subject, mail.text, mail.sender, [mail.to]).send()
    # Of the server or the way there, of the mail itself, of its key.
    except (OSError, ValueError, Unreadable) as error:
        _put_off(mail, error)
    else:
        mail.delete()


def _put_off(mail: Mail, error: Exception) -> None:
    mail.error = f"{type(error).__name__}: {error}"
    if mail.tries < len(WAITS):
        mail.next_try = timezone.now() + WAITS[mail.tries]
        send.using(run_after=mail.next_try).enqueue(mail.pk)
    else:
        mail.next_try = None
        # Without the address: logs name nobody.
        logger.error("Mail %s could not be sent: %s", mail.pk, type(error).__name__)
    mail.tries += 1
    mail.save()
