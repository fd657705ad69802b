"""The lifecycle of one resource kind and the meaning of its fields: no Pulumi and no cloud in here."""
