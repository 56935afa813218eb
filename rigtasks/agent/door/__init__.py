"""The one way from a sandbox to a model: the key stays with the worker, outside the walls."""

from rigtasks.agent.door.host import Door, model_door
from rigtasks.agent.door.upstream import MODEL_URL, PLACEHOLDER, Upstream

__all__ = ["MODEL_URL", "PLACEHOLDER", "Door", "Upstream", "model_door"]
