"""The app, and its feeds of `changes/`."""

from django.apps import AppConfig


class StatementsConfig(AppConfig):
    """Bank statements."""

    name = "statements"

    def ready(self) -> None:
        from expenses.hooks import SyncFeed, register_sync_feed  # noqa: PLC0415 - models are not loaded before
        from statements.models import Import, Profile  # noqa: PLC0415 - the same
        from statements.serializers import ImportSerializer, ProfileSerializer  # noqa: PLC0415 - the same
        from statements.services.file_accounts import forget_account  # noqa: PLC0415 - the same

        imports = Import.objects.select_related("account", "run").all
        register_sync_feed(SyncFeed("imports", imports, ImportSerializer, "account", forget_account))
        register_sync_feed(SyncFeed("import_profiles", Profile.objects.all, ProfileSerializer, "account"))
