"""Documents → text, always the same text for the same document."""

from pathlib import Path
from typing import Any

import yaml

from clusters.casefiles.document import Document
from clusters.casefiles.shape import Shape

WIDTH = 110


class _Dumper(yaml.SafeDumper):
    """Indents lists, folds long text, and keeps short mappings on one line."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


class _OneLine(dict[str, Any]):
    """A mapping that is written as {a: 1, b: 2}."""


class _Text(str):
    """A text long enough to be folded."""

    __slots__ = ()


def _represent_one_line(dumper: yaml.SafeDumper, value: _OneLine) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", value.items(), flow_style=True)


def _represent_text(dumper: yaml.SafeDumper, value: _Text) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=">")


_Dumper.add_representer(_OneLine, _represent_one_line)
_Dumper.add_representer(_Text, _represent_text)


def text_of(document: Document, shape: Shape) -> str:
    """Return the canonical text of a document's file."""
    return yaml.dump(
        _styled(document, shape),
        Dumper=_Dumper,
        allow_unicode=True,
        sort_keys=False,
        width=WIDTH,
        default_flow_style=False,
    )


def _styled(document: Document, shape: Shape) -> dict[str, Any]:
    styled: dict[str, Any] = {}
    for field in shape.fields:
        if field.name in document:
            value = document[field.name]
            if field.kind == "date":
                value = _OneLine(value)
            elif field.kind == "json" and isinstance(value, list):
                value = [_OneLine(item) if isinstance(item, dict) else item for item in value]
            elif isinstance(value, str) and len(value) > 60 and "\n" not in value:
                value = _Text(value)
            styled[field.name] = value
    if "citations" in document:
        styled["citations"] = [_OneLine(item) for item in document["citations"]]
    for name, child in shape.children.items():
        if name in document:
            styled[name] = [_styled(item, child) for item in document[name]]
    return styled


def write(folder: Path, shape: Shape, document: Document) -> Path:
    """Write a document to the file where a reader looks for it."""
    path = folder / shape.folder / f"{document['slug']}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text_of(document, shape), encoding="utf-8")
    return path
