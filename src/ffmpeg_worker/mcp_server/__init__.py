"""The MCP server: runs jobs for a language model, over standard input and output."""
