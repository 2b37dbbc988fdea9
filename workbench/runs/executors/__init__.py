"""Ways of getting a set's items transcribed: one at a time, by several engines, by whatever follows `base.Executor`."""
