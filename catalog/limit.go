package catalog

// A Unit is what a limit counts.
type Unit string

// The units, in the order in which a call is held against them.
const (
	UnitConcurrency Unit = "concurrency" // Calls under way at the same time.
	UnitBurst       Unit = "burst"       // Calls that come closer together than evenly over a second.
	UnitQPS         Unit = "qps"         // Calls per second.
	UnitRPM         Unit = "rpm"         // Calls per minute.
	UnitTPM         Unit = "tpm"         // Tokens per minute, of questions and answers.
	UnitPerDay      Unit = "per_day"     // Calls per day.
	UnitTotal       Unit = "total"       // Calls ever.
)

// Units returns all units, in the order in which a call is held against them.
func Units() []Unit {
	return []Unit{UnitConcurrency, UnitBurst, UnitQPS, UnitRPM, UnitTPM, UnitPerDay, UnitTotal}
}

// A LimitError names the documented error for a limit that is used up.
type LimitError struct {
	ID      string // The entry, as provider/family/code.
	Variant string // A part of the message; "" is the first.
}

// LimitErrorOf returns the documented error with which the dialect refuses a
// call for which nothing is left of a limit. There is none for some units of
// some dialects.
func LimitErrorOf(dialect string, unit Unit) (LimitError, bool) {
	e, found := limitErrors[dialect][unit]
	return e, found
}

// limitErrors is by dialect and unit. Qianfan documents neither a limit of
// concurrency nor, on V2, one per day: the nearest of its errors stand there.
var limitErrors = map[string]map[Unit]LimitError{
	QianfanV1: {
		UnitConcurrency: {ID: "qianfan/capability/4"},
		UnitBurst:       {ID: "qianfan/capability/336503"},
		UnitQPS:         {ID: "qianfan/capability/18"},
		UnitRPM:         {ID: "qianfan/capability/336501"},
		UnitTPM:         {ID: "qianfan/capability/336502"},
		UnitPerDay:      {ID: "qianfan/capability/17"},
		UnitTotal:       {ID: "qianfan/capability/19"},
	},
	QianfanAnthropic:    v2Limits,
	QianfanResponses:    v2Limits,
	QianfanV2:           v2Limits,
	DashScopeAnthropic:  dashScopeLimits,
	DashScopeCompatible: dashScopeLimits,
	DashScopeNative:     dashScopeLimits,
	DashScopeResponses:  dashScopeLimits,
	DashScopeWS: {
		UnitConcurrency: {ID: "dashscope/model/Throttling.Concurrency"},
		UnitBurst:       {ID: "dashscope/model/Throttling.BurstRate"},
		UnitQPS:         {ID: "dashscope/websocket/Throttling.RateQuota"},
		UnitRPM:         {ID: "dashscope/websocket/Throttling.RateQuota"},
		UnitTPM:         {ID: "dashscope/model/Throttling.AllocationQuota"},
		UnitPerDay:      {ID: "dashscope/model/Throttling.AllocationQuota", Variant: "Allocated quota exceeded"},
		UnitTotal:       {ID: "dashscope/model/Throttling.AllocationQuota", Variant: "Free allocated quota exceeded"},
	},
}

var dashScopeLimits = map[Unit]LimitError{
	UnitConcurrency: {ID: "dashscope/model/Throttling.Concurrency"},
	UnitBurst:       {ID: "dashscope/model/Throttling.BurstRate"},
	UnitQPS:         {ID: "dashscope/model/Throttling.RateQuota"},
	UnitRPM:         {ID: "dashscope/model/Throttling.RateQuota"},
	UnitTPM:         {ID: "dashscope/model/Throttling.AllocationQuota"},
	UnitPerDay:      {ID: "dashscope/model/Throttling.AllocationQuota", Variant: "Allocated quota exceeded"},
	UnitTotal:       {ID: "dashscope/model/Throttling.AllocationQuota", Variant: "Free allocated quota exceeded"},
}

var v2Limits = map[Unit]LimitError{
	UnitConcurrency: {ID: "qianfan/v2/cluster_rate_limit_exceeded"},
	UnitBurst:       {ID: "qianfan/v2/preemptible_rate_limit_exceeded"},
	UnitQPS:         {ID: "qianfan/v2/user_rate_limit_exceeded"},
	UnitRPM:         {ID: "qianfan/v2/rpm_rate_limit_exceeded"},
	UnitTPM:         {ID: "qianfan/v2/tpm_rate_limit_exceeded"},
	UnitPerDay:      {ID: "qianfan/v2/user_rate_limit_exceeded"},
	UnitTotal:       {ID: "qianfan/v2/account_overdue"},
}
