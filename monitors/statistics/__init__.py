"""Plain two-sample statistics: pure functions of arrays, without learnt noise."""
