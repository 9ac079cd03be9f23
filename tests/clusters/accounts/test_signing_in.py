"""Accounts come by invitation; editors and administrators bring a second factor."""

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core import mail
from django.core.cache import cache
from django.utils import timezone

from clusters.encryption import encrypt
from clusters.models import ApiToken, Contributor, Invitation, User
from tests import factories
from tests.queue import work

pytestmark = pytest.mark.django_db

PASSWORD = "a long password"
ACCOUNT = {
    "first_name": "Ana",
    "last_name": "Ruiz",
    "password": "warp and weft 12",
    "again": "warp and weft 12",
}


@pytest.fixture(autouse=True)
def nobody_has_tried_before():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def strict(settings):
    settings.SECOND_FACTOR_REQUIRED = True


@pytest.fixture
def at_work(client):
    """Sign somebody of a role in."""

    def enter(role):
        user = factories.make_user(role=role)
        client.force_login(user)
        return user

    return enter


def sign_in(client, user, password=PASSWORD, **more):
    return client.post("/sign-in/", {"login": user.email, "password": password, **more})


def code_of(secret):
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def give_second_factor(user):
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


# --- Invitations -------------------------------------------------------------------------------


def invite(client, email="ana@example.org", role="researcher"):
    client.post("/admin/clusters/invitation/add/", {"email": email, "role": role})
    work()
    return re.search(r"http://testserver(/sign-in/invited/\S+)", mail.outbox[-1].body).group(1)


def test_an_invitation_makes_an_account_with_its_role_once(client, at_work):
    at_work("administrator")
    address = invite(client)
    assert mail.outbox[-1].to == ["ana@example.org"]
    client.logout()

    assert "ana@example.org" in client.get(address).content.decode()
    made = client.post(address, {**ACCOUNT, "consents": "on"})

    assert (made.status_code, made["Location"]) == (302, "/sign-in/")
    user = User.objects.get(email="ana@example.org")
    assert [group.name for group in user.groups.all()] == ["researcher"]
    assert (user.is_staff, user.is_superuser) == (False, False)
    assert Contributor.objects.get(user=user).slug == "ana-ruiz"
    assert client.post(address, ACCOUNT).status_code == 410
    assert sign_in(client, user, ACCOUNT["password"])["Location"] == "/admin/"


def test_whoever_does_not_want_to_be_named_gets_no_telling_slug(client, at_work):
    at_work("administrator")
    address = invite(client)

    client.post(address, ACCOUNT)

    assert str(Contributor.objects.get()) == "coder"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"password": "short", "again": "short"}, "at least 12 characters"),
        ({"again": "warp and weft 13"}, "The two passwords differ."),
        ({"first_name": ""}, "This field is required."),
        ({"password": "123456789012", "again": "123456789012"}, "entirely numeric"),
    ],
)
def test_a_refused_acceptance_says_why_and_makes_nothing(client, at_work, wrong, said):
    at_work("administrator")
    address = invite(client)

    refused = client.post(address, {**ACCOUNT, **wrong})

    assert refused.status_code == 422
    assert said in refused.content.decode()
    assert not User.objects.filter(email="ana@example.org").exists()


def test_an_invitation_ends_when_it_is_withdrawn_replaced_or_old(client, at_work):
    at_work("administrator")
    replaced = invite(client)
    withdrawn = invite(client)
    (open_one,) = Invitation.objects.valid()
    client.post(
        "/admin/clusters/invitation/",
        {"action": "withdraw_selected", "_selected_action": [open_one.pk]},
    )
    old = invite(client)
    Invitation.objects.valid().update(expires_at=timezone.now())

    assert [client.get(link).status_code for link in (replaced, withdrawn, old)] == [410] * 3


def test_nobody_is_invited_to_an_account_that_is_there_and_only_administrators_invite(
    client, at_work
):
    known = factories.make_user()
    at_work("administrator")
    refused = client.post(
        "/admin/clusters/invitation/add/",
        {"email": known.email.upper(), "role": "editor"},
        follow=True,
    )
    assert "There is an account with this e-mail address." in refused.content.decode()

    at_work("editor")
    client.post("/admin/clusters/invitation/add/", {"email": "b@example.org", "role": "editor"})

    assert not Invitation.objects.exists()


def test_nobody_signs_up(client):
    answer = client.post(
        "/sign-in/up/", {"email": "x@example.org", "password1": PASSWORD, "password2": PASSWORD}
    )

    assert "by invitation" in answer.content.decode()
    assert not User.objects.exists()


# --- Passwords -----------------------------------------------------------------------------------


def test_five_wrong_passwords_shut_an_account_for_a_while(client):
    user, other = factories.make_user(), factories.make_user()
    for _ in range(5):
        sign_in(client, user, "not this one")

    shut = sign_in(client, user)

    assert shut.status_code == 200
    assert "Too many failed login attempts" in shut.content.decode()
    assert sign_in(client, other).status_code == 302


