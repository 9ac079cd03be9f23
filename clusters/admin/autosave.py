"""What is typed and not saved yet, kept for whoever typed it."""

import uuid
from typing import Any

from django.contrib import messages
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clusters.admin.urls import admin_url
from clusters.models import FormDraft, Root, User
from clusters.models.roles import may_enter
from clusters.records.schema import record_schema, record_schemas
from clusters.values.cleaning import record_number

# A form as large as the largest case, several times over.
LONGEST = 5_000_000
# Forms of one person that are kept; the oldest make room.
MOST = 200


@require_POST
def keep(request: HttpRequest) -> JsonResponse:
    """Keep what is typed into a form; it replaces what was kept of the same open page."""
    user: Any = request.user
    if not may_enter(user):
        raise Http404
    token = token_of(request.POST.get("token", ""))
    kind = request.POST.get("kind", "")
    data = request.POST.urlencode()
    if token is None or kind not in record_schemas() or len(data) > LONGEST:
        return JsonResponse({"problem": "This is not a form of the desk."}, status=400)
    values = {
        "kind": kind,
        "object_id": record_number(request.POST.get("object", "")),
        # A new record has no heading yet: what it is going to be called.
        "title": next(
            (words for name in ("heading", "title", "name") if (words := request.POST.get(name))),
            "",
        )[:300],
        "data": data,
        "discarded_at": None,
    }
    # Under the token of another person nothing is found, and a new row cannot have it.
    kept, is_new = FormDraft.objects.get_or_create(token=token, defaults={"user": user, **values})
    if kept.user_id != user.pk:
        return JsonResponse({"problem": "This is not a form of yours."}, status=400)
    if not is_new:
        for name, value in values.items():
            setattr(kept, name, value)
        kept.save()
    else:
        old = FormDraft.objects.filter(user=user).values_list("pk", flat=True)[MOST:]
        FormDraft.objects.filter(pk__in=list(old)).delete()
    return JsonResponse({"at": f"{localtime(kept.at):%H:%M}"})


@require_POST
def discard(request: HttpRequest) -> HttpResponse:
    """Throw away what was kept of one form, and redirect to where the user came from."""
    token = token_of(request.POST.get("token", ""))
    form = FormDraft.objects.filter(user=request.user, pk=token).first()  # type: ignore[misc]
    if form is not None:
        FormDraft.objects.filter(pk=form.pk).update(discarded_at=now())
        messages.success(
            request,
            format_html(
                '{} <a href="{}">{}</a>',
                _("Thrown away: %(title)s.") % {"title": form.title or _("a form without a title")},
                address_of_form(form),
                _("Bring it back"),
            ),
        )
    back = request.POST.get("back", "")
    is_ours = back.startswith("/") and not back.startswith("//")
    return HttpResponseRedirect(back if is_ours else reverse("admin:index"))


def address_of_form(form: FormDraft) -> str:
    """Return the page on which one goes on with a form."""
    return f"{admin_url(form.kind, form.object_id)}?unfinished={form.token}"


def token_of(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def unfinished_of(user: User, model: type[Root], record: Root | None) -> models.QuerySet[FormDraft]:
    """Return what somebody has not saved yet of a record, or of new ones of its kind.

    What was thrown away is among it.
    """
    return FormDraft.objects.filter(
        user=user, kind=record_schema(model).folder, object_id=None if record is None else record.pk
    )
