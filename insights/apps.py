"""Configuration of the app: its feeds of `changes/`, and its references to categories."""

from django.apps import AppConfig


class InsightsConfig(AppConfig):
    """Insights."""

    name = "insights"

    def ready(self) -> None:
        from expenses.hooks import SyncFeed, register_reference_hook, register_sync_feed  # noqa: PLC0415 - models are not loaded before
        from insights.models import AnomalyFeedback, RecurringChoice  # noqa: PLC0415 - the same
        from insights.serializers.anomalies import FeedbackSerializer  # noqa: PLC0415 - the same
        from insights.serializers.recurring import RecurringChoiceSerializer  # noqa: PLC0415 - the same
        from insights.services.feedback import FeedbackReferences  # noqa: PLC0415 - the same

        register_sync_feed(SyncFeed("anomaly_feedback", AnomalyFeedback.objects.all, FeedbackSerializer))
        register_sync_feed(SyncFeed("recurring_choices", RecurringChoice.objects.all, RecurringChoiceSerializer))
        register_reference_hook(FeedbackReferences())
