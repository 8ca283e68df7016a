"""The view of privacy: what leaves this process, and the ledger's choices about it."""

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.models import PrivacyChoices
from expenses.models.ledgers import ledger_id_of
from expenses.serializers.privacy import PrivacyInput, PrivacySerializer, describe_privacy
from expenses.services.ledger_lock import lock_ledger
from expenses.services.privacy import choices_of, choose_privacy, destination, usage_of
from expenses.views.base import LedgerView, check_preconditions, etag_of


class PrivacyView(LedgerView):
    """Texts that leave this process: where they go, how many they are, and what is hidden in them.

    The ETag is that of the choices. It does not change with calls, so it guards a change, and saves no reading.
    """

    error_codes = {"patch": ("412",)}

    @extend_schema(operation_id="privacy", responses=PrivacySerializer)
    def get(self, request: Request) -> Response:
        """Get what leaves Outlay.

        The page names the model and its server, what is sent to it and what is hidden before, how much was sent in the
        last 30 days, and your own choices. Its ETag is that of the choices.
        """
        return self._answer(choices_of(ledger_id_of(self.user)))

    @extend_schema(operation_id="privacy_update", request=PrivacyInput, responses=PrivacySerializer)
    def patch(self, request: Request) -> Response:
        """Choose names to hide and retention.

        `names` replaces the whole list. A shorter retention deletes calls within an hour or so.
        """
        with transaction.atomic():
            lock_ledger(ledger_id_of(self.user))
            check_preconditions(request, etag_of(choices_of(ledger_id_of(self.user))))
            choices = choose_privacy(by=self.user, changes=self.checked(PrivacyInput).validated_data)
        return self._answer(choices)

    def _answer(self, choices: PrivacyChoices) -> Response:
        usage = usage_of(self.user)
        body = describe_privacy(choices, model=destination(usage.last_call), usage=usage)
        return Response(body, headers={"ETag": etag_of(choices)})
