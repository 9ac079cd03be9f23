"""Every word that readers see can be translated: of templates by a tag, of code by a call.

What code says is read in a language that puts every translated message into brackets.
"""

import re
from gettext import NullTranslations
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, QueryDict
from django.urls import resolve
from django.utils import translation
from django.utils.translation import trans_real

from clusters.charts.timeline import KINDS as HAPPENINGS
from clusters.models import Cluster
from clusters.records.codebook import FIELD_WORDS
from clusters.templatetags.casebook import authors, months
from clusters.values.edtf import in_words
from interventions.analysis.matrix import DIRECTION_WORDS, GROUPS, SCORE_WORDS
from interventions.analysis.outcomes import PRESENCE, RULES
from interventions.models import Factor, Project
from interventions.selectors.project_detail import with_everything
from interventions.views.comparing import comparison_of
from interventions.views.projects import ORDER_WORDS, VIEWS
from interventions.views.searching import KINDS
from interventions.web.charts import CHARTS, chart_of

ROOT = Path(settings.BASE_DIR) / "templates"
TEMPLATES = sorted(
    str(path.relative_to(ROOT))
    for path in ROOT.rglob("*.html")
    if path.relative_to(ROOT).parts[0] != "admin"  # editors work in English
)
# The same in every language.
NAMES = {
    *(
        "Cluster Casebook",
        "CC BY 4.0",
        "ISIC",
        "BibTeX",
        "RIS",
        "CSV",
        "XLSX",
        "JSON",
        "PNG",
        "SVG",
    ),
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


class Marking(NullTranslations):
    """A language that puts whatever it translates into brackets."""

    def gettext(self, message):
        return f"⟦{message}⟧"

    def ngettext(self, singular, plural, number):
        return f"⟦{singular if number == 1 else plural}⟧"

    def to_language(self):
        return "qqq"


@pytest.fixture
def marking(seeded, monkeypatch):
    """Have everything said in that language; the seed was loaded before, in English."""
    monkeypatch.setitem(trans_real._translations, "qqq", Marking())
    with translation.override("qqq"):
        yield


def unmarked(texts):
    """Return those texts that have a letter outside all brackets, or say nothing."""
    found = []
    for whole in map(str, texts):
        text, before = whole, ""
        while text != before:
            text, before = re.sub("⟦[^⟦⟧]*⟧", "", text), text
        if text == whole or re.search(r"[^\W\d_]", text):
            found.append(whole)
    return found


def test_what_is_not_marked_is_found():
    assert unmarked(["⟦a⟧", "⟦of ⟦3 projects⟧⟧ (1)", "⟦a⟧ b", "of ⟦3 projects⟧", ""]) == [
        "⟦a⟧ b",
        "of ⟦3 projects⟧",
        "",
    ]


@pytest.mark.parametrize("name", CHARTS)
def test_every_sentence_and_head_of_a_chart_is_marked(marking, name):
    entry = CHARTS[name]
    projects, clusters = Project.objects.published().in_order(), Cluster.objects.published()
    query = QueryDict("cluster=sialkot" if entry.of == "cluster" else "")
    chart = chart_of(name, projects if entry.of == "projects" else clusters, query)
    names = {factor.short_name for factor in Factor.objects.all()}

    heads = [head for head in chart.head if head not in names]

    assert unmarked([chart.title, chart.reading, chart.source, chart.summary, *heads]) == []


def test_the_map_of_independent_evidence_is_marked_too(marking):
    chart = chart_of("evidence-map", None, QueryDict("works=independent"))

    assert unmarked([chart.title, chart.reading, chart.summary, *chart.head]) == []


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("factor-outcomes", "projects"),
        ("factor-shares", "projects"),
        ("project-length", "months"),
    ],
)
def test_units_and_legends_are_marked(marking, name, unit):
    figure = chart_of(name, Project.objects.published().in_order(), QueryDict()).figure

    assert figure.layout.xaxis.title.text == f"⟦{unit}⟧"
    # Scores are numbers in every language.
    assert unmarked(trace.name for trace in figure.data if not trace.name[:1].isdigit()) == []


@pytest.mark.parametrize(
    "address",
    [
        "/about/?colour=red",
        "/charts/?colour=red",
        "/charts/pie/",
        "/charts/money/?colour=red",
        "/charts/money/?year_from=1990&year_from=1991",
        "/charts/evidence-map/?colour=red",
        "/charts/evidence-map/?framework=none",
        "/charts/evidence-map/?works=some",
        "/charts/cluster-timeline/",
        "/charts/cluster-timeline/?cluster=none",
        "/clusters/none/",
        "/factors/donor-financed-csr-and-collective-action/brief-funding/evidence/",
        "/projects/?view=pie",
        "/projects/?ordering=size",
        "/projects/?page_size=1",
        "/projects/compare/?project=none",
        "/records/pies/none/versions/1/",
        "/search/?kind=pies",
        "/?cell=none",
        "/?cell=none/none/none",
        "/?order=none",
    ],
)
def test_refusals_are_marked(marking, rf, address):
    view, args, kwargs = resolve(urlsplit(address).path)

    with pytest.raises((BadRequest, Http404)) as refused:
        view(rf.get(address), *args, **kwargs)

    assert unmarked([str(refused.value)]) == []


def test_what_tables_of_words_and_filters_say_is_marked(marking):
    tables = (VIEWS, ORDER_WORDS, KINDS, FIELD_WORDS, HAPPENINGS)
    scales = (SCORE_WORDS, DIRECTION_WORDS, GROUPS, PRESENCE, RULES)
    dates = ("2008-03", "2008-03-11", "2005?", "199X", "2007-21", "[2006-09..2006-12]", "1998/..")

    assert unmarked(words for table in (*tables, *scales) for words in table.values()) == []
    assert unmarked(entry.words for entry in CHARTS.values()) == []
    assert unmarked(map(in_words, dates)) == []
    assert unmarked(map(months, (None, 1, 18, 36))) == []
    assert authors([{"literal": "A"}, {"literal": "B"}]) == "A⟦ and ⟧B"


def test_the_rows_of_a_comparison_are_marked(marking):
    lines = comparison_of(list(with_everything()[:2]))

    assert unmarked({line.group for line in lines}) == []
    assert unmarked(line.name for line in lines if line.group == "⟦Key facts⟧") == []
