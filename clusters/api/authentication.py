"""Who a program acts for: a token in the Authorization header."""

from typing import Any

from django.utils import timezone
from rest_framework import authentication
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from clusters.accounts.adapters import owes_second_factor
from clusters.models import ApiToken, User
from clusters.models.access import digest_of

NEEDS_SECOND_FACTOR = "Your role needs a second factor: set one up at /sign-in/2fa/."


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer cc_…`; the token stays on the request, which its scope limits."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _space, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if not scheme:
            return None
        if scheme.lower() != "bearer":
            raise AuthenticationFailed("Write it as “Authorization: Bearer” and the token.")
        token = ApiToken.objects.valid().filter(digest=digest_of(text.strip())).first()
        if token is None:
            raise AuthenticationFailed("This token is not known, has expired or was revoked.")
        if owes_second_factor(token.user):
            raise PermissionDenied(NEEDS_SECOND_FACTOR)
        if request.method not in SAFE_METHODS and is_of_another_site(request):
            raise PermissionDenied("Pages of other sites may only read. Write from a program.")
        today = timezone.now().date()
        if token.last_used != today:  # once a day: who reads should not write
            ApiToken.objects.filter(pk=token.pk).update(last_used=today)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Cluster Casebook"'


def is_of_another_site(request: Request) -> bool:
    """Return whether a browser sends this for a page of another site; programs name no origin."""
    own = request.build_absolute_uri("/").rstrip("/")
    return request.META.get("HTTP_ORIGIN", own) != own


class SessionAuthentication(authentication.SessionAuthentication):
    """Whoever is signed in in the browser, once with the second factor that their role needs."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        found = super().authenticate(request)
        if found is not None and owes_second_factor(found[0]):
            raise PermissionDenied(NEEDS_SECOND_FACTOR)
        return found
