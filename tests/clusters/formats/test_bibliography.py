"""Habits of real reference managers, one in each file of tests/cases/literature: the right values."""

from pathlib import Path

import pytest

from clusters.formats.bibliography import Unreadable, read
from clusters.formats.citations import csl_date, csl_of, issued_of, work_reference
from clusters.models import Publication

LITERATURE = Path(__file__).parents[2] / "cases" / "literature"


def works_of(name):
    return read((LITERATURE / name).read_bytes())


def told(name):
    """What the works of a file come to: line, authors, title, date and short reference."""
    return [
        (
            work.line,
            work.names,
            work.document["title"],
            work.document.get("issued", {}).get("edtf", ""),
            work.document["cited_as"],
        )
        for work in works_of(name)
    ]


ONE_WORK = {
    "L01-wos-da.ris": (
        *(1, "Aslam, N; Berg, T", "Stitching and monitoring in a football cluster"),
        *("2021-06-10", "Aslam and Berg (2021)"),
    ),
    "L03-initials-nocomma.ris": (
        *(1, "Rehman, A.; Sato, D.G.", "Brick kilns and their inspectors"),
        *("2014", "Rehman and Sato (2014)"),
    ),
    "L06-single-space.ris": (
        *(1, "Rehman, A; Sato, D", "One space before the hyphen"),
        *("2009", "Rehman and Sato (2009)"),
    ),
    "L11-bom-crlf.ris": (
        *(1, "Müller, Jörg", "Einflüsse in der Lieferkette", "2003", "Müller (2003)"),
    ),
    "L12-cr-only.ris": (
        *(1, "Müller, Jörg", "Einflüsse in der Lieferkette", "2003", "Müller (2003)"),
    ),
    "L13-percent.bib": (
        *(1, "Rehman, Aisha", "Why 30% of the stitchers left, and where they went"),
        *("2008", "Rehman (2008)"),
    ),
    "L15-and-others.bib": (
        *(1, "Rehman, Aisha", "A work of many hands", "2020", "Rehman et al. (2020)"),
    ),
    "L18-string-month.bib": (
        *(3, "Rehman, Aisha", "Strings and months", "2010-06", "Rehman (2010)"),
    ),
    "L21-latex.bib": (
        1,
        "García Márquez, José; Ørsted, Søren; Čulafić, Dragana; Çelik, Ümit; de Oliveira, João; "
        "van der Berg, Jan; King Jr., Martin",
        "Child labor: “soft” law – and ’hard’ & real costs of £5 ($8) for 50% of $n$ firms",
        "2003",
        "García Márquez et al. (2003)",
    ),
    "L24-particles.json": (
        1,
        "dos Santos, Rafael; van der Meer, Gerard; King Jr., Martin",
        "A work by people with particles",
        "2016-12-01",
        "dos Santos et al. (2016)",
    ),
    "L26-markup.json": (
        *(1, "Rehman, Aisha", "Effects of the Atlanta agreement in R&D2 on firms"),
        *("2011", "Rehman (2011)"),
    ),
    "L29-editors.bib": (*(1, "", "The real world of clusters", "2010", "Sato et al. (2010)"),),
    "L31-nocomma-names.ris": (
        *(1, "Lopes, Catarina; World Bank", "Toward a Robust Analysis"),
        *("2015", "Lopes and World Bank (2015)"),
    ),
    "L32-header.ris": (*(6, "Rehman, A", "With a provider's header", "2001", "Rehman (2001)"),),
    "L34-unknown-format.txt": (
        *(1, "Rehman, A", "A title as PubMed exports it", "2017-11-15", "Rehman (2017)"),
    ),
    "L35-twice-a-field.bib": (
        *(1, "Rehman, Aisha; Sato, Daichi", "A field stands here twice"),
        *("2001", "Rehman and Sato (2001)"),
    ),
    "L36-tilde.bib": (
        *(1, "Nuñez, João; Muñoz, Ana", "Names with a tilde", "2001", "Nuñez and Muñoz (2001)"),
    ),
}


