"""What a repository's owners ask of pull requests and of pushes, and whether it is met."""
