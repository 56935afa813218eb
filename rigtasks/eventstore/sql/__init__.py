"""The statements of the store that live in files of their own."""
