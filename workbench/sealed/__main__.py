"""`python -m workbench.sealed`: shut a process off, and say as JSON which layers hold in it."""

from __future__ import annotations

import json

from workbench.sealed.seal import seal

if __name__ == "__main__":
    print(json.dumps(seal().as_json()))
