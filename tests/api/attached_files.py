"""Files to attach, and the request that attaches one."""

from django.core.files.uploadedfile import SimpleUploadedFile

PDF = b"%PDF-1.7\n1 0 obj << >> endobj\n%%EOF\n"


def attach(api, transaction, data=PDF, name="receipt.pdf"):
    file = SimpleUploadedFile(name, data, content_type="text/html")
    return api.post(f"transactions/{transaction}/attachments/", {"file": file}, format="multipart")
