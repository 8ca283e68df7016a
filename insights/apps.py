"""Registers the app, what it adds to `changes/`, and what follows categories."""

from django.apps import AppConfig


class InsightsConfig(AppConfig):
    """Insights."""

    name = "insights"

    def ready(self) -> None:
        from expenses.hooks import references, sync  # noqa: PLC0415 - models are not loaded before
        from insights.anomalies.bodies import FeedbackSerializer  # noqa: PLC0415 - the same
        from insights.anomalies.references import FeedbackReferences  # noqa: PLC0415 - the same
        from insights.models import AnomalyFeedback, RecurringChoice  # noqa: PLC0415 - the same
        from insights.recurring_bodies import RecurringChoiceSerializer  # noqa: PLC0415 - the same

        sync.register(sync.Feed("anomaly_feedback", AnomalyFeedback.objects.all, FeedbackSerializer))
        sync.register(sync.Feed("recurring_choices", RecurringChoice.objects.all, RecurringChoiceSerializer))
        references.register(FeedbackReferences())
