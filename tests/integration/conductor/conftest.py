from conducted import conducted_github, make_scene, scene

__all__ = ["conducted_github", "make_scene", "scene"]