@pytest.mark.parametrize("name", ONE_WORK)
def test_a_work_is_read_as_its_program_meant_it(name):
    assert told(name) == [ONE_WORK[name]]


def test_every_kind_of_bibtex_has_its_own_or_is_a_document():
    kinds = [work.document["csl_type"] for work in works_of("L38-document-types.bib")]

    assert kinds == ["paper-conference", "document", "article-journal"]
    assert {type(kind) for kind in kinds} == {str}


def test_a_chapter_takes_from_the_book_that_it_names():
    chapter, book = works_of("L17-crossref.bib")

    assert chapter.document["container_title"] == "Global Civic Networks"
    assert (chapter.document["publisher"], chapter.document["issued"]) == (
        "Made Up Press",
        {"edtf": "2004"},
    )
    assert book.document["cited_as"] == "Sato and Mori (2004)"


def test_joined_values_and_named_strings_are_whole():
    (work,) = works_of("L18-string-month.bib")

    assert work.document["container_title"] == "Made Up Review Letters"
    assert work.document["publisher"] == "Made Up Press"


def test_what_latex_wants_before_a_sign_is_no_part_of_an_address():
    (work,) = works_of("L16-mendeley-doi.bib")

    assert work.document["doi"] == "10.5555/978-3-000-46803-6_26"
    assert work.document["web_address"] == "http://example.org/10.5555/978-3-000-46803-6_26%20x"


def test_dates_of_two_years_are_spans_and_keep_no_work_out():
    dates = [work.document["issued"]["edtf"] for work in works_of("L20-date-ranges.bib")]

    assert dates == ["2004/2006", "1999/2000", "2010-11", "1982/1983", "1991/1992", "1998~"]


def test_a_value_that_fits_no_field_is_left_out_and_said_to_be():
    first, second, third = works_of("L33-url.ris")

    assert "web_address" not in first.document
    assert first.left_out == [
        "“<Go to ISI>://WOS:000000000000001” is no web address. It is left out."
    ]
    assert second.document["web_address"] == "https://www.example.org/paper"
    assert third.left_out == []


def test_every_form_of_a_doi_is_the_same_doi():
    dois = [work.document["doi"] for work in works_of("L37-doi-forms.bib")]

    assert dois == [f"10.5555/abc.{number}" for number in (1, 2, 3, 4, 5)]


def test_a_record_without_an_end_keeps_only_itself_out():
    assert [work.problem for work in works_of("L08-missing-er.ris")] == [
        "This record has no end (ER).",
        "",
        "This record has no end (ER).",
    ]


@pytest.mark.parametrize(("name", "line"), [("L09-utf16.ris", 1), ("L10-cp1252.ris", 2)])
def test_another_encoding_is_refused_with_its_line(name, line):
    with pytest.raises(Unreadable, match=f"Line {line} is not UTF-8. Export the list again"):
        works_of(name)


WEB_OF_SCIENCE = """FN Clarivate Analytics Web of Science
VR 1.0
PT J
AU Aslam, N
   Berg, T
AF Aslam, Nadia
   Berg, Tove
TI Stitching and monitoring
   in a football cluster
SO JOURNAL OF MADE UP STUDIES
DT Article
PD JUN
PY 2021
VL 12
IS 3
BP 1
EP 20
DI 10.5555/wos.1
ER

EF
"""
ENDNOTE = """<?xml version="1.0" encoding="UTF-8"?><xml><records>
<record><ref-type name="Book Section">5</ref-type><contributors><authors>
<author><style face="normal">Rehman, Aisha</style></author><author>World Bank</author></authors>
</contributors><titles><title><style>Brick</style><style> kilns</style></title>
<secondary-title>Made Up Book</secondary-title></titles><pages>3-9</pages>
<dates><year>2012</year></dates><publisher>Made Up Press</publisher>
<electronic-resource-num>10.5555/en.1</electronic-resource-num><abstract>Long</abstract></record>
<record><ref-type name="Journal Article">17</ref-type><titles></titles></record>
</records></xml>
"""