def test_a_lost_password_is_set_anew_by_a_link_in_a_mail_and_strangers_learn_nothing(client):
    user = factories.make_user()

    known = client.post("/sign-in/password/reset/", {"email": user.email}, follow=True)
    unknown = client.post("/sign-in/password/reset/", {"email": "x@example.org"}, follow=True)

    assert (
        known.redirect_chain == unknown.redirect_chain == [("/sign-in/password/reset/sent/", 302)]
    )
    work()
    to_user = next(message for message in mail.outbox if message.to == [user.email])
    link = re.search(r"http://testserver(/sign-in/password/reset/\S+)", to_user.body).group(1)
    form = client.get(link, follow=True).redirect_chain[-1][0]
    client.post(form, {"password1": "warp and weft 12", "password2": "warp and weft 12"})
    assert sign_in(client, user, "warp and weft 12").status_code == 302


def test_cookies_end_with_the_browser_unless_one_asks_to_be_remembered(client):
    user = factories.make_user()

    cookie = sign_in(client, user).cookies["sessionid"]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", "")
    client.logout()
    assert sign_in(client, user, remember="on").cookies["sessionid"]["max-age"] == 7 * 86_400


# --- Second factors ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "is_needed"),
    [("reader", False), ("researcher", False), ("editor", True), ("administrator", True)],
)
def test_who_needs_a_second_factor(strict, client, at_work, role, is_needed):
    user = at_work(role)
    pages = ["/sign-in/tokens/"] + (["/admin/"] if role != "reader" else [])

    for page in pages:
        answer = client.get(page, follow=True)
        ends_at = answer.redirect_chain[-1][0] if answer.redirect_chain else page
        assert ends_at == ("/sign-in/2fa/" if is_needed else page)

    give_second_factor(user)
    assert [client.get(page).status_code for page in pages] == [200] * len(pages)


def test_programs_of_an_editor_need_it_too(strict, client):
    user = factories.make_user(role="editor")
    _token, text = ApiToken.issue(
        user=user, name="n", scope="write", expires_at=timezone.now() + timezone.timedelta(1)
    )
    asked = {"headers": {"Authorization": f"Bearer {text}"}}
    address = "/api/v1/projects/?state=draft"

    refused = client.get(address, **asked)
    assert refused.status_code == 403
    assert "second factor" in refused.json()["detail"]

    give_second_factor(user)
    assert client.get(address, **asked).status_code == 200


def test_signing_in_asks_for_the_code_and_takes_a_recovery_code_once(client):
    user = factories.make_user(role="editor")
    secret = give_second_factor(user)

    first = sign_in(client, user)
    assert first["Location"].startswith("/sign-in/2fa/authenticate/")
    assert client.get("/admin/").status_code == 302
    assert client.post("/sign-in/2fa/authenticate/", {"code": "000000"}).status_code == 200
    assert client.get("/admin/").status_code == 302
    client.post("/sign-in/2fa/authenticate/", {"code": code_of(secret)})
    assert client.get("/admin/").status_code == 200

    recovery = RecoveryCodes.activate(user).get_unused_codes()[0]
    for status in (200, 302):
        client.logout()
        sign_in(client, user)
        client.post("/sign-in/2fa/authenticate/", {"code": recovery})
        assert client.get("/admin/").status_code == status


def test_wrong_codes_shut_the_account_like_wrong_passwords(client):
    user = factories.make_user(role="editor")
    secret = give_second_factor(user)
    sign_in(client, user)
    for _ in range(5):
        client.post("/sign-in/2fa/authenticate/", {"code": "000000"})

    client.post("/sign-in/2fa/authenticate/", {"code": code_of(secret)})

    assert client.get("/admin/").status_code == 302


def test_an_administrator_removes_lost_factors_but_not_of_those_above(client, at_work):
    at_work("administrator")
    user, above = factories.make_user(role="editor"), factories.make_user(is_superuser=True)
    give_second_factor(user)
    give_second_factor(above)

    client.post(
        "/admin/clusters/user/",
        {"action": "remove_second_factors", "_selected_action": [user.pk, above.pk]},
    )

    assert [factor.user for factor in Authenticator.objects.all()] == [above]
    work()
    assert [message.to for message in mail.outbox] == [[user.email]]


def test_no_secret_of_a_second_factor_is_in_the_database_in_the_clear(client):
    user = factories.make_user(role="editor")
    secret = give_second_factor(user)
    codes = RecoveryCodes.activate(user)
    kept = {factor.type: factor.data for factor in Authenticator.objects.all()}

    assert secret not in str(kept)
    # A seed as allauth writes it would give the codes.
    seed = kept["recovery_codes"].pop("seed")
    codes.instance.data["seed"] = encrypt(seed)
    assert codes.generate_codes() != RecoveryCodes.activate(user).generate_codes()


def test_with_another_key_no_code_fits_and_nothing_breaks(client, settings):
    user = factories.make_user(role="editor")
    secret = give_second_factor(user)
    recovery = RecoveryCodes.activate(user).get_unused_codes()[0]
    settings.SECRET_KEY = "another" * 10

    for code in (code_of(secret), code_of(""), recovery):
        sign_in(client, user)
        answer = client.post("/sign-in/2fa/authenticate/", {"code": code})
        assert answer.status_code == 200
        assert client.get("/admin/").status_code == 302
