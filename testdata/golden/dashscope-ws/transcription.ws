### scenario
[[rule]]
name = "r"
reply = { text = "好，我知道了。" }
### conversation /api-ws/v1/inference/
> {"header":{"action":"run-task","task_id":"439e0616-2f5b-44e0-8872-0002a066a49c","streaming":"duplex"},"payload":{"model":"paraformer-realtime-v2","task_group":"audio","task":"asr","function":"recognition","input":{},"parameters":{"format":"pcm","sample_rate":16000}}}
{"header":{"task_id":"439e0616-2f5b-44e0-8872-0002a066a49c","event":"task-started","attributes":{}},"payload":{}}
> #sound
{"header":{"task_id":"439e0616-2f5b-44e0-8872-0002a066a49c","event":"result-generated","attributes":{"request_uuid":"0178c573-fc5f-493b-b309-7f5ae0f44998","x-ds-batch-queue-length":"0"}},"payload":{"output":{"sentence":{"begin_time":0,"end_time":null,"text":"好，","heartbeat":false,"sentence_end":false,"words":[{"begin_time":0,"end_time":0,"text":"好，","punctuation":""}]}},"usage":null}}
> {"header":{"action":"finish-task","task_id":"439e0616-2f5b-44e0-8872-0002a066a49c"},"payload":{"input":{}}}
{"header":{"task_id":"439e0616-2f5b-44e0-8872-0002a066a49c","event":"result-generated","attributes":{"request_uuid":"0178c573-fc5f-493b-b309-7f5ae0f44998","x-ds-batch-queue-length":"0"}},"payload":{"output":{"sentence":{"begin_time":0,"end_time":0,"text":"好，我知道了。","heartbeat":false,"sentence_end":true,"words":[{"begin_time":0,"end_time":0,"text":"好，","punctuation":""},{"begin_time":0,"end_time":0,"text":"我知","punctuation":""},{"begin_time":0,"end_time":0,"text":"道了。","punctuation":""}]}},"usage":{"duration":1}}}
{"header":{"task_id":"439e0616-2f5b-44e0-8872-0002a066a49c","event":"task-finished","attributes":{"request_uuid":"0178c573-fc5f-493b-b309-7f5ae0f44998","x-ds-batch-queue-length":"0"}},"payload":{"output":{}}}
