package responders

import (
	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// dashScopeAccount refuses what the state of the caller's key forbids. A list
// of models is shown to every key that exists; the rest is about calls of them.
func dashScopeAccount(in *Incoming, r *scenarios.Request, compatible bool) *scenarios.Refusal {
	key := in.caller(r.Key)
	r.Account = key.account
	switch {
	case (key.unknown() || key.expired) && compatible && byPlan(in):
		return &scenarios.Refusal{ID: dashScopeModel + "invalid access token or token expired"}
	case key.unknown() || key.expired:
		return &scenarios.Refusal{ID: dashScopeModel + "InvalidApiKey"}
	case in.Operation == catalog.OpModels:
		return nil
	case key.State == scenarios.KeyArrears:
		return &scenarios.Refusal{ID: dashScopeModel + "Arrearage"}
	case key.State == scenarios.KeyFreeTierUsed:
		return &scenarios.Refusal{ID: dashScopeModel + "AllocationQuota.FreeTierOnly"}
	case in.Operation == catalog.OpApp:
		if key.State == scenarios.KeyNoAccess {
			return &scenarios.Refusal{ID: dashScopeModel + "App.AccessDenied"}
		}
		return nil // An application is no model.
	case r.Model == "" || key.MayUse(r.Model):
		return nil
	case compatible:
		return &scenarios.Refusal{ID: dashScopeModel + "ModelNotFound"}
	}
	return &scenarios.Refusal{ID: dashScopeModel + "Model.AccessDenied"}
}
