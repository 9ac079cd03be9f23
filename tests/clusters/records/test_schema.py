from django.apps import apps

from clusters.models import CitationUse
from clusters.models.fields import companion_names
from clusters.records.citation_cover import is_asserted
from clusters.records.schema import NOT_IN_FILES, record_schema, record_schemas


def all_shapes():
    found = list(record_schemas().values())
    for shape in found:
        found += shape.children.values()
    return found


# What says nothing about the world, and why.
EXEMPT = {
    "slug": "the casebook's name for it",
    "key": "the casebook's name for it",
    "language": "of our own text",
    "is_pseudonym": "follows from its source",
    "pseudonym_source": "is a source itself",
    "pseudonym_note": "for editors",
    "csl_type": "what the work says of itself",
    "authors": "what the work says of itself",
    "note": "about the reference",
    "study": "our name for it",
    "short_name": "the head of a column",
    "round": "where the coding stands",
    "coder": "who reads, not what is read",
    "resolution": "how the coders settled it",
    "name": "of the casebook's own vocabulary",
    "definition": "of the casebook's own vocabulary",
    "orcid": "of a person",
    "consents_to_be_named": "of a person",
}
VOCABULARIES = {"stakeholdergroup", "outcomedimension", "contributor"}


def test_every_field_is_in_the_files_or_is_the_casebooks_own():
    for shape in all_shapes():
        written = {field.name for field in shape.fields} | NOT_IN_FILES
        written |= set(companion_names(shape.model)) | {getattr(shape.model, "parent_field", "")}
        columns = {column.name for column in shape.model._meta.concrete_fields}
        assert columns - written == set(), shape.model


def test_every_descriptive_field_must_be_cited_but_for_a_short_list():
    exempt = {
        (shape.kind, field.name)
        for shape in all_shapes()
        for field in shape.fields
        if not is_asserted(shape, field.name)
    }
    unexplained = {
        (kind, name)
        for kind, name in exempt
        if name not in EXEMPT or (name in ("name", "definition") and kind not in VOCABULARIES)
    }
    assert unexplained == set()


def test_every_kind_that_asserts_something_can_be_cited():
    without = {shape.kind for shape in all_shapes() if shape.citations is None}
    assert without == {"contributor"}


def test_citations_have_both_ends_in_the_database():
    uses = [model for model in apps.get_models() if issubclass(model, CitationUse)]
    assert len(uses) == 22
    for model in uses:
        assert record_schema(model._meta.get_field("target").related_model).citations is model
        assert model._meta.get_field("citation").remote_field.on_delete.__name__ == "PROTECT"
