"""What these tests share: files that are kept in memory, where a request that is undone may leave some behind."""

import pytest


@pytest.fixture
def files(settings) -> None:
    in_memory = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = settings.STORAGES | {"default": in_memory}
