"""How reports are said: figures for every format, lines of text, safe Markdown, HTML pages of one family."""
