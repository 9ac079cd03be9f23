"""What a browser would send of a form, read off its page."""

from html.parser import HTMLParser
from urllib.parse import urlencode


class _Form(HTMLParser):
    def __init__(self, form_id):
        super().__init__()
        self.wanted, self.inside, self.templates = form_id, False, 0
        self.pairs, self.select, self.text = [], None, None

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if tag == "form":
            self.inside = found.get("id") == self.wanted
        if tag == "template":
            self.templates += 1
        if not self.inside or self.templates:
            return
        name = found.get("name")
        if tag == "input" and name and found.get("type") not in ("submit", "button"):
            is_box = found.get("type") in ("checkbox", "radio")
            if not is_box or "checked" in found:
                self.pairs.append((name, found.get("value", "on" if is_box else "") or ""))
        elif tag == "select" and name:
            self.select = {"name": name, "many": "multiple" in found, "first": None, "chosen": []}
        elif tag == "option" and self.select:
            value = found.get("value", "")
            if self.select["first"] is None:
                self.select["first"] = value
            if "selected" in found:
                self.select["chosen"].append(value)
        elif tag == "textarea" and name:
            self.text = [name, ""]

    def handle_data(self, data):
        if self.text:
            self.text[1] += data

    def handle_endtag(self, tag):
        if tag == "template":
            self.templates -= 1
        elif tag == "form":
            self.inside = False
        elif tag == "select" and self.select:
            chosen = self.select["chosen"]
            if not chosen and not self.select["many"] and self.select["first"] is not None:
                chosen = [self.select["first"]]
            self.pairs += [(self.select["name"], value) for value in chosen]
            self.select = None
        elif tag == "textarea" and self.text:
            # A browser leaves out the first line break of a text.
            self.pairs.append((self.text[0], self.text[1].removeprefix("\n")))
            self.text = None


def form_of(response, form_id="record-form"):
    """Return the fields of a form of a page as a dictionary of lists, in their order."""
    parser = _Form(form_id)
    parser.feed(response.content.decode())
    found = {}
    for name, value in parser.pairs:
        found.setdefault(name, []).append(value)
    return found


def send(client, response, changes=None, **more):
    """Send the form of a record's page back with some fields changed; None leaves a field out."""
    fields = form_of(response) | {
        name: value if isinstance(value, list) else [value]
        for name, value in {"act": "save", **(changes or {}), **more}.items()
    }
    pairs = [
        (name, value) for name, values in fields.items() for value in values if value is not None
    ]
    return client.post(
        response.wsgi_request.path,
        urlencode(pairs),
        content_type="application/x-www-form-urlencoded",
    )


def prefix_of(response, value):
    """Return how the inputs of a part are named in which a field has this value."""
    for name, values in form_of(response).items():
        if value in values:
            return name.rpartition("-")[0]
    raise AssertionError(f"No field of the form is {value!r}.")
