"""Accepting an invitation: a name, a password, and whether one may be named."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.password_validation import password_validators_help_texts
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from clusters.actions import inviting
from clusters.actions.publishing import NotAllowed

GONE = 410


class AcceptForm(forms.Form):
    """Who comes, and by what password."""

    first_name = forms.CharField(label=_("First name"), max_length=150)
    last_name = forms.CharField(label=_("Last name"), max_length=150)
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("Password, once more"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    consents = forms.BooleanField(
        label=_("My name may stand beside what I code"),
        required=False,
        help_text=_("Without it a name such as coder-3 stands there."),
    )

    def clean_again(self) -> Any:
        if self.cleaned_data.get("password") != self.cleaned_data["again"]:
            raise ValidationError(gettext("The two passwords differ."))
        return self.cleaned_data["again"]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """Show the form to whoever has the link; make the account that it offers."""
    invitation = inviting.find(token)
    if invitation is None:
        return render(request, "clusters/invited.html", {}, status=GONE)
    form = AcceptForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        names = ("first_name", "last_name", "password", "consents")
        try:
            inviting.accept(text=token, **{name: form.cleaned_data[name] for name in names})
        except ValidationError as error:
            form.add_error("password", error)
        except NotAllowed as error:
            form.add_error(None, error.reasons[0])
        else:
            messages.success(request, gettext("Your account is made. Sign in with it."))
            return HttpResponseRedirect(reverse(settings.LOGIN_URL))
    context = {
        "form": form,
        "invitation": invitation,
        "password_rules": password_validators_help_texts(),
    }
    return render(request, "clusters/invited.html", context, status=422 if form.is_bound else 200)
