"""Documents of the repository as pages: how to use the API, and what a case file holds."""

import re
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

from clusters.web.caching import public_page
from clusters.web.query_params import check_parameters

# The site that the documents speak of; a page speaks of its own.
SITE = "http://localhost:8000"


@public_page
def document(request: HttpRequest, name: str) -> HttpResponse:
    """Show one document of the repository, with the addresses of this casebook."""
    check_parameters(request, set())
    text = (Path(settings.BASE_DIR) / "docs" / f"{name}.md").read_text()
    site = request.build_absolute_uri("/").rstrip("/")
    title = text.partition("\n")[0].strip("# ")
    context = {"title": title, "text": as_html(text.replace(SITE, site))}
    return render(request, "clusters/document.html", context)


def as_html(text: str) -> SafeString:
    """Return Markdown of ours as HTML; other documents are found beside it.

    >>> as_html("Read [this](case-files.md).")
    '<p>Read <a href="../case-files/">this</a>.</p>\\n'
    """
    linked = re.sub(r"\]\(([-\w]+)\.md\)", r"](../\1/)", text)
    html = MarkdownIt("commonmark").enable("table").render(linked)
    # A block that is wider than the page can be moved by keys.
    return mark_safe(html.replace("<pre>", '<pre tabindex="0">'))  # noqa: S308 - ours, not theirs
