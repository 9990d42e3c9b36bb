package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestFamilies lets an error of every family of the console arrive through an
// endpoint of its own, and reads it in Baidu's client.
func TestFamilies(t *testing.T) { runCases(t, familyCases()) }

func familyCases() []testCase {
	var cases []testCase
	for _, f := range []struct{ id, route, action string }{
		{"qianfan/iam/AccessDenied", "/v2/model", "DescribeSystemModelSets"},
		{"qianfan/model/1000", "/v2/model", "DescribeSystemModelSets"},
		{"qianfan/model/1000", "/v2/eval", "DescribeEvalTasks"},
		{"qianfan/prompt/1000001", "/v2/promptTemplates", "DescribePromptTemplate"},
		{"qianfan/service/500000", "/v2/service", "DescribeService"},
		{"qianfan/finetune/11000", "/v2/finetuning", "DescribeFineTuningJobs"},
		{"qianfan/tpmrpm/ActivePackagesExisted", "/v2/charge", "ReleaseTPMResource"},
		{"qianfan/batch/NoOpenedBilling", "/v2/batchinference", "DescribeBatchInferenceTasks"},
		{"qianfan/dataset-common/AuthFailed", "/v2/dataset", "DescribeDatasets"},
		{"qianfan/dataset-dataset/DataTypeNotMatchWithGroup", "/v2/dataset", "DescribeDatasets"},
		{"qianfan/dataset-datasetexport/CanOnlyDeleteDefaultRecord", "/v2/dataset", "CreateExportTask"},
		{"qianfan/dataset-datasetgroup/GroupIDDatasetIDNotMatch", "/v2/dataset", "DescribeDatasets"},
		{"qianfan/dataset-datasetimport/CantDeleteLastRecord", "/v2/dataset", "DescribeDatasets"},
		{"qianfan/dataset-datasetrelease/DatasetNotLabeled", "/v2/dataset", "PublishDatasetVersion"},
		{"qianfan/dataset-resource/BosBucketEmpty", "/v2/dataset", "CreateExportTask"},
		{"qianfan/dataset-user/CloudIDEmpty", "/v2/dataset", "DescribeDatasets"},
	} {
		rule := fmt.Sprintf("[[rule]]\nname = \"it\"\nmatch = { action = %q }\nerror = %q", f.action, f.id)
		cases = append(cases, testCase{f.id + " on " + f.route, rule, func(t *testing.T, s server) {
			sign(t, s)
			answer := must(call(t, f.route, f.action, nil))(t)
			var body struct{ RequestID, Code, Message string }
			if err := json.Unmarshal(answer.Body, &body); err != nil {
				t.Fatalf("%v in %s", err, answer.Body)
			}
			if !strings.HasSuffix(f.id, "/"+body.Code) || body.Message == "" || body.RequestID == "" {
				t.Errorf("the client reads %s", answer.Body)
			}
		}})
	}
	return cases
}
