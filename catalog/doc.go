// Package catalog holds what Baidu Qianfan and Alibaba DashScope document:
// their errors, by name, and the wire dialects that can carry them.
//
// The errors are embedded TOML, one file per family under data/. A file is
// parsed when somebody first asks for its family. Nothing here is ever
// written after start; values returned are shared and must not be changed.
//
// An [Entry] is one documented code; its id is provider/family/code, such as
// "dashscope/model/Throttling.RateQuota". An entry has one [Variant] for each
// message that the vendor prints under that code. [Resolve] turns what a
// person writes ("Throttling.RateQuota", "18") into the one entry meant.
package catalog
