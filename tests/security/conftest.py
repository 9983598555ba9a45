from __future__ import annotations

from tests.web.conftest import small_app, small_product, visitor

__all__ = ["small_app", "small_product", "visitor"]
