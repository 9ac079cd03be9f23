"""Every word that a template shows can be translated: none stands in it outside a translate tag."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR) / "templates"
TEMPLATES = sorted(
    str(path.relative_to(ROOT))
    for path in ROOT.rglob("*.html")
    if path.relative_to(ROOT).parts[0] != "admin"  # editors work in English
)
# The same in every language.
NAMES = {
    *("Cluster Casebook", "CC BY 4.0", "ISIC", "BibTeX", "RIS", "CSV", "JSON", "PNG", "SVG"),
    *("Atom", "API", "doi", "UTC"),
}
SPOKEN = {"aria-label", "title", "placeholder", "alt"}
# What is taken out first, in this order.
UNREAD = (
    r"{#.*?#}",
    r"{% comment.*?{% endcomment %}",
    r"<!--.*?-->",
    r"<(script|style)\b.*?</\1>",
    r"{% blocktranslate.*?{% endblocktranslate %}",
    r"{%.*?%}",
    r"{{.*?}}",
)


class Reader(HTMLParser):
    """Collects what people read or hear of a page; code is no language of theirs."""

    def __init__(self, page):
        super().__init__()
        self.found, self.in_code = [], False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.in_code = self.in_code or tag == "code"
        self.found += [value or "" for name, value in attrs if name in SPOKEN]

    def handle_endtag(self, tag):
        self.in_code = self.in_code and tag != "code"

    def handle_data(self, text):
        if not self.in_code:
            self.found.append(text)


def untranslated(template):
    """Return each text of a template that holds a word outside every tag of the template."""
    for pattern in UNREAD:
        template = re.sub(pattern, "", template, flags=re.DOTALL)
    names = "|".join(map(re.escape, NAMES))
    texts = [re.sub(rf"\b({names})\b", "", text) for text in Reader(template).found]
    return [" ".join(text.split()) for text in texts if re.search(r"[A-Za-z]{2}", text)]


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_word_of_a_template_stands_outside_a_translate_tag(name):
    """Comments, scripts, code and proper names aside, every text and spoken attribute is marked."""
    assert untranslated((ROOT / name).read_text()) == []


def test_a_word_that_is_not_marked_is_found():
    page = '<p title="{% translate "Here" %}">{{ n }} places in RIS<img alt="map"></p>{# no #}'
    assert untranslated(page) == ["places in", "map"]
