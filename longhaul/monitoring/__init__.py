"""Reference, drift, performance with and without outcomes, causes, rules, decision."""
