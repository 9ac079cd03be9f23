"""Parameters of an address: an unknown one is an error, not silence."""

from collections.abc import Iterable

from django.core.exceptions import BadRequest
from django.http import HttpRequest
from django.utils.translation import gettext as _

from clusters.i18n import known_words, short


def check_parameters(request: HttpRequest, known: Iterable[str]) -> None:
    """Raise BadRequest that names the first unknown parameter and says what exists."""
    allowed = sorted(known)
    for name in request.GET:
        if name not in allowed:
            raise BadRequest(
                _("There is no parameter “%(name)s” here. %(known)s")
                % {"name": short(name), "known": known_words(name, allowed)}
            )


def check_word(request: HttpRequest, name: str, known: str) -> None:
    """Raise BadRequest where a parameter that takes one word only has another one."""
    if request.GET.get(name, known) != known:
        raise BadRequest(_("%(name)s: only %(known)s is known.") % {"name": name, "known": known})
