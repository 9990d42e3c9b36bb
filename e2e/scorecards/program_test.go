package scorecards

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// The program here is what a user would write around a client: it asks one
// question after the other, keeps what was said, and leaves the rest to the
// client. If a question fails, it says so and drops the question, so that its
// conversations are always in order.

// A turn of a conversation.
type turn struct {
	role string // "user", "assistant" or "tool".
	text string
	call *call // Of the tool: asked for by an assistant's turn, answered by a tool's.
}

// A call of the tool, with the arguments as the client hands them over.
type call struct{ id, name, arguments string }

// An asker sends a conversation through a client, and returns the turn that the
// client takes for the answer.
type asker func(ctx context.Context, turns []turn) (turn, error)

// A doer has something else done by a client: a text embedded, a picture made.
type doer func(ctx context.Context, text string) error

// patience is how long the program waits for anything.
const patience = 20 * time.Second

// talk asks the questions in one conversation.
func talk(ctx context.Context, ask asker, questions ...string) {
	var turns []turn
	for _, q := range questions {
		asked := append(turns, turn{role: "user", text: q})
		var said turn
		err := guarded(ctx, func(ctx context.Context) (err error) {
			said, err = ask(ctx, asked)
			return err
		})
		if err != nil {
			continue
		}
		turns = append(asked, said)
		if said.call != nil {
			turns = append(turns, turn{role: "tool", text: "sunny", call: said.call})
		}
	}
}

// each has something done for every text.
func each(ctx context.Context, do doer, texts ...string) {
	for _, text := range texts {
		guarded(ctx, func(ctx context.Context) error { return do(ctx, text) })
	}
}

// crowd lets every worker ask a question of its own at the same time.
func crowd(ctx context.Context, workers []asker) {
	var wait sync.WaitGroup
	for i, ask := range workers {
		wait.Go(func() { talk(ctx, ask, fmt.Sprintf("Question of worker %d?", i+1)) })
	}
	wait.Wait()
}

// guarded does something with a time-out. A panic of the client is an error
// like any other. What the client leaves open stays so until ctx is over, or its
// end would race with the answer, and the server see now this and now that.
func guarded(ctx context.Context, do func(context.Context) error) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	time.AfterFunc(patience, cancel)
	defer func() {
		if why := recover(); why != nil {
			err = fmt.Errorf("panic: %v", why)
		}
	}()
	return do(ctx)
}

// questions returns so many different questions.
func questions(n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf("Question %d?", i+1))
	}
	return all
}
