"""Extension of Griffe: shows roles of reStructuredText in docstrings as code.

The docstrings use ``:func:`name``` for readers of the source; the site is Markdown.
"""

from __future__ import annotations

from typing import Any

import griffe

from Testing.documents.generated_content import plain_markdown


class Roles(griffe.Extension):
    """Rewrites every docstring when it is collected."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Replace the roles of one docstring."""
        if obj.docstring:
            obj.docstring.value = plain_markdown(obj.docstring.value)
