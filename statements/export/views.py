"""Exports over HTTP: the rows of a list as a file, sent while it is read."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import chain
from typing import Any

from django.db.models import Max, Min, QuerySet, Sum
from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request

from expenses.ledger.dates import EARLIEST
from expenses.ledger.money import format_amount, round_to_minor_units
from expenses.models import Transaction
from expenses.reports.balances import SIGNED, rows_of
from expenses.serializers.filters import TransactionFilter, find_account
from expenses.views.base import AS_USER, LedgerViewSet
from expenses.views.files import file_headers, file_renderers, file_schema
from statements.export.beancount import write_beancount
from statements.export.bookings import OpeningBalance
from statements.export.columns import ExportRow
from statements.export.comma_separated import CsvMarks, write_csv
from statements.export.journal import write_journal
from statements.export.json_lines import write_json_lines
from statements.export.ofx import OfxStatement, write_ofx
from statements.export.rows import ExportNames, read_rows

EXCEL_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Filters beside which an account's opening balance makes sense: what they keep are whole accounts until a day.
WHOLE_ACCOUNTS = {"account", "end", "end_date", "ordering", "format", AS_USER}
OLDEST_FIRST = ("date", "id")
EXCEL = OpenApiParameter(
    "excel",
    bool,
    description="true: a file for Excel, with the separator and the decimal mark of your locale.",
)


class ExportView(LedgerViewSet):
    """A list of transactions as a file. It takes the filters of the list, and refuses the same."""

    queryset = Transaction.objects.all()
    filterset_class = TransactionFilter
    pagination_class = None
    rates = {"download": "export"}
    #: The name of the file, without the day.
    filename = "transactions"
    extension: str

    def listed(self) -> QuerySet[Any]:
        """Return the rows in the order of the list, with wholes and parts of split transactions."""
        rows: QuerySet[Any] = self.filter_queryset(self.get_queryset())
        return rows

    def rows(self) -> QuerySet[Any]:
        """Return the rows without wholes of split transactions, so that nothing counts twice."""
        return self.listed().filter(is_split=False)

    def booked(self) -> QuerySet[Any]:
        """Return these rows with the oldest first, unless an order is asked for."""
        return self.rows() if "ordering" in self.request.query_params else self.rows().order_by(*OLDEST_FIRST)

    def answer_file(self, content: Iterable[bytes]) -> StreamingHttpResponse:
        """Return the file. Its first part is read before the status is sent, so that an early error is an error."""
        parts = iter(content)
        content = chain([next(parts, b"")], parts)
        name = f"{self.filename}-{self.user.today()}.{self.extension}"
        return StreamingHttpResponse(content, headers=file_headers(self.request, name))


class CsvView(ExportView):
    """Transactions as CSV."""

    extension = "csv"
    renderer_classes = file_renderers("text/csv", "csv")

    @file_schema("export_transactions_csv", "text/csv", EXCEL, filters=True)
    def download(self, request: Request) -> StreamingHttpResponse:
        """Export transactions as CSV.

        There is one line for each transaction, and for each part of a split one. Money out is negative.
        """
        return self.answer_csv()

    def answer_csv(self) -> StreamingHttpResponse:
        """Return the file with the marks that the query asks for."""
        wanted = self.request.query_params.get("excel", "false")
        try:
            is_for_excel = serializers.BooleanField().run_validation(wanted)
        except serializers.ValidationError:
            raise serializers.ValidationError({"excel": "Give true or false."}, code="invalid") from None
        marks = CsvMarks.of_excel(self.user.locale) if is_for_excel else CsvMarks()
        return self.answer_file(write_csv(read_rows(self.rows(), ExportNames.load_for(self.user)), marks))


class ExpensesCsvView(CsvView):
    """Expenses as CSV."""

    filename = "expenses"

    def get_queryset(self) -> Any:
        return super().get_queryset().filter(kind="expense")

    @file_schema("export_expenses_csv", "text/csv", EXCEL, filters=True)
    def download(self, request: Request) -> StreamingHttpResponse:
        """Export expenses as CSV. The columns are those of transactions."""
        return self.answer_csv()


class JsonLinesView(ExportView):
    """Transactions as JSON lines."""

    extension = "jsonl"
    renderer_classes = file_renderers("application/jsonl", "jsonl")

    def get_queryset(self) -> Any:
        return super().get_queryset().with_related()

    @file_schema("export_transactions_jsonl", "application/jsonl", filters=True)
    def download(self, request: Request) -> StreamingHttpResponse:
        """Export transactions as JSON lines. Each line is a body of the list, with wholes and parts of split ones."""
        return self.answer_file(write_json_lines(self.listed()))


class WorkbookView(ExportView):
    """Transactions as an Excel workbook."""

    extension = "xlsx"
    renderer_classes = file_renderers(EXCEL_TYPE, "xlsx")

    @file_schema("export_transactions_xlsx", EXCEL_TYPE, filters=True)
    def download(self, request: Request) -> StreamingHttpResponse:
        """Export transactions as an Excel workbook. A second sheet has sums by category and month, as formulas."""
        from statements.export.workbook import write_workbook  # noqa: PLC0415 - XlsxWriter takes a tenth of a second

        names = ExportNames.load_for(self.user)
        return self.answer_file(write_workbook(read_rows(self.rows(), names), names, on=self.user.today()))


class JournalView(ExportView):
    """Transactions as a text of double-entry bookkeeping."""

    extension = "ledger"
    renderer_classes = file_renderers("text/plain", "ledger")

    @file_schema("export_transactions_ledger", "text/plain", filters=True)
    def download(self, request: Request) -> StreamingHttpResponse:
        """Export transactions for hledger and ledger. Accounts begin with their opening balances."""
        rows, names = self.booked(), ExportNames.load_for(self.user)
        balances = self.opening_balances(names)
        used = {*rows.order_by().values_list("currency", flat=True).distinct()}
        currencies = sorted(used | {balance.account.currency for balance in balances})
        content = write_journal(
            read_rows(rows, names), names, balances=balances, currencies=currencies, first_day=self.first_day(rows)
        )
        return self.answer_file(content)

    def opening_balances(self, names: ExportNames) -> list[OpeningBalance]:
        """Return those of the exported accounts; none where a filter leaves out rows of an account."""
        if not WHOLE_ACCOUNTS.issuperset(self.request.query_params):
            return []
        wanted = list(names.accounts.values())
        if "account" in self.request.query_params:
            wanted = [find_account(self.request.query_params["account"], user=self.user)]
        return [
            OpeningBalance(account, format_amount(account.opening_balance, account.currency))
            for account in wanted
            if account.opening_balance
        ]

    def first_day(self, rows: QuerySet[Any]) -> str:
        """Return the day of the oldest row, today without any."""
        oldest: dt.date | None = rows.order_by().aggregate(first=Min("date"))["first"]
        return str(max(oldest or self.user.today(), EARLIEST + dt.timedelta(days=1)))


class BeancountView(JournalView):
    """Transactions as text for beancount."""

    extension = "beancount"
    renderer_classes = file_renderers("text/plain", "beancount")

    @file_schema("export_transactions_beancount", "text/plain", filters=True)
    def download(self, request: Request) -> StreamingHttpResponse:
        """Export transactions for beancount. Accounts begin with their opening balances."""
        rows, names = self.booked(), ExportNames.load_for(self.user)
        content = write_beancount(
            read_rows(rows, names),
            names,
            balances=self.opening_balances(names),
            base_currency=self.user.base_currency,
            first_day=self.first_day(rows),
        )
        return self.answer_file(content)


class OfxView(ExportView):
    """Transactions as OFX."""

    extension = "ofx"
    renderer_classes = file_renderers("application/x-ofx", "ofx")

    @file_schema("export_transactions_ofx", "application/x-ofx", filters=True)
    def download(self, request: Request) -> StreamingHttpResponse:
        """Export transactions as OFX 2. There is one statement for each account and currency, the oldest row first."""
        # Any other order could part the parts of a split transaction, which are one movement with one id.
        rows, names = self.rows().order_by(*OLDEST_FIRST), ExportNames.load_for(self.user)
        groups = rows.order_by("account", "currency").values_list("account", "currency")
        statements = [
            self._statement(rows, names, account, currency, first, last)
            for account, currency, first, last in groups.annotate(Min("date"), Max("date"))
        ]
        return self.answer_file(write_ofx(statements, at=timezone.now()))

    def _statement(
        self, rows: QuerySet[Any], names: ExportNames, pk: int | None, currency: str, first: dt.date, last: dt.date
    ) -> OfxStatement:
        account = names.accounts[pk] if pk is not None else None
        of_account = rows.filter(account=pk, currency=currency)

        def read() -> Iterator[Sequence[ExportRow]]:
            return read_rows(of_account, names)

        counted = rows_of(account, currency=currency) if account else of_account
        balance: Decimal = counted.filter(date__lte=last).order_by().aggregate(sum=Sum(SIGNED))["sum"] or Decimal(0)
        if account is not None and account.currency == currency:
            balance += account.opening_balance
        return OfxStatement(account, currency, first, last, round_to_minor_units(balance, currency), read)
