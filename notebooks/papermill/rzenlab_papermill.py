"""Parameters of TypeScript notebooks for papermill, which knows Python, R and others but no TypeScript."""

import json
import math
import re

from papermill.engines import NBClientEngine as Engine  # noqa: F401  what the entry point names
from papermill.models import Parameter
from papermill.translators import Translator, papermill_translators

DECLARATION = re.compile(
    r"^(?:let|const|var)\s+([A-Za-z_$][\w$]*)\s*(?::\s*([^=]+?))?\s*=\s*(.*?);?\s*(?://\s*(.*))?$"
)


class TypeScriptTranslator(Translator):
    """Values as TypeScript literals. Cells may declare a name again, so `let` replaces the default."""

    @classmethod
    def translate(cls, val):
        if isinstance(val, float) and not math.isfinite(val):
            return "NaN" if math.isnan(val) else ("Infinity" if val > 0 else "-Infinity")
        if isinstance(val, dict):
            return "{" + ", ".join(f"{json.dumps(str(k))}: {cls.translate(v)}" for k, v in val.items()) + "}"
        if isinstance(val, (list, tuple)):
            return "[" + ", ".join(cls.translate(v) for v in val) + "]"
        return json.dumps(val, default=str)

    @classmethod
    def comment(cls, cmt_str):
        return f"// {cmt_str}".strip()

    @classmethod
    def assign(cls, name, str_val):
        return f"let {name} = {str_val};"

    @classmethod
    def inspect(cls, parameters_cell):
        """For `papermill --help-notebook`: names, types and defaults of the tagged cell."""
        found = []
        for line in parameters_cell["source"].splitlines():
            match = DECLARATION.match(line.strip())
            if match:
                name, kind, default, comment = match.groups()
                found.append(Parameter(name, kind or "None", default, comment or ""))
        return found


papermill_translators.register("typescript", TypeScriptTranslator)
