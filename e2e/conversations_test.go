package e2e

import (
	"slices"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/conversations"
	"github.com/openai/openai-go/v3/responses"
)

// TestConversations drives DashScope's Conversations API through OpenAI's own Go
// SDK.
func TestConversations(t *testing.T) { runCases(t, conversationCases) }

var conversationCases = []testCase{
	{"a conversation, and responses in it", "", func(t *testing.T, s server) {
		client := s.client()
		made := must(client.Conversations.New(t.Context(), conversations.ConversationNewParams{
			Items: []responses.ResponseInputItemUnionParam{messageOf("system", "Say little.")},
		}))(t)
		ask := say("Will it rain?")
		ask.Conversation.OfString = openai.String(made.ID)
		first := must(client.Responses.New(t.Context(), ask))(t)
		pages := client.Conversations.Items.ListAutoPaging(t.Context(), made.ID, conversations.ItemListParams{Limit: openai.Int(1), Order: "asc"})
		var said, ids []string
		for pages.Next() {
			item := pages.Current()
			said = append(said, string(item.Role)+": "+item.Content.OfMessageContentArray[0].Text)
			ids = append(ids, item.ID)
		}
		want := []string{"system: Say little.", "user: Will it rain?", "assistant: " + first.OutputText()}
		if pages.Err() != nil || !slices.Equal(said, want) {
			t.Fatalf("said %q, want %q: %v", said, want, pages.Err())
		}
		must(client.Conversations.Items.Delete(t.Context(), made.ID, ids[1]))(t)
		if left := must(client.Conversations.Items.List(t.Context(), made.ID, conversations.ItemListParams{}))(t); len(left.Data) != 2 {
			t.Errorf("left %s", left.RawJSON())
		}
		if gone := must(client.Conversations.Delete(t.Context(), made.ID))(t); !gone.Deleted {
			t.Errorf("deleted %s", gone.RawJSON())
		}
		_, err := client.Conversations.Get(t.Context(), made.ID)
		if e := wantError[*openai.Error](t, err); e.StatusCode != 400 || e.Message != "Conversation with id '"+made.ID+"' not found." {
			t.Errorf("error %d %s", e.StatusCode, e.RawJSON())
		}
	}},
}

func messageOf(role responses.EasyInputMessageRole, text string) responses.ResponseInputItemUnionParam {
	message := responses.ResponseInputItemParamOfMessage(text, role)
	message.OfMessage.Type = responses.EasyInputMessageTypeMessage
	return message
}
