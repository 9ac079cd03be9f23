"""Which format an answer has: what `format` names, else what `Accept` would rather have."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from rest_framework.exceptions import NotAcceptable, ValidationError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from clusters.i18n import not_known


@lru_cache(maxsize=1024)
def quality(media_type: str, accept: str) -> tuple[float, int]:
    """Return how gladly an Accept header takes a media type, from 0 to 1, and how exactly it says.

    What names it most exactly decides, as RFC 9110 has it: `text/csv;q=0, */*` takes all but CSV.

    >>> quality("text/csv", "application/json;q=0, text/*;q=0.5")
    (0.5, 1)
    """
    kind = media_type.partition("/")[0]
    exactness = {"*/*": 0, f"{kind}/*": 1, media_type: 2}
    found = (0.0, -1)
    for part in accept.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        exact = exactness.get(name, -1)
        if exact > found[1]:
            found = (_weight(parameters), exact)
    return found


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0


class Negotiation(DefaultContentNegotiation):
    """Weighs formats as the client does, and says which there are where none will do."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> Any:
        name = format_suffix or request.query_params.get(self.settings.URL_FORMAT_OVERRIDE)
        if name:
            renderers = self.filter_renderers(renderers, name)
        accept = ",".join(self.get_accept_list(request))
        best = max(renderers, key=lambda renderer: liking(renderer, accept))  # the first of several
        if not name and not liking(best, accept)[0]:
            known = ", ".join(
                f"{renderer.media_type} (format={renderer.format})" for renderer in renderers
            )
            raise NotAcceptable(f"This comes as none of what Accept names. Known: {known}.")
        return best, best.media_type

    def filter_renderers(
        self, renderers: Iterable[BaseRenderer], format: str
    ) -> list[BaseRenderer]:
        found = [renderer for renderer in renderers if renderer.format == format]
        if not found:
            known = [renderer.format for renderer in renderers]
            raise ValidationError({"format": not_known(format, known)})
        return found


def liking(renderer: BaseRenderer, accept: str) -> tuple[float, int]:
    """Return how gladly a client takes what a renderer writes, under any of its types."""
    own = quality(renderer.media_type, accept)
    if own == (0.0, 2):
        return own  # refused by its name
    types = (renderer.media_type, *getattr(renderer, "also", ()))
    return max(quality(media_type, accept) for media_type in types)
