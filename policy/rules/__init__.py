"""The rules: pure functions from what is declared to what is wrong with it. They know no Pulumi."""
