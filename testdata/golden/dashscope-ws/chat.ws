### scenario
[[rule]]
name = "r"
reply = { text = "Hello there.", frames = 2 }
### conversation /api-ws/v1/inference
> {"header":{"action":"run-task","task_id":"439e0616-2f5b-44e0-8872-0002a066a49c","streaming":"out"},"payload":{"model":"qwen-plus","task_group":"aigc","task":"text-generation","function":"generation","input":{"messages":[{"role":"user","content":"hi"}]},"parameters":{"result_format":"message","incremental_output":true}}}
{"header":{"task_id":"439e0616-2f5b-44e0-8872-0002a066a49c","event":"task-started","attributes":{}},"payload":{}}
{"header":{"task_id":"439e0616-2f5b-44e0-8872-0002a066a49c","event":"result-generated","attributes":{"request_uuid":"1e5af31b-5f1a-423a-8d4f-2b31978d3cba","x-ds-batch-queue-length":"0"}},"payload":{"output":{"choices":[{"message":{"content":"Hello","role":"assistant"},"finish_reason":"null"}]},"usage":{"total_tokens":2,"input_tokens":1,"output_tokens":1}}}
{"header":{"task_id":"439e0616-2f5b-44e0-8872-0002a066a49c","event":"result-generated","attributes":{"request_uuid":"1e5af31b-5f1a-423a-8d4f-2b31978d3cba","x-ds-batch-queue-length":"0"}},"payload":{"output":{"choices":[{"message":{"content":" there.","role":"assistant"},"finish_reason":"null"}]},"usage":{"total_tokens":4,"input_tokens":1,"output_tokens":3}}}
{"header":{"task_id":"439e0616-2f5b-44e0-8872-0002a066a49c","event":"result-generated","attributes":{"request_uuid":"1e5af31b-5f1a-423a-8d4f-2b31978d3cba","x-ds-batch-queue-length":"0"}},"payload":{"output":{"choices":[{"message":{"content":"","role":"assistant"},"finish_reason":"stop"}]},"usage":{"total_tokens":4,"input_tokens":1,"output_tokens":3}}}
{"header":{"task_id":"439e0616-2f5b-44e0-8872-0002a066a49c","event":"task-finished","attributes":{"request_uuid":"1e5af31b-5f1a-423a-8d4f-2b31978d3cba","x-ds-batch-queue-length":"0"}},"payload":{}}
