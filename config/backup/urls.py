"""Addresses of backup and restore."""

from django.urls import path

from config.backup.views import BackupDocumentView, BackupZipView, RestoreView

urlpatterns = [
    path("export/backup.json", BackupDocumentView.as_view(), name="backup-json"),
    path("export/backup.zip", BackupZipView.as_view(), name="backup-zip"),
    path("restore/", RestoreView.as_view(), name="restore"),
]
