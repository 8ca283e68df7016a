"""Who may write."""

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from expenses.models.ledgers import membership_of
from expenses.views.as_user import look_in


class MayWriteLedger(BasePermission):
    """Every member reads; owners and editors write."""

    message = "You may look at this ledger, but not write in it."

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not request.user.is_authenticated:
            return False
        look_in(request)
        return request.method in SAFE_METHODS or membership_of(request.user).may_write


class MayAskLedger(BasePermission):
    """Every member asks what nothing is written for, whatever the method."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not request.user.is_authenticated:
            return False
        look_in(request)
        return True
