package responders

// How the multimodal path counts tokens: with details, and the pictures'
// apart. Keys in the order of captures of 2025 and 2026, which differs between
// whole answers and events.

// pictures returns how many of the prompt's tokens are pictures.
func (c *nativeChat) pictures(u usage) int { return min(c.images*pictureTokens, u.prompt) }

// wholeUsage writes the usage of an answer that is not streamed.
func (c *nativeChat) wholeUsage(u usage) []byte {
	o := obj()
	if c.images > 0 {
		o.num("image_tokens", int64(c.pictures(u)))
	}
	return o.num("input_tokens", int64(u.prompt)).raw("input_tokens_details", c.inputDetails(u)).
		num("output_tokens", int64(u.completion)).raw("output_tokens_details", outputDetails(u)).
		num("total_tokens", int64(u.total)).end()
}

// eventUsage writes the usage of an event. A model that thinks has one key
// more, in another order.
func (c *nativeChat) eventUsage(u usage) []byte {
	o := obj()
	if u.reasoning > 0 {
		o.raw("input_tokens_details", c.inputDetails(u)).raw("prompt_tokens_details", []byte("{}")).num("total_tokens", int64(u.total))
	} else {
		o.num("total_tokens", int64(u.total)).raw("input_tokens_details", c.inputDetails(u))
	}
	o.num("output_tokens", int64(u.completion)).num("input_tokens", int64(u.prompt)).
		raw("output_tokens_details", outputDetails(u))
	if c.images > 0 {
		o.num("image_tokens", int64(c.pictures(u)))
	}
	return o.end()
}

func (c *nativeChat) inputDetails(u usage) []byte {
	o := obj()
	if c.images > 0 {
		o.num("image_tokens", int64(c.pictures(u)))
	}
	return o.num("text_tokens", int64(u.prompt-c.pictures(u))).end()
}

func outputDetails(u usage) []byte {
	o := obj()
	if u.reasoning > 0 {
		o.num("reasoning_tokens", int64(u.reasoning))
	}
	return o.num("text_tokens", int64(u.completion-u.reasoning)).end()
}
