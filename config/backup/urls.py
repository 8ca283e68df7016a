"""Addresses of backup and restore."""

from django.urls import path

from config.backup.views import DocumentView, RestoreView, ZipView

urlpatterns = [
    path("export/backup.json", DocumentView.as_view(), name="backup-json"),
    path("export/backup.zip", ZipView.as_view(), name="backup-zip"),
    path("restore/", RestoreView.as_view(), name="restore"),
]
