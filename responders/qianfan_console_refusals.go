package responders

import (
	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// What the console refuses, in the words of the family that answers.

const (
	modelFamily    = "qianfan/model/"
	fineTuneFamily = "qianfan/finetune/"
	serviceFamily  = "qianfan/service/"
	promptFamily   = "qianfan/prompt/"
	datasetFamily  = "qianfan/dataset-common/"
	quotaFamily    = "qianfan/tpmrpm/"
)

// malformed refuses a body that is no JSON object. Only the new generation has
// a code for just that.
func malformed(operation string, old bool) *scenarios.Refusal {
	if !old {
		return &scenarios.Refusal{ID: iamFamily + "MalformedJSON"}
	}
	switch operation {
	case catalog.OpDataset:
		return &scenarios.Refusal{ID: datasetFamily + "ParamFieldValueInvalid"}
	case catalog.OpPrompt:
		return &scenarios.Refusal{ID: promptFamily + "1000015", Args: map[string]string{"field": "body"}}
	}
	return &scenarios.Refusal{ID: numericFamily(operation) + "500001"}
}

// lacking refuses a body without something that the call needs.
func lacking(operation string, old bool, name string) *scenarios.Refusal {
	if !old {
		return inappropriate(name)
	}
	switch {
	case operation == catalog.OpDataset:
		return &scenarios.Refusal{ID: datasetFamily + "ParamFieldNotExistOrEmpty"}
	case operation == catalog.OpPrompt:
		return &scenarios.Refusal{ID: promptFamily + "1000008", Args: map[string]string{"field": name}}
	case operation == catalog.OpService && name == "name":
		return &scenarios.Refusal{ID: serviceFamily + "520502"}
	case operation == catalog.OpService && name == "uri":
		return &scenarios.Refusal{ID: serviceFamily + "510501"}
	case operation == catalog.OpService:
		return &scenarios.Refusal{ID: serviceFamily + "500001"}
	}
	return &scenarios.Refusal{
		ID: numericFamily(operation) + "500001", Variant: "param[{param}] invalid",
		Args: map[string]string{"param": name},
	}
}

// inappropriate is how the new generation refuses a parameter, in the words of
// the one sample that the vendor prints.
func inappropriate(name string) *scenarios.Refusal {
	return &scenarios.Refusal{
		ID: iamFamily + "InappropriateJSON", Variant: "param[{param}] invalid",
		Args: map[string]string{"param": name},
	}
}

func numericFamily(operation string) string {
	switch operation {
	case catalog.OpFineTune:
		return fineTuneFamily
	case catalog.OpService:
		return serviceFamily
	}
	return modelFamily
}
