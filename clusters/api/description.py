"""The API's description (OpenAPI 3.1): parameters, bodies, answers and errors of every operation.

Shapes of answers come from the serializers, of bodies from `bodies`, of filters from the
filtersets; examples from the Sialkot case, as `examples.json` has it.
"""

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django_filters
from django.db import models
from django.utils.choices import flatten_choices, normalize_choices
from drf_spectacular.authentication import SessionScheme
from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerFieldExtension,
)

from clusters.api.bodies import components, create_name, patch_name
from clusters.api.files import FileRenderer
from clusters.api.proposals import PROPOSAL
from clusters.api.renderers import SPARSE
from clusters.models import State
from clusters.published import fields as api_fields
from clusters.records.json_schema import ref
from clusters.records.schema import record_schema
from clusters.web.filters import CodeFilter, CountryFilter, SeveralFilter, WordsFilter
from clusters.web.problems import CONTENT_TYPE, MEANINGS, TYPES

if TYPE_CHECKING:
    from clusters.api.base import RecordViewSet

EXAMPLES = Path(__file__).with_name("examples.json")
# The site that examples are of; each casebook has its own.
EXAMPLE_SITE = "http://localhost:8000"
PROBLEM = {
    "type": "object",
    "description": "Why a request was refused (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {**api_fields.TEXT, "description": "An address that explains it."},
        "title": api_fields.TEXT,
        "status": api_fields.NUMBER,
        "detail": api_fields.TEXT,
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["detail"],
                "properties": {
                    "parameter": {**api_fields.TEXT, "description": "Of the address."},
                    "pointer": {**api_fields.TEXT, "description": "Into the body (RFC 6901)."},
                    "detail": api_fields.TEXT,
                },
            },
        },
        "conflicts": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "now", "proposed"],
                "properties": {"field": api_fields.TEXT, "now": {}, "proposed": {}},
            },
        },
    },
}
REMOVED = {
    "type": "object",
    "properties": {
        "removed": api_fields.ADDRESS,
        "undo": {**api_fields.ADDRESS, "description": "POST here brings it back."},
        "withdrawn": api_fields.ADDRESS,
        "reason": api_fields.TEXT,
    },
}
# What each kind of request may be refused with.
READING = (400, 401, 403, 404, 406, 429)
REFUSALS = {
    "GET": READING,
    "POST": (*READING, 409, 413, 415, 422),
    "PATCH": (*READING, 409, 412, 413, 415, 428),
    "DELETE": (*READING, 409, 412, 428),
}
HEADERS = {
    "ETag": "Strong; send it as If-None-Match, or as If-Match with a change.",
    "Last-Modified": "When it last changed.",
    "RateLimit": "What is left of the limit, and when it begins anew.",
    "RateLimit-Policy": "How many requests in how many seconds.",
}
# Values of parameters that Sialkot has.
KNOWN = {
    "country": "PK",
    "cluster": "sialkot",
    "q": "child labour",
    "actual_start__gte": "1997-01-01",
    "actual_start__lte": "2010-12-31",
    "running_on": "2008-06-01",
    "year_from": 1997,
    "year_to": 2010,
    "author": "Lund-Thomsen",
    "method": "interviews",
    "since": 0,
    "page": 1,
    "page_size": 50,
    "cursor": "",
    "facets": ["country", "ending"],
    "framework": "donor-financed-csr-and-collective-action",
    "kind": "projects",
    "state": "open",
    "format": "json",
    "reason": "The source gives another year",
    "number": 1,
    "act": "approve",
    "isic": "3230",
    "coder": "coder-1",
    "works": "independent",
}
# What parameters mean that say nothing of themselves.
WORDS = {
    "page": "The number of the page, from 1.",
    "page_size": "How many rows a page has.",
    "number": "Its number.",
    "act": "What to do with it.",
    "name": "Its name.",
    "state": "In which state they are.",
    "format": "The format of the answer; else what Accept asks for.",
}


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "clusters.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A token of your own, from /sign-in/tokens/. Reading needs none.",
        }


