package scenarios

import (
	"strings"
	"testing"
)

func TestIsSecret(t *testing.T) {
	for _, name := range strings.Fields(`access_token refresh_token client_secret client_id api_key API-KEY apikey apiKey key token secret
		secret_key sk AK Sk password passwd Authorization AUTHORIZATION signature sign Signature x-bce-security-token session_secret
		assertion client_assertion code OSSAccessKeyId access_token[] access_tokens api_tokens reset_tokens limit_tokens X-Ratelimit-Secret-Tokens ratelimit_token author_key max_tokens_secret key2 Cookie Authentication`) {
		if !IsSecret(name) {
			t.Errorf("%s is shown", name)
		}
	}
	for _, name := range strings.Fields(`max_tokens total_tokens maxTokens max_completion_tokens max_new_tokens completion_tokens keyword keywords object_key Action
		grant_type model stream encode codes task desk mask skip author design assigned signal tokenizer token_count n version top_k X-Tag
		X-Ratelimit-Limit-Tokens X-Ratelimit-Remaining-Tokens x-ratelimit-reset-tokens anthropic-ratelimit-tokens-remaining anthropic-ratelimit-input-tokens-limit`) {
		if IsSecret(name) {
			t.Errorf("%s is hidden", name)
		}
	}
}
