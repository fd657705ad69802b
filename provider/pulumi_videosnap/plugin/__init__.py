"""What the plugin processes of both fronts share: the run that they serve, and its log."""
