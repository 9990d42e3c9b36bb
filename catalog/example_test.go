package catalog_test

import (
	"fmt"

	"github.com/mockllm/mockllm/catalog"
)

// A short name is enough where it is clear which error is meant.
func ExampleResolve() {
	e, err := catalog.Resolve("insufficient_quota", catalog.Scope{Dialects: []string{catalog.DashScopeCompatible}})
	if err != nil {
		fmt.Println(err)
		return
	}
	v := e.Variant(catalog.DashScopeCompatible)
	fmt.Println(e.ID())
	fmt.Println(v.Message)
	fmt.Println(v.Retry)
	// Output:
	// dashscope/model/Throttling.AllocationQuota
	// You exceeded your current quota, please check your plan and billing details.
	// after-window
}