class BrowserScheme(SessionScheme):
    """The session of a browser, as REST framework's own is described."""

    target_class = "clusters.api.authentication.SessionAuthentication"


class CodedFieldSchema(OpenApiSerializerFieldExtension):
    """A coded value names its codes, and says what each means."""

    target_class = api_fields.CodedField
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        labels = {str(code): str(label) for code, label in self.target.labels.items() if code != ""}
        code: dict[str, Any] = {"type": "string"}
        if len(labels) < 60:
            code["enum"] = list(labels)
            code["description"] = "; ".join(f"`{name}`: {label}" for name, label in labels.items())
        coded = {
            "type": "object",
            "required": ["code", "label"],
            "properties": {"code": code, "label": {"type": "string"}},
        }
        if isinstance(self.target, api_fields.CodedListField):
            return {"type": "array", "items": coded}
        return {"oneOf": [coded, {"type": "null"}]}


class Description:
    """What drf-spectacular cannot know of one operation."""

    def __init__(self, view: Any, method: str) -> None:
        self.view, self.method = view, method

    def complete(self, operation: dict[str, Any]) -> None:
        """Give an operation its parameters, bodies, answers, errors, security and examples."""
        operation.setdefault("parameters", [])
        if hasattr(self.view, "model"):
            self.complete_record(operation)
        elif filterset := getattr(self.view, "filterset_class", None):
            operation["parameters"] += [
                filter_parameter(name, found) for name, found in filterset.base_filters.items()
            ]
        operation["parameters"] += getattr(self.view, "further_parameters", [])
        named: dict[str, Any] = {
            parameter["name"]: parameter for parameter in operation.get("parameters", [])
        }
        for name, parameter in named.items():
            parameter["description"] = parameter.get("description") or WORDS.get(name, "")
            if "example" not in parameter and (known := self.example_of(name)) is not None:
                parameter["example"] = known
        responses = operation["responses"]
        for status in REFUSALS[self.method]:
            responses.setdefault(str(status), problem(status))
        if self.method == "GET":
            responses["304"] = {"description": "Nothing has changed since If-None-Match."}
            operation["security"] = [{}, {"token": []}]
        else:
            if not hasattr(self.view, "model"):
                operation["parameters"].append(DRY_RUN)
            operation["security"] = [{"token": []}, {"cookieAuth": []}]
        for status, response in responses.items():
            if status in ("200", "201", "202"):
                response["description"] = response.get("description") or "As asked."
                response["headers"] = {
                    name: {"description": words, "schema": {"type": "string"}}
                    for name, words in HEADERS.items()
                }

    def example_of(self, name: str) -> Any:
        own = getattr(self.view, "examples", {})
        if name in own:
            return own[name]
        if name in ("slug", "name") and hasattr(self.view, "model"):
            return identity_of(self.view.model)
        return KNOWN.get(name)

    def complete_record(self, operation: dict[str, Any]) -> None:
        """Give an operation of records its parameters, body and answers."""
        view = self.view
        described = operation.get("parameters", [])
        parameters = [parameter for parameter in described if parameter["in"] == "path"]
        for parameter in parameters:
            parameter["description"] = (
                "Its slug." if view.is_root else "Slug of its root, then its key, with a slash."
            )
        if view.action == "list":
            parameters += self.complete_list(operation)
        elif view.action == "retrieve":
            parameters += self.complete_retrieve(operation)
        elif view.action == "create":
            parameters += self.complete_create(operation)
        elif view.action in ("partial_update", "destroy"):
            parameters += self.complete_change(operation)
        elif view.action == "history":
            operation["responses"] |= moved_or_gone()
        else:  # facets, scores
            own = [parameter for parameter in described if parameter["name"] in KNOWN_OWN]
            parameters += [*own, *self.filters()]
        operation["parameters"] = sorted(
            parameters, key=lambda parameter: (parameter["in"], parameter["name"])
        )

    def complete_list(self, operation: dict[str, Any]) -> list[dict[str, Any]]:
        """Give a list its answers; return the parameters that it takes besides its path."""
        view, model = self.view, self.view.model
        responses = operation["responses"]
        page = responses["200"]["content"]["application/json"]["schema"]
        example = {
            "count": 1,
            "count_is_exact": True,
            "next": None,
            "previous": None,
            "results": [without_parts(model, example_of(model))],
        }
        some = ref(f"Paginated{sparse_name(model)}List")
        responses["200"] = {
            "content": {
                "application/json": {"schema": page, "example": example},
                SPARSE: {"schema": some},
                **self.files(),
            }
        }
        parameters = [*self.filters(), *self.paging(), ORDERING(view), FIELDS(view), self.formats()]
        return [*parameters, STATE] if view.is_root else parameters

    def complete_retrieve(self, operation: dict[str, Any]) -> list[dict[str, Any]]:
        """Give a record at its own address its answers; return what it takes besides its path."""
        model = self.view.model
        whole = ref(serializer_name(model, has_parts=True))
        operation["responses"]["200"] = {
            "content": {
                "application/json": {"schema": whole, "example": example_of(model)},
                SPARSE: {"schema": ref(sparse_name(model))},
            }
        }
        operation["responses"] |= moved_or_gone()
        return [FIELDS(self.view)]

    def complete_create(self, operation: dict[str, Any]) -> list[dict[str, Any]]:
        """Give a creation its body and answers; return what it takes besides its path."""
        view, model = self.view, self.view.model
        body: dict[str, Any] = ref(create_name(model))
        answer: dict[str, Any] = ref(serializer_name(model, has_parts=True))
        if view.is_root:
            body = {"anyOf": [body, {"type": "array", "items": body, "minItems": 1}]}
            answer = {"anyOf": [answer, ref(f"{model.__name__}Created")]}
        operation["requestBody"] = {"required": True, "content": as_json(body)}
        responses = operation["responses"]
        responses["200"] = {"description": "It was only tried.", "content": as_json(answer)}
        responses["201"] = {"content": as_json(answer)}
        if not view.is_root:
            responses["202"] = {"content": as_json(ref("Proposal"))}
        return [KEY, REASON, DRY_RUN]

    def complete_change(self, operation: dict[str, Any]) -> list[dict[str, Any]]:
        """Give a change or deletion its body and answers; return what it takes besides its path."""
        model = self.view.model
        is_deletion = self.view.action == "destroy"
        is_removed = is_deletion and self.view.is_root
        if not is_deletion:
            content = {
                kind: {"schema": ref(patch_name(model))}
                for kind in ("application/json", "application/merge-patch+json")
            }
            operation["requestBody"] = {"required": True, "content": content}
        kept = root_name(model) if is_deletion else serializer_name(model, has_parts=True)
        responses = operation["responses"]
        responses.pop("204", None)
        responses["200"] = {"content": as_json(ref("Removed" if is_removed else kept))}
        if not is_removed:
            responses["202"] = {"content": as_json(ref("Proposal"))}
        return [IF_MATCH, REASON, DRY_RUN]

    def filters(self) -> list[dict[str, Any]]:
        return [
            filter_parameter(name, found)
            for name, found in self.view.filterset_class.base_filters.items()
        ]

    def paging(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.view.pagination_class().get_schema_operation_parameters(
            self.view
        )
        return found

    def formats(self) -> dict[str, Any]:
        known = [renderer.format for renderer in self.view.renderer_classes]
        return parameter("format", {"type": "string", "enum": known}, "")

    def files(self) -> dict[str, Any]:
        """Return what lists look like in the formats of files."""
        found = {}
        for renderer in self.view.renderer_classes:
            if issubclass(renderer, FileRenderer):
                kind = "object" if "geo+json" in renderer.media_type else "string"
                kind = "array" if "csl+json" in renderer.media_type else kind
                schema = {"type": kind, **({"items": {}} if kind == "array" else {})}
                media_type = renderer.content_type.partition(";")[0]
                found[media_type] = {"schema": schema}
        return found


def filter_parameter(name: str, found: django_filters.Filter) -> dict[str, Any]:
    """Return the description of a filter; several values are a list with commas between them."""
    label = str(found.label or name)
    words = f"Not: {label}" if name.endswith("__not") else label
    schema: dict[str, Any] = {"type": "string"}
    example: Any = KNOWN.get(name.removesuffix("__not"))
    if isinstance(found, CountryFilter):
        schema["pattern"] = "^[A-Za-z]{2}$"
    elif isinstance(found, CodeFilter):
        pairs: Any = flatten_choices(normalize_choices(found.extra["choices"]))
        labels = {str(code): str(text) for code, text in pairs if code not in ("", None)}
        schema["enum"] = list(labels)
        words += ". " + "; ".join(f"`{code}`: {text}" for code, text in labels.items())
        example = next(iter(labels))
    elif isinstance(found, django_filters.TypedChoiceFilter):
        schema["enum"], example = ["true", "false"], "true"
    elif isinstance(found, django_filters.DateFilter):
        schema["format"], example = "date", example or "2008-06-01"
    elif isinstance(found, django_filters.NumberFilter):
        bounds = {"minimum": found.extra.get("min_value"), "maximum": found.extra.get("max_value")}
        schema = {
            "type": "number",
            **{name: value for name, value in bounds.items() if value is not None},
        }
        example = example or 12
    elif isinstance(found, WordsFilter) or found.extra.get("max_length"):
        schema |= {"minLength": 1, "maxLength": found.extra.get("max_length")}
        example = example or "labour"
    if not isinstance(found, SeveralFilter):
        return parameter(name, schema, words, example=example)
    model = getattr(found, "target", None) or found.extra.get("model")
    example = example or (identity_of(model) if model else None) or KNOWN_BY_FILTER.get(name)
    ending = getattr(found, "example_ending", "")
    return listed(name, schema, words, None if example is None else f"{example}{ending}")


def listed(name: str, items: dict[str, Any], words: str, example: Any) -> dict[str, Any]:
    """Return the description of a parameter that takes several values, with commas between them."""
    return {
        **parameter(name, {"type": "array", "minItems": 1, "items": items}, words),
        **({} if example is None else {"example": [example]}),
        "style": "form",
        "explode": False,
    }


KNOWN_BY_FILTER = {"isic": "3230"}
KNOWN_OWN = ("facets", "framework")


def parameter(
    name: str, schema: dict[str, Any], words: str, *, example: Any = None, where: str = "query"
) -> dict[str, Any]:
    found = {"name": name, "in": where, "required": False, "schema": schema, "description": words}
    return found if example is None else {**found, "example": example}


def ORDERING(view: "RecordViewSet") -> dict[str, Any]:  # noqa: N802 - stands among the constants below
    known = [*view.ordering_columns()]
    either_way = [way + name for name in known for way in ("", "-")]
    words = "What to order by, first things first; `-` before one turns it round."
    return listed("ordering", {"type": "string", "enum": either_way}, words, known[0])


def FIELDS(view: "RecordViewSet") -> dict[str, Any]:  # noqa: N802 - stands among the constants below
    known = view.known_fields
    words = f"Some fields of a record; those that name it always come. The answer is `{SPARSE}`."
    return listed("fields", {"type": "string", "enum": known}, words, known[-1])


STATE = listed(
    "state",
    {"type": "string", "enum": list(State.values)},
    "Records in these states that you may see; all but published ones need a token.",
    State.PUBLISHED.value,
)
REASON = parameter(
    "reason",
    {"type": "string", "maxLength": 2000},
    "Why; needed for changes to what is public, and shown in the log of changes.",
)
DRY_RUN = parameter(
    "dry_run",
    {"type": "string", "enum": ["true", "false"]},
    "`true` tries the change and saves nothing; the answer is what it would be, 200 for 201.",
    example="true",
)
IF_MATCH = parameter(
    "If-Match",
    {"type": "string"},
    "The record’s ETag as you have it.",
    example='"3-0123456789abcdef-0a1b2c3d4e5f-0123456789abcdef"',
    where="header",
) | {"required": True}
KEY = parameter(
    "Idempotency-Key",
    {"type": "string", "pattern": "^[!-~]{1,200}$"},
    "Sent again with the same key within a day, the request is carried out once.",
    example="import-2026-11-case-7",
    where="header",
)


def as_json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def problem(status: int) -> dict[str, Any]:
    """Return the description of an answer that refuses."""
    described: dict[str, Any] = {
        "description": MEANINGS[TYPES[status]],
        "content": {CONTENT_TYPE: {"schema": ref("Problem")}},
    }
    if status == 429:
        described["headers"] = {
            "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string"}}
        }
    return described


