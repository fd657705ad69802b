"""The front for every Pulumi language: a plugin that speaks the engine's own protocol."""
