"""Reviews and the policy on a diff: what a reviewer may say and what may leave the sandbox."""