def moved_or_gone() -> dict[str, Any]:
    """Return the description of the answers about a record that was renamed or withdrawn."""
    return {
        "301": {"description": "It has another slug now: see Location."},
        "410": problem(410),
    }


def serializer_name(model: type[models.Model], *, has_parts: bool) -> str:
    return f"{model.__name__}{'WithParts' if has_parts and record_schema(model).children else ''}"


def root_name(model: type[models.Model]) -> str:
    """Return the name of the schema of the whole root of a record."""
    root: Any = model
    while hasattr(root, "parent_field"):
        root = root._meta.get_field(root.parent_field).related_model
    return serializer_name(root, has_parts=True)


def sparse_name(model: type[models.Model]) -> str:
    return f"{model.__name__}Sparse"


@cache
def examples() -> dict[str, Any]:
    """Return a record of each kind, from the Sialkot case."""
    text = EXAMPLES.read_text() if EXAMPLES.exists() else "{}"
    found: dict[str, Any] = json.loads(text.replace(EXAMPLE_SITE, ""))
    return found


def example_of(model: type[models.Model]) -> Any:
    return examples().get(record_schema(model).folder)


def without_parts(model: type[models.Model], example: Any) -> Any:
    parts = record_schema(model).children
    return {name: value for name, value in (example or {}).items() if name not in parts}


