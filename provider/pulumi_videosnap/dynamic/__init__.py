"""The front for Pulumi's dynamic providers: the only importers of `pulumi.dynamic`."""
