package scenarios_test

import (
	"testing"

	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/scenarios/statetest"
)

func TestMemory(t *testing.T) {
	statetest.Run(t, func(*testing.T) scenarios.State { return scenarios.NewMemory() })
}
