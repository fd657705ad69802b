"""What the reports of all commands share: options and exit codes, text, Markdown, HTML pages."""
