"""Mail goes by the worker: nobody waits for it, and one address that fails silences no other."""

import logging
import socketserver
import threading
from datetime import timedelta

import pytest
from django.core import mail as sent
from django.db import transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from clusters.mailing import WAITS, queue, take_up
from clusters.models import Mail
from tests import factories
from tests.queue import work

pytestmark = pytest.mark.django_db

REFUSED = "refused@example.org"


class _Session(socketserver.StreamRequestHandler):
    def handle(self):
        self.say("220 here")
        for line in self.rfile:
            word = line.decode().strip().upper()
            if word.startswith("DATA"):
                self.say("354 go on")
                for text in self.rfile:
                    if text == b".\r\n":
                        break
                self.server.taken.append(self.to)
                self.say("250 taken")
            elif word.startswith("RCPT") and REFUSED.upper() in word:
                self.say("550 no such mailbox")
            elif word.startswith("QUIT"):
                self.say("221 bye")
                return
            else:
                if word.startswith("RCPT"):
                    self.to = line.decode().split("<")[1].split(">")[0]
                self.say("250 fine")

    def say(self, words):
        self.wfile.write(f"{words}\r\n".encode())


@pytest.fixture
def server(settings):
    """A mail server that refuses one address; `taken` lists the others."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Session) as server:
        server.taken = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        use(settings, server.server_address[1])
        yield server
        server.shutdown()


def use(settings, port):
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": port, "timeout": 5},
        }
    }


@pytest.fixture
def no_server(settings):
    """A mail server that nobody answers for."""
    with socketserver.TCPServer(("127.0.0.1", 0), _Session) as gone:
        port = gone.server_address[1]
    use(settings, port)


def later():
    """Let the time of every next try come."""
    now = timezone.now()
    Mail.objects.exclude(next_try=None).update(next_try=now)
    DBTaskResult.objects.filter(status="READY").update(run_after=now)


def test_one_address_that_is_refused_silences_no_other(server):
    queue(subject="S", text="T", to=["a@example.org", REFUSED, "z@example.org"])
    assert server.taken == []

    work()

    assert server.taken == ["a@example.org", "z@example.org"]
    left = Mail.objects.get()
    assert (left.to, left.tries) == (REFUSED, 1)
    assert "no such mailbox" in left.error


def test_it_is_tried_again_later_and_later_then_given_up_and_shown(no_server, client, caplog):
    queue(subject="Kept", text="T", to=["a@example.org"])
    for number, wait in enumerate(WAITS, start=1):
        began = timezone.now()
        work()
        kept = Mail.objects.get()
        assert kept.tries == number
        assert wait <= kept.next_try - began < wait + timedelta(minutes=1)
        work()
        assert Mail.objects.get().tries == number, "before its time"
        later()

    with caplog.at_level(logging.ERROR, logger="casebook.mail"):
        work()

    kept = Mail.objects.get()
    assert kept.next_try is None
    assert not DBTaskResult.objects.filter(status="READY").exists()
    assert "could not be sent: ConnectionRefusedError" in caplog.text
    assert "a@example.org" not in caplog.text
    assert list(WAITS) == sorted(set(WAITS))

    client.force_login(factories.make_user(role="editor"))
    assert client.get("/admin/clusters/mail/").status_code == 403
    client.force_login(factories.make_user(role="administrator"))
    assert "a@example.org: Kept" in client.get("/admin/").content.decode()
    assert "ConnectionRefusedError" in client.get("/admin/clusters/mail/").content.decode()
    page = client.get(f"/admin/clusters/mail/{kept.pk}/change/").content.decode()
    assert kept.encrypted_text not in page


def test_an_administrator_has_it_sent_again(server, client):
    queue(subject="S", text="T", to=["a@example.org"])
    Mail.objects.update(tries=9, next_try=None)
    work()
    assert server.taken == []
    client.force_login(factories.make_user(role="administrator"))

    mail = Mail.objects.get()
    client.post("/admin/clusters/mail/", {"action": "send_selected", "_selected_action": [mail.pk]})
    work()

    assert server.taken == ["a@example.org"]
    assert not Mail.objects.exists()


def test_what_a_killed_worker_left_is_taken_up_and_sent_once(server):
    queue(subject="S", text="T", to=["a@example.org"])
    DBTaskResult.objects.update(status="RUNNING")

    take_up()
    take_up()
    work()

    assert server.taken == ["a@example.org"]


def test_nothing_is_sent_of_what_was_not_saved():
    with transaction.atomic():
        queue(subject="S", text="T", to=["a@example.org"])
        transaction.set_rollback(True)
    work()

    assert sent.outbox == []
    assert not Mail.objects.exists()


def test_a_lost_password_makes_nobody_wait_and_its_link_is_not_in_the_clear(no_server, client):
    user = factories.make_user()

    answer = client.post("/sign-in/password/reset/", {"email": user.email})

    assert answer["Location"] == "/sign-in/password/reset/sent/"
    kept = Mail.objects.get()
    assert kept.tries == 0
    assert "/sign-in/password/reset/" in kept.text
    for row in [*Mail.objects.values(), *DBTaskResult.objects.values()]:
        assert "/sign-in/password" not in str(row)
