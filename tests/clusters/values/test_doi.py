"""One DOI, however it is written."""

import pytest

from clusters.values.doi import bare_doi, doi_of_address


@pytest.mark.parametrize(
    ("written", "doi"),
    [
        ("10.1007/S10551-015-2940-6", "10.1007/s10551-015-2940-6"),
        ("https://doi.org/10.1007/s10551-015-2940-6?x=1", "10.1007/s10551-015-2940-6"),
        ("https://doi.org/10.1007/s10551-015-2940-6#sec", "10.1007/s10551-015-2940-6"),
        ("(10.1007/s10551-015-2940-6)", None),
        ("10.1007/s10551-015-2940-6)", "10.1007/s10551-015-2940-6"),
        ("10.1007/s10551-015-2940-6\u200b", "10.1007/s10551-015-2940-6"),
        ("https://doi.org/10.1016/S0305-750X%2899%2900076-1", "10.1016/s0305-750x(99)00076-1"),
        ("10.1016/S0305-750X(99)00076-1", "10.1016/s0305-750x(99)00076-1"),
        (
            "10.1002/(SICI)1099-1328(199908)11:5&lt;717::AID&gt;3.0",
            "10.1002/(sici)1099-1328(199908)11:5<717::aid>3.0",
        ),
        ("notadoi", None),
    ],
)
def test_a_doi_is_kept_in_one_form(written, doi):
    if doi is None:
        with pytest.raises(ValueError, match="is not a DOI"):
            bare_doi(written)
    else:
        assert bare_doi(written) == doi


def test_a_text_without_end_is_no_doi():
    with pytest.raises(ValueError, match="is not a DOI"):
        bare_doi("doi" * 700_000)


@pytest.mark.parametrize(
    ("address", "doi"),
    [
        ("https://doi.org/10.1007/S10551-015-2940-6", "10.1007/s10551-015-2940-6"),
        ("http://dx.doi.org/doi:10.1007/x", "10.1007/x"),
        ("https://example.org/10.1007/x", ""),
        ("https://doi.org/10.", ""),
        ("", ""),
    ],
)
def test_the_address_of_a_doi_is_known(address, doi):
    assert doi_of_address(address) == doi
