"""Where the templates, static files and migrations are: beside the package in a checkout, inside it in a wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_PACKED = _PACKAGE / "_assets"

IN_CHECKOUT = not _PACKED.is_dir()
ROOT = _PACKAGE.parent if IN_CHECKOUT else _PACKED

TEMPLATES = ROOT / "templates"
STATIC = ROOT / "static"
MIGRATIONS = ROOT / "migrations"
