from conducted import conducted_github, make_scene, scene
from stored import database, stores

__all__ = ["conducted_github", "database", "make_scene", "scene", "stores"]
