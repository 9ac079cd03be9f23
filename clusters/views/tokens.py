"""Tokens of one's own: made, shown once, revoked."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from clusters.accounts.adapters import second_factor_first
from clusters.models import ApiToken
from clusters.models.roles import may_enter

DAYS = (7, 30, 90, 366)


class TokenForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a token is for, what it may, and for how long."""

    days = forms.TypedChoiceField(
        coerce=int,
        choices=[(days, _("%(days)s days") % {"days": days}) for days in DAYS],
        initial=90,
        label=_("Valid for"),
    )

    class Meta:
        model = ApiToken
        fields = ("name", "scope")


@never_cache
@login_required
@second_factor_first
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """Show one's tokens; a POST makes one, whose text that answer alone shows."""
    form = TokenForm(request.POST or None)
    made, status = "", 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            expires_at = timezone.now() + timedelta(days=form.cleaned_data["days"])
            _token, made = ApiToken.issue(
                user=request.user,
                name=form.cleaned_data["name"],
                scope=form.cleaned_data["scope"],
                expires_at=expires_at,
            )
            form, status = TokenForm(), 201
    context: dict[str, Any] = {
        "form": form,
        "made": made,
        "tokens": ApiToken.objects.filter(user=request.user),  # type: ignore[misc]
        "may_enter": may_enter(request.user),
    }
    return render(request, "clusters/tokens.html", context, status=status)


@never_cache
@login_required
@require_POST
def revoke(request: HttpRequest, number: int) -> HttpResponse:
    """Revoke one of one's own tokens, and redirect to the list."""
    token = get_object_or_404(ApiToken, pk=number, user=request.user)
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
    return HttpResponseRedirect(reverse("tokens"))