NAMES = {
    "King, Martin Luther, Jr.": "King Jr., Martin Luther",
    "King, Jr., Martin": "King Jr., Martin",
    "Martin Luther King Jr.": "King Jr., Martin Luther",
    "World Bank,": "World Bank",
    "Saga Sports": "Sports, Saga",
}


@pytest.mark.parametrize("name", NAMES)
def test_suffixes_and_organisations_are_told_from_given_names(name):
    (work,) = read(f"TY  - JOUR\nAU  - {name}\nTI  - A work\nER  - \n".encode())

    assert work.names == NAMES[name]


def test_among_names_with_commas_one_without_is_an_organisation():
    (work,) = read(
        b"TY  - JOUR\nAU  - Khan, F. R.\nAU  - Saga Sports\nAU  - \nTI  - A work\nER  - \n"
    )

    assert work.document["authors"] == [
        {"family": "Khan", "given": "F. R."},
        {"literal": "Saga Sports"},
    ]


def test_names_joined_by_semicolons_are_several():
    (work,) = read(b"@misc{a, author={Khan, F. R.; Nadvi, K.}, title={T}, year={2005}}")

    assert work.names == "Khan, F. R.; Nadvi, K."


LANGUAGES = {
    b"TY  - JOUR\nTI  - T\nLA  - eng\nER  - \n": "en",
    b"@article{a, title={T}, langid={ngerman}}": "de",
    b"@article{a, title={T}, language={French}}": "fr",
    b"PMID- 1\nTI  - T\nLA  - ger\n": "de",
    b"PT J\nTI T\nLA English\nER\n": "en",
    b"<xml><records><record><titles><title>T</title></titles>"
    b"<language>Urdu</language></record></records></xml>": "ur",
    b'[{"id": "a", "title": "T", "language": "en_US"}]': "en-US",
}


@pytest.mark.parametrize("text", LANGUAGES)
def test_every_format_says_the_language(text):
    (work,) = read(text)

    assert work.document["language"] == LANGUAGES[text]


def test_a_language_that_is_unknown_is_said_to_be_left_out():
    (work,) = read(b"TY  - JOUR\nTI  - T\nLA  - Klingonese\nER  - \n")

    assert "language" not in work.document
    assert "Unknown language “Klingonese”." in " ".join(work.left_out)


def test_a_chapter_of_pubmed_names_its_book():
    (work,) = read(b"PMID- 1\nTI  - A chapter.\nBTI - The whole book.\nDP  - 2010\n")

    assert work.document["csl_type"] == "chapter"
    assert work.document["container_title"] == "The whole book"


def test_a_journal_has_its_full_name_where_both_are_given():
    (work,) = read(
        b"TY  - JOUR\nTI  - T\nJO  - J. M. U. S.\nJF  - Journal of Made Up Studies\nER  - \n"
    )

    assert work.document["container_title"] == "Journal of Made Up Studies"


def test_web_of_science_text_is_read():
    (work,) = read(WEB_OF_SCIENCE.encode())

    assert work.line == 3
    assert work.document == {
        "csl_type": "article-journal",
        "authors": [
            {"family": "Aslam", "given": "Nadia"},
            {"family": "Berg", "given": "Tove"},
        ],
        "title": "Stitching and monitoring in a football cluster",
        "issued": {"edtf": "2021-06"},
        "container_title": "JOURNAL OF MADE UP STUDIES",
        "volume": "12",
        "issue": "3",
        "page": "1–20",
        "doi": "10.5555/wos.1",
        "cited_as": "Aslam and Berg (2021)",
    }


