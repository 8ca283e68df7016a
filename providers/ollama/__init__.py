"""The link that asks a local model: what is sent to it, what it answers, and what happens when it does not.

It may import the provider interface and the Ollama client library; only its cache knows Django.
"""

from providers.ollama.provider import OllamaProvider

__all__ = ["OllamaProvider"]
