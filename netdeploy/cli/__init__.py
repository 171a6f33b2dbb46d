"""The command line: parse, call, print, exit code. The only room that prints, prompts or exits."""
