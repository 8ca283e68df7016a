"""Views of hints, the house rules for the local model."""

from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from expenses.models import Hint
from expenses.models.ledgers import ledger_id_of
from expenses.serializers.hints import HintSerializer
from expenses.services.ledger_lock import add_row, change_row, ledger_write, remove_row
from expenses.views.base import ListViewSet, RetrieveViewSet


class HintViewSet(ListViewSet, RetrieveViewSet):
    """House rules that the local model reads with every question."""

    queryset = Hint.objects.all()
    serializer_class = HintSerializer

    def create(self, request: Request) -> Response:
        """Create a hint. The model reads it with the rows that still wait, and with all later ones."""
        with self.locked():
            hint = add_row(Hint, by=self.user, fields=self.checked(HintSerializer).validated_data)
        return self.answer(hint, code=status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: int) -> Response:
        """Change a hint."""
        with self.guarded() as hint:
            fields = self.checked(HintSerializer, hint).validated_data
            has_changed = any(getattr(hint, name) != value for name, value in fields.items())
            return self.answer(change_row(hint, by=self.user, fields=fields) if has_changed else hint)

    def destroy(self, request: Request, pk: int) -> Response:
        """Delete a hint. Categories that transactions have stay."""
        with self.guarded() as hint:
            ledger_id = ledger_id_of(self.user)
            with ledger_write(ledger_id) as version:
                remove_row(hint, ledger_id=ledger_id, version=version)
        return Response(status=status.HTTP_204_NO_CONTENT)
