"""The runtime of a coding agent: characters, prompts, providers, sandbox and the loop."""