def test_endnote_xml_is_read():
    first, second = read(ENDNOTE.encode())

    assert (first.line, second.line) == (2, 8)
    assert second.problem == "It has no title."
    assert first.left_out == ["Not kept: abstract."]
    assert first.document == {
        "csl_type": "chapter",
        "authors": [{"family": "Rehman", "given": "Aisha"}, {"literal": "World Bank"}],
        "title": "Brick kilns",
        "issued": {"edtf": "2012"},
        "container_title": "Made Up Book",
        "page": "3–9",
        "publisher": "Made Up Press",
        "doi": "10.5555/en.1",
        "cited_as": "Rehman and World Bank (2012)",
    }


@pytest.mark.parametrize(
    ("edtf", "year", "csl"),
    [
        ("2008-03", {"year": "2008", "month": "3"}, {"date-parts": [[2008, 3]]}),
        ("[2006-09..2006-12]", {"year": "2006"}, {"date-parts": [[2006]]}),
        ("[2003..2004]", {"year": "2003"}, {"date-parts": [[2003], [2004]]}),
        ("2005/2008", {"year": "2005"}, {"date-parts": [[2005], [2008]]}),
        ("2009~", {"year": "2009"}, {"date-parts": [[2009]], "circa": True}),
        ("199X", {"year": ""}, {"literal": "the 1990s"}),
        ("", {"year": ""}, {}),
    ],
)
def test_exports_keep_the_year_of_an_uncertain_date_and_months_where_known(edtf, year, csl):
    found = issued_of(edtf)

    assert {name: found.get(name, "") for name in ("year", "month")} == {"month": "", **year}
    assert csl_date(edtf) == csl


@pytest.mark.parametrize("form", ["bibtex", "ris"])
def test_a_family_name_of_several_words_comes_back_as_one(form):
    names = [{"family": "De Neve"}, {"family": "Puppim de Oliveira"}, {"literal": "ILRF"}]
    work = Publication(slug="x", csl_type="book", title="Names", authors=names, issued="2009~")

    (found,) = read(getattr(work_reference(work), form).encode())

    assert found.document["authors"] == names
    assert csl_of(work)["author"] == names


@pytest.mark.parametrize(
    ("month", "edtf"),
    [
        ("{July--August}", "2006-07/2006-08"),
        ('jul # "/" # aug', "2006-07/2006-08"),
        ("{Sept.}", "2006-09"),
        ("sep", "2006-09"),
        ("{7}", "2006-07"),
        ("{Easter}", "2006"),
    ],
)
def test_months_of_bibtex_are_one_or_a_span(month, edtf):
    (found,) = read(f"@article{{a, title={{x}}, year=2006, month={month}}}".encode())

    assert found.document["issued"]["edtf"] == edtf


def test_a_month_that_there_is_not_is_no_year():
    (found,) = read(b'[{"title": "x", "issued": {"date-parts": [[2006, 13]]}}]')

    assert found.document is None
    assert found.problem


def test_entries_without_a_key_give_nothing_to_others():
    list_of = (
        b"@article{, author={Aslam, Nadia}, title={First}, journal={World Development}, year=1999}\n"
        b"@techreport{, author={Khan, F.}, title={Second}}\n"
    )
    first, second = read(list_of)

    assert first.document["container_title"] == "World Development"
    assert second.document.keys() == {"csl_type", "authors", "title", "cited_as"}


def test_an_entry_with_a_comma_missing_is_told_and_the_others_are_read():
    broken = b'@book{a, title="Missing comma" year=2007}\n@book{b, title={Whole}, year=2008}\n'
    told, whole = read(broken)

    assert "comma is missing" in told.problem
    assert whole.document["title"] == "Whole"


