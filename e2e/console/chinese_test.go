package console

import (
	"testing"

	"github.com/mockllm/mockllm/admin"
)

// Who reads Chinese reads what mockllm itself says in Chinese, too; what the
// vendors say and what the scenario is called stays.
func TestSaidInChinese(t *testing.T) {
	w := serve(t, `
		name = "judged"
		unmatched = "refuse"
		[[rule]]
		name  = "later"
		match = { model = "qwen-plus" }
		when  = { calls = "5.." }
		error = "Throttling"
		[[rule]]
		name  = "wall"
		match = { model = "qwen-plus" }
		error = "Arrearage"
		[[expect]]
		max_attempts = 1
		`, admin.Options{})
	for range 3 {
		w.chat("", "qwen-plus", "again and again")
	}
	w.chat("", "qwen-max", "nobody has a rule for it")
	p := open(t, w.console, look{width: 1280, height: 860, zh: true})
	p.sees("#list", "没有规则匹配：场景 \"judged\" 设置了 unmatched")
	p.visit("live?id=1")
	p.sees("#detail .near", "when.calls 从第 5 次开始，这是第 1 次调用")
	p.visit("live?id=4")
	p.sees("#detail .decision", "模型 \"qwen-max\"")
	p.sees("#detail .near", `match.model 要求 "qwen-plus"，请求中是 "qwen-max"`)
	p.visit("verdict")
	p.sees("#judged h3", "无望的重试 hopeless-retry")
	p.sees("#judged", "mockllm 自己拒绝了 1 个请求，第一条是交互 4", `规则 "later" 从未触发`,
		"客户端原样重发了不修改就不可能成功的请求。", "应当：", "读取错误码", "在遇到 dashscope/model/Arrearage 的", "所有调用", "最多 3 次尝试", "chat qwen-plus 用了 3 次尝试")
	p.visit("scenario")
	p.sees("#library", "流在中途结束。")
	p.write("#editor", "name = \"edited\"\n\n[[rule]]\nname  = \"always\"\nerror = \"Throtling\"\nwhen  = { every = \"x\" }\n")
	p.click("#apply")
	p.sees("#problems", "未应用：2 个问题", `没有名为 "Throtling" 的已记载错误；是否想写 "Throttling"？`, "必须是整数，不能是字符串")
	p.write("#editor", "name = \"edited\n\n[[rule]\n")
	p.click("#apply")
	p.sees("#problems", "第 1 行", "TOML 无效：这种字符串不能换行")
	p.visit("clock?namespace=a%20b")
	p.sees("#clock-about", `"a b" 不是命名空间`)
	p.quiet("422", "400")
}
