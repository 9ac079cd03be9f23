"""Suggest a correction: no sign-in, no third party, answered by an editor at an address."""

from typing import Any

from django import forms
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from clusters.actions.corrections import TooMany, suggest
from clusters.client_ip import client_ip
from clusters.models import Correction
from clusters.published.lookup import find_published
from clusters.views.records import shape_called
from clusters.web.query_params import check_parameters

SALT = "casebook.corrections"
# Seconds between showing the form and sending it: a person reads first, a program does not.
SOONEST, LATEST = 3, 24 * 3600
MOST_LINKS = 3


class CorrectionForm(forms.ModelForm):  # type: ignore[type-arg]
    """What is wrong. Two hidden fields keep programs out: one must stay empty, one is dated."""

    website = forms.CharField(
        required=False,
        label=_("Leave this empty"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )
    opened = forms.CharField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Correction
        fields = ("text", "source", "contact")
        widgets = {
            "text": forms.Textarea(attrs={"rows": 6}),
            "source": forms.Textarea(attrs={"rows": 2}),
        }
        labels = {
            "text": _("What is wrong, and what is right?"),
            "source": _("Where is it written?"),
            "contact": _("Your e-mail, if an editor may ask back"),
        }
        help_texts = {
            "source": _("A publication and the place in it, if you know one."),
            "contact": _("Seen by editors only."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["opened"].initial = signing.dumps("opened", salt=SALT)

    def clean_website(self) -> str:
        if self.cleaned_data["website"]:
            raise forms.ValidationError(_("This field must stay empty: it keeps programs out."))
        return ""

    def clean_text(self) -> str:
        text = str(self.cleaned_data["text"])
        if text.lower().count("http") > MOST_LINKS:
            raise forms.ValidationError(_("Three links at most."))
        return text

    def clean_opened(self) -> str:
        try:
            signing.loads(self.cleaned_data["opened"], salt=SALT, max_age=LATEST)
        except signing.BadSignature:
            raise forms.ValidationError(
                _("This form is too old or was changed. Send it once more."), code="stale"
            ) from None
        try:
            signing.loads(self.cleaned_data["opened"], salt=SALT, max_age=SOONEST)
        except signing.SignatureExpired:
            return ""
        raise forms.ValidationError(_("That was very quick. Wait three seconds and send it again."))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest, kind: str, slug: str) -> HttpResponse:
    """Show the form, or keep what was sent and lead to where its answer will be."""
    check_parameters(request, set())
    shape = shape_called(kind)
    record = find_published(shape.model.objects.published(), slug)  # type: ignore[attr-defined]
    form = CorrectionForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                found = suggest(
                    record=record,
                    address=client_ip(request),
                    **{name: form.cleaned_data[name] for name in ("text", "source", "contact")},
                )
            except TooMany as error:
                status = 429
                form.add_error(None, str(error))
            else:
                return HttpResponseRedirect(found.get_absolute_url())
        # What was typed stays; a stale form starts anew, a quick one has only to wait.
        if form.has_error("opened", "stale"):
            form.data = {**request.POST.dict(), "opened": form.fields["opened"].initial}
    context = {"form": form, "record": record, "kind": kind}
    return render(request, "clusters/correct.html", context, status=status)


@never_cache
@require_safe
def correction(request: HttpRequest, token: str) -> HttpResponse:
    """Show a suggestion and its answer to whoever holds its address."""
    check_parameters(request, set())
    found = get_object_or_404(Correction, token=token)
    return render(request, "clusters/correction.html", {"correction": found})
