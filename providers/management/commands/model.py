"""Command that shows the state of the local model, or downloads it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from providers.interface import ProviderError
from providers.loading import configured_model
from providers.ollama.calls import Purpose


class Command(BaseCommand):
    """The commands `manage.py model status` and `manage.py model pull`."""

    help = "Say whether the local model can be asked, or download it into Ollama."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["status", "pull"])

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        provider = configured_model()
        if provider is None:
            raise CommandError("No local model is configured; see OLLAMA_HOST in docs/configuration.md.")
        with provider.connect(timeout_s=provider.timeout_s, purpose=Purpose.BENCH) as client:
            if action == "pull":
                try:
                    for step in client.pull(provider.model):
                        share = f" {step.n_bytes_done * 100 // step.n_bytes_total} %" if step.n_bytes_total else ""
                        self.stdout.write(f"\r{step.status + share:<70}", ending="")
                except ProviderError as error:
                    raise CommandError(str(error)) from None
                self.stdout.write("")
            status = client.status(provider.model)
        if status.problem:
            raise CommandError(status.problem)
        loaded = "loaded" if status.loaded else "not loaded, so the first answer takes longer"
        self.stdout.write(f"Ollama {status.version} at {provider.host} has {provider.model} ({loaded}).")
