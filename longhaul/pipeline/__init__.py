"""Steps and their chaining: the warm backend, run or reuse, terminal."""