def identity_of(model: type[models.Model]) -> Any:
    example = example_of(model) or {}
    if not example and hasattr(model, "parent_field"):  # Sialkot has no reply yet
        root: Any = model._meta.get_field(model.parent_field).related_model
        above = identity_of(root)
        return above and f"{above}/first"
    return example.get("id") or example.get("slug")


def with_components(result: Any, generator: Any, request: Any, public: Any) -> Any:
    """Return the description with the schemas that no serializer has.

    These are of bodies, refusals, and records of some fields only.
    """
    schemas: dict[str, Any] = result["components"]["schemas"]
    names = names_of_records(schemas)
    for name in names:
        whole = schemas.get(f"{name}WithParts", schemas[name])
        own = "id" if "id" in whole["properties"] else "slug"
        schemas[f"{name}Sparse"] = {
            "type": "object",
            "description": "Some fields of a record, as `fields` asks for them.",
            "required": ["url", own],
            "properties": whole["properties"],
        }
        page = schemas[f"Paginated{name}List"]
        some = {"results": {"type": "array", "items": ref(f"{name}Sparse")}}
        schemas[f"Paginated{name}SparseList"] = {
            **page,
            "properties": page["properties"] | some,
        }
        schemas[f"{name}Created"] = {
            "type": "object",
            "required": ["count", "results"],
            "properties": {
                "count": {"type": "integer"},
                "results": {"type": "array", "items": ref(name)},
            },
        }
    schemas |= components()
    schemas |= {"Problem": PROBLEM, "Proposal": PROPOSAL, "Removed": REMOVED}
    # Bodies of changes are ours; what is made of serializers for them stands nowhere.
    used = {name: schema for name, schema in schemas.items() if not name.startswith("Patched")}
    result["components"]["schemas"] = dict(sorted(used.items()))
    return result


def names_of_records(schemas: Iterable[str]) -> list[str]:
    return [
        name.removeprefix("Paginated").removesuffix("List")
        for name in schemas
        if name.startswith("Paginated")
    ]
