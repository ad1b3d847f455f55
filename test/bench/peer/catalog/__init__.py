"""The tables of ours that a list is made of."""
