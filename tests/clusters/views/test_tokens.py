"""Tokens are made by whoever is signed in, shown once, kept as hashes, and revoked."""

import re
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from clusters.models import ApiToken
from clusters.models.access import digest_of
from tests import factories

pytestmark = pytest.mark.django_db

PAGE = "/sign-in/tokens/"


@pytest.fixture
def user():
    return factories.make_user()


@pytest.fixture
def signed_in(client, user):
    client.force_login(user)
    return client


def make(client, **fields):
    return client.post(PAGE, {"name": "notebook", "scope": "read", "days": "30", **fields})


def test_whoever_is_not_signed_in_is_sent_to_sign_in_and_back(client, user):
    sent = client.get(PAGE, follow=True)
    assert sent.redirect_chain == [(f"/sign-in/?next={PAGE}", 302)]

    back = client.post(
        f"/sign-in/?next={PAGE}",
        {"login": user.email, "password": "a long password", "next": PAGE},
    )
    assert (back.status_code, back["Location"]) == (302, PAGE)
    client.logout()
    wrong = client.post("/sign-in/", {"login": user.email, "password": "another one"})
    assert wrong.status_code == 200
    assert 'role="alert"' in wrong.content.decode()


def test_a_token_is_shown_once_and_kept_as_its_hash(signed_in, user):
    made = make(signed_in)

    assert made.status_code == 201
    (text,) = re.findall(r"<code>(cc_[\w-]{43})</code>", made.content.decode())
    token = ApiToken.objects.get()
    assert (token.user, token.name, token.scope) == (user, "notebook", "read")
    assert token.digest == digest_of(text)
    assert timedelta(29) < token.expires_at - timezone.now() < timedelta(31)
    assert text not in str(vars(token))
    again = signed_in.get(PAGE).content.decode()
    assert text not in again
    assert text[:8] in again
    assert made["Cache-Control"].startswith("max-age=0, no-cache, no-store")


@pytest.mark.parametrize("wrong", [{"name": ""}, {"scope": "all"}, {"days": "4000"}])
def test_a_token_needs_a_name_a_scope_and_a_last_day(signed_in, wrong):
    assert make(signed_in, **wrong).status_code == 400
    assert not ApiToken.objects.exists()


def test_a_revoked_token_opens_nothing_and_says_so(signed_in):
    text = re.findall(r"cc_[\w-]{43}", make(signed_in).content.decode())[0]
    header = {"Authorization": f"Bearer {text}"}
    assert signed_in.get("/api/v1/projects/", headers=header).status_code == 200

    revoked = signed_in.post(f"{PAGE}{ApiToken.objects.get().pk}/revoke/")
    assert (revoked.status_code, revoked["Location"]) == (302, PAGE)
    assert "revoked" in signed_in.get(PAGE).content.decode()
    assert signed_in.get("/api/v1/projects/", headers=header).status_code == 401


def test_nobody_sees_or_revokes_anothers_token(signed_in):
    token, _text = ApiToken.issue(
        user=factories.make_user(), name="theirs", expires_at=timezone.now() + timedelta(1)
    )

    assert "theirs" not in signed_in.get(PAGE).content.decode()
    assert signed_in.post(f"{PAGE}{token.pk}/revoke/").status_code == 404
    token.refresh_from_db()
    assert token.is_valid


def test_the_history_of_a_token_keeps_no_hash(signed_in):
    make(signed_in)
    from django.apps import apps

    event = apps.get_model("clusters", "ApiTokenHistoryevent")
    columns = {column.name for column in event._meta.concrete_fields}
    assert {"name", "scope", "revoked_at"} <= columns
    assert columns.isdisjoint({"digest", "last_used"})


def test_the_command_makes_a_token_that_works(client, user, capsys):
    call_command("issue_token", user.email.upper(), scope="write")
    text = capsys.readouterr().out.strip()

    assert ApiToken.objects.get().scope == "write"
    header = {"Authorization": f"Bearer {text}"}
    assert client.get("/api/v1/projects/", headers=header).status_code == 200
    with pytest.raises(CommandError, match="There is no active account"):
        call_command("issue_token", "nobody@example.org")
    with pytest.raises(CommandError, match="from 1 to 366"):
        call_command("issue_token", user.email, days=400)


def test_signing_out_ends_the_session(signed_in):
    signed_in.post("/sign-in/out/")

    assert signed_in.get(PAGE).status_code == 302


def test_a_change_of_password_ends_every_token(client):
    user = factories.make_user()
    client.force_login(user)
    client.post("/sign-in/tokens/", {"name": "notebook", "scope": "read", "days": "30"})
    assert user.api_tokens.valid().exists()

    client.post(
        "/sign-in/password/",
        {
            "oldpassword": "a long password",
            "password1": "another long password",
            "password2": "another long password",
        },
    )

    assert not user.api_tokens.valid().exists()


@pytest.mark.parametrize("change", ["set_password", "set_unusable_password"])
def test_a_password_that_is_set_through_any_door_ends_every_token(user, change):
    token, _text = ApiToken.issue(
        user=user, name="a", scope="read", expires_at=timezone.now() + timedelta(1)
    )
    user.check_password("a long password")
    getattr(user, change)(*["a long password"] * (change == "set_password"))
    assert ApiToken.objects.valid().filter(pk=token.pk).exists()

    user.save()

    assert not ApiToken.objects.valid().filter(pk=token.pk).exists()