@pytest.mark.parametrize(
    ("text", "edtf", "left_out"),
    [
        ("TY  - JOUR\nTI  - A\nDA  - 2006/Jul/15\nER  - \n", "2006-07-15", 0),
        ("TY  - JOUR\nTI  - A\nDA  - 2006/Spring\nER  - \n", "2006-21", 0),
        ("TY  - JOUR\nTI  - A\nPY  - 2006/00/00\nER  - \n", "2006", 0),
        ("TY  - JOUR\nTI  - A\nPY  - 2006/13/\nER  - \n", "2006", 2),
        ("TY  - JOUR\nTI  - A\nPY  - 2006///Spring\nER  - \n", "2006-21", 0),
        ("TY  - JOUR\nTI  - A\nDA  - 15 July\nPY  - 2006\nER  - \n", "2006-07-15", 0),
        ("PMID- 1\nTI  - A\nDP  - 1998 Dec-1999 Jan\n", "1998-12/1999-01", 0),
        ("PMID- 1\nTI  - A\nDP  - 2000 Spring-2001 Winter\n", "2000-21/2001-24", 0),
        ("TY  - JOUR\nTI  - A\nPY  - 1999/00\nER  - \n", "1999/2000", 0),
        ("@book{a, title={A}, year=2006, month=13}", "2006", 1),
        ('@book{a, title={A}, year=2006, month=jul # "~15"}', "2006-07-15", 0),
        ('@book{a, title={A}, year=2006, month="15~" # jul}', "2006-07-15", 0),
        ("@book{a, title={A}, year={2006--07}}", "2006/2007", 0),
        ("@book{a, title={A}, date={2006-02-30}}", "2006", 2),
        ("PT J\nTI A\nPD FAL\nPY 2006\nER\n", "2006-23", 0),
        ('[{"title": "A", "issued": {"date-parts": [[2006, 2, 30]]}}]', "2006", 2),
        ('[{"title": "A", "issued": {"date-parts": [[2006, 0, 0]]}}]', "2006", 0),
        ('[{"title": "A", "issued": {"date-parts": [[2006, "Jul"]]}}]', "2006-07", 0),
        ('[{"title": "A", "issued": {"date-parts": [[2006]], "season": "spring"}}]', "2006-21", 0),
    ],
)
def test_a_date_is_read_whole_or_what_is_lost_of_it_is_said(text, edtf, left_out):
    (work,) = read(text.encode())

    assert (work.document["issued"]["edtf"], len(work.left_out)) == (edtf, left_out)


@pytest.mark.parametrize(
    ("text", "names", "cited"),
    [
        (
            "@book{a, title={A}, year=2004, author={Farzad Khan AND Khalid Nadvi}}",
            *("Khan, Farzad; Nadvi, Khalid", "Khan and Nadvi (2004)"),
        ),
        (
            "TY  - BOOK\nTI  - A\nPY  - 2004\nAU  - Khan, F.; Nadvi, K.\nER  - \n",
            *("Khan, F.; Nadvi, K.", "Khan and Nadvi (2004)"),
        ),
        (
            "TY  - BOOK\nTI  - A\nPY  - 2004\nAU  - Khan, F.; World Bank\nER  - \n",
            *("Khan, F.; World Bank", "Khan and World Bank (2004)"),
        ),
        (
            "PMID- 1\nTI  - A\nDP  - 2004\nAU  - Khan F\nAU  - et al.\n",
            *("Khan, F", "Khan et al. (2004)"),
        ),
    ],
)
def test_every_author_of_a_list_is_one(text, names, cited):
    (work,) = read(text.encode())

    assert (work.names, work.document["cited_as"]) == (names, cited)


def test_signs_of_a_title_are_no_markup():
    (work,) = read(b"TY  - JOUR\nTI  - Where x<i and j>k, <i class='x'>really</i>\nER  - \n")

    assert work.document["title"] == "Where x<i and j>k, really"


def test_the_address_of_a_doi_is_the_doi():
    url = b"https://doi.org/10.1007/s10551-015-2940-6"
    (work,) = read(b"TY  - JOUR\nTI  - A\nUR  - " + url + b"\nER  - \n")

    assert work.document["doi"] == "10.1007/s10551-015-2940-6"
    assert "web_address" not in work.document


