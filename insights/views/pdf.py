"""The report of a month or year as a PDF over HTTP."""

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from expenses.models import Transaction
from expenses.views.base import LedgerViewSet
from expenses.views.files import file_headers, file_renderers, file_schema
from insights.calendars import Calendar
from insights.locales import locale_of
from insights.serializers.parameters import PrintedReportQuery
from insights.services.report_figures import report_figures


class PdfReportView(LedgerViewSet):
    """A month or year on a few pages."""

    queryset = Transaction.objects.all()
    pagination_class = None
    filter_backends = []
    renderer_classes = file_renderers("application/pdf", "pdf")
    rates = {"download": "export"}

    @file_schema("export_report_pdf", "application/pdf", PrintedReportQuery)
    def download(self, request: Request) -> HttpResponse:
        """Print a month or year.

        Sums, a chart, categories, merchants, the largest payments and the balances of accounts are on a few pages. The
        language and the form of numbers are those of your locale.
        """
        from insights.pdf.report import write_report  # noqa: PLC0415 - fpdf2 and its fonts take half a second to load

        query = self.checked(PrintedReportQuery, data=request.query_params)
        today, now = self.user.today(), timezone.now()
        period = query.read_period(Calendar(self.user.week_start, self.user.month_start), today=today)
        currency = query.validated_data.get("currency", self.user.base_currency)
        figures = report_figures(user=self.user, period=period, currency=currency)
        pages = write_report(figures, locale=locale_of(self.user.locale), owner=self.user.username, at=now)
        return HttpResponse(pages, headers=file_headers(request, f"outlay-{period.name}.pdf"))
