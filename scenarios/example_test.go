package scenarios_test

import (
	"context"
	"fmt"
	"time"

	"github.com/mockllm/mockllm/scenarios"
)

// A mistake is refused with its line, and with what was probably meant.
func ExampleLoad() {
	_, err := scenarios.Load("throttle.toml", []byte(`
[[rule]]
name  = "throttled"
match = { dialect = "dashscope-nativ" }
error = "Throttling.RateQouta"
`))
	fmt.Println(err)
	// Output:
	// throttle.toml:4: rule "throttled": match.dialect: unknown value "dashscope-nativ"; did you mean "dashscope-native"?
	// throttle.toml:5: rule "throttled": error: no documented error is called "Throttling.RateQouta"; did you mean "Throttling.RateQuota"?
}

// An engine is asked once for each request; the time is an argument.
func ExampleEngine_Decide() {
	s, err := scenarios.Load("throttle.toml", []byte(`
[[rule]]
name  = "every other"
when  = { every = 2 }
error = "Throttling.RateQuota"
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	engine := scenarios.NewEngine(s, scenarios.Settings{}, scenarios.NewMemory())
	for range 3 {
		d, err := engine.Decide(context.Background(), time.Now(), &scenarios.Request{Dialect: "dashscope-native", Operation: "chat"})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(d.Cause)
	}
	// Output:
	// success
	// rule
	// success
}
