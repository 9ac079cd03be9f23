"""How people sign in here: by invitation, editors and administrators with a second factor."""

from base64 import b32encode
from collections.abc import Callable
from functools import wraps
from secrets import token_bytes
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.sites.shortcuts import get_current_site
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from clusters.client_ip import client_ip
from clusters.encryption import Unreadable, decrypt, encrypt
from clusters.mailing import queue
from clusters.models.roles import may_administer, may_enter, may_review


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """allauth with the casebook's rules."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Lead whoever works at the desk there, and readers to their tokens."""
        return reverse("admin:index" if may_enter(request.user) else settings.LOGIN_REDIRECT_URL)

    def get_client_ip(self, request: HttpRequest) -> str:
        """Limits count whom the API's limits count."""
        return client_ip(request)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Leave the mail to the worker, like all others."""
        site = get_current_site(self.request)
        known = {"request": self.request, "email": email, "current_site": site, **context}
        made = self.render_mail(template_prefix, email, known)
        queue(subject=made.subject, text=made.body, to=made.to)


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """allauth's second factors, of which a copy of the database tells no secret."""

    def encrypt(self, text: str) -> str:
        return encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Return a secret; of one that another SECRET_KEY hid, what no code will ever fit."""
        try:
            return decrypt(encrypted_text)
        except Unreadable:
            return b32encode(token_bytes(20)).decode()


def owes_second_factor(user: Any) -> bool:
    """Whether somebody must set up a second factor before doing what their role allows.

    Asked of the database once for each user object.
    """
    if not settings.SECOND_FACTOR_REQUIRED or not (may_review(user) or may_administer(user)):
        return False
    if not hasattr(user, "has_second_factor"):
        user.has_second_factor = is_mfa_enabled(user)
    return not user.has_second_factor


def to_second_factor(request: HttpRequest) -> HttpResponse:
    """Lead to where second factors are set up, and say why."""
    messages.warning(
        request, _("Your role needs a second factor. Set one up here, then go on with your work.")
    )
    return HttpResponseRedirect(reverse("mfa_index"))


def second_factor_first(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Keep a page from whoever owes a second factor."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if owes_second_factor(request.user):
            return to_second_factor(request)
        return view(request, *args, **kwargs)

    return guarded