HOSTILE = {
    "names without end": b"@misc{a, title={x}, author={" + b"a and " * 60_000 + b"}}",
    "commas without end": b"@misc{a, title={x}, author={" + b"," * 100_000 + b"}}",
    "braces without end": b"@misc{a, title={" + b"{" * 200_000 + b"}}",
    "entries without end": b"@a{" * 50_000,
    "LaTeX without end": b"@misc{a, title={" + b"\\a{" * 100_000 + b"}}",
    "identities without end": b"[" + b'{"id": "x"},' * 60_000 + b"{}]",
    "depth without end": b"[" * 500_000,
    "tags without end": b"TY  - JOUR\n" + b"AU  - Khan, F\n" * 60_000 + b"TI  - x\nER  - \n",
    "lines without tags": b"PMID- 1\n" + b"      x\n" * 200_000,
    "elements without end": b"<xml><records>" + b"<record>" * 100_000,
    "empty lines without end": b"@a{b, title={x}}" + b"\n" * 1_900_000,
    "strings of strings": b'@string{s0="'
    + b"x" * 1_000
    + b'"}'
    + b"".join(
        b"@string{s%d = %s}" % (number, b" # ".join([b"s%d" % (number - 1)] * 10))
        for number in range(1, 8)
    )
    + b"@article{a, title = s7}",
    "parts without end": b"@a{b, title = " + b" # ".join([b"{a}"] * 200_000) + b"}",
    "fractions in fractions": b"".join(
        b"@a{a%d, title={%s}}\n" % (number, b"$\\frac{" * 150 + b"}" * 150)
        for number in range(1_000)
    ),
    "identities in values": b'[{"title": "a", "x": ['
    + b",".join([b'{"id": 1}'] * 150_000)
    + b"]},"
    + b",".join(b'{"id": "\\u0061%d", "title": "b"}' % number for number in range(1_900))
    + b"]",
    "a space without end": b"PMID- 1\nTI  - x\nPG  - 1" + b" " * 100_000 + b"x\n",
    "lines that go on without end": b"TY  - JOUR\nTI  - x\n" + b"ab\n" * 450_000 + b"ER  - \n",
    "records in records": b"<xml><records>"
    + b"<record><titles><title>" * 1_990
    + b"x" * 1_800_000
    + b"</title></titles></record>" * 1_990
    + b"</records></xml>",
    "half a letter": b'[{"title": "x\\ud800"}]',
    "entities": b'<!DOCTYPE x [<!ENTITY a "aaaa">]><xml><records>&a;</records></xml>',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_list_ends_soon_in_works_or_in_words(name):
    """Bounded by the test's own process: 5 seconds of processor time end it with a signal."""
    import resource
    import subprocess
    import sys

    code = (
        "import django, sys; django.setup()\n"
        "from clusters.formats.bibliography import read, Unreadable\n"
        "try: print(len(read(sys.stdin.buffer.read())))\n"
        "except Unreadable as error: print(error)\n"
    )

    def limited():
        resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
        resource.setrlimit(resource.RLIMIT_AS, (3_000_000_000, 3_000_000_000))

    done = subprocess.run(
        [sys.executable, "-c", code],
        input=HOSTILE[name],
        capture_output=True,
        preexec_fn=limited,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-500:]
    assert done.stdout.strip()


@pytest.mark.parametrize("text", ["[]", "<xml></xml>", '@string{jwd = "World Development"}'])
def test_a_list_without_works_says_so(text):
    with pytest.raises(Unreadable, match="No work was found in it"):
        read(text.encode())


def test_further_addresses_and_other_dois_are_said_to_be_left_out():
    (work,) = read(
        b"TY  - JOUR\nTI  - A\nDO  - 10.1007/a\nUR  - https://doi.org/10.1007/b\n"
        b"UR  - https://example.org/a\nUR  - https://example.org/b\nER  - \n"
    )

    assert (work.document["doi"], work.document["web_address"]) == (
        "10.1007/a",
        "https://example.org/a",
    )
    assert work.left_out == ["Not kept: 10.1007/b.", "Not kept: https://example.org/b."]
