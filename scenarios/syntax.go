package scenarios

import "github.com/mockllm/mockllm/sentences"

// syntaxForms lists what the TOML library says of a text that is none, as it says
// it: a sentence of the library's is read back by its form, so that it can be said
// in another language. What is missing here stays in English.
func syntaxForms() []string {
	return []string{
		sentences.Form("expected value but found %q instead"),
		sentences.Form("unexpected EOF; expected value"),
		sentences.Form("unexpected EOF; expected key separator '='"),
		sentences.Form(`unexpected EOF; expected '"'`),
		sentences.Form(`unexpected EOF; expected "'"`),
		sentences.Form(`unexpected EOF; expected '"""'`),
		sentences.Form(`unexpected EOF; expected "'''"`),
		sentences.Form("unexpected '=': key name appears blank"),
		sentences.Form("unexpected '.': keys cannot start with a '.'"),
		sentences.Form("unexpected '.'"),
		sentences.Form("unexpected comma"),
		sentences.Form("unexpected end of table name (table names cannot be empty)"),
		sentences.Form("unexpected table separator (table names cannot be empty)"),
		sentences.Form("expected '.' or ']' to end table name, but got %q instead"),
		sentences.Form("expected end of table array name delimiter ']', but got %q instead"),
		sentences.Form("expected '.' or '=', but got %q instead"),
		sentences.Form("expected a top-level item to end with a newline, comment, or EOF, but got %q instead"),
		sentences.Form("expected a comma (',') or array terminator (']'), but got %s"),
		sentences.Form("expected a comma or an inline table terminator '}', but got %s instead"),
		sentences.Form("strings cannot contain newlines"),
		sentences.Form("TOML files cannot contain control characters: '0x%02x'"),
		sentences.Form("Key '%s' has already been defined."),
		sentences.Form("Key '%s' was already created and cannot be used as an array."),
		sentences.Form("Invalid integer %q: underscores must be surrounded by digits"),
		sentences.Form("Invalid integer %q: cannot have leading zeroes"),
		sentences.Form("Invalid float %q: underscores must be surrounded by digits"),
		sentences.Form("Invalid float %q: cannot have leading zeroes"),
		sentences.Form("Invalid float %q: '.' must be followed by one or more digits"),
		sentences.Form("Invalid float value: %q"),
		sentences.Form("floats must start with a digit, not '.'"),
		sentences.Form("expected a digit but got %q"),
		sentences.Form("cannot use sign with non-decimal numbers: '%s'"),
		sentences.Form("not a binary number: '%s'"),
		sentences.Form("not an octal number: '%s'"),
		sentences.Form("not a hexadecimal number: '%s'"),
		sentences.Form("%s is out of range for %s"),
		sentences.Form("invalid datetime: %q"),
		sentences.Form(`invalid escape in string '\%c'`),
		sentences.Form(`expected two hexadecimal digits after '\x', but got %q instead`),
		sentences.Form(`expected four hexadecimal digits after '\u', but got %q instead`),
		sentences.Form(`expected eight hexadecimal digits after '\U', but got %q instead`),
		sentences.Form(`Escaped character '\u%s' is not valid UTF-8.`),
	}
}
