"""Public fakes and factories: what tests and the local stack use in place of the outside."""
