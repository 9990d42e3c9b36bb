### scenario
[[rule]]
name = "r"
match = { dialect = "dashscope-ws" }
error = "InvalidParameter"
delivery = { mode = "mid-stream", after_frames = 3 }
### conversation /api-ws/v1/inference
> {"header":{"action":"run-task","task_id":"439e0616-2f5b-44e0-8872-0002a066a49c","streaming":"duplex"},"payload":{"model":"cosyvoice-v2","task_group":"audio","task":"tts","function":"SpeechSynthesizer","input":{},"parameters":{"voice":"longxiaochun"}}}
{"header":{"task_id":"439e0616-2f5b-44e0-8872-0002a066a49c","event":"task-started","attributes":{}},"payload":{}}
> {"header":{"action":"continue-task","task_id":"439e0616-2f5b-44e0-8872-0002a066a49c"},"payload":{"input":{"text":"One sentence."}}}
{"header":{"task_id":"439e0616-2f5b-44e0-8872-0002a066a49c","event":"result-generated","attributes":{"request_uuid":"74ae3517-9583-4779-9447-6c2937338e94","x-ds-batch-queue-length":"0"}},"payload":{"output":{"sentence":{"index":0,"words":[]},"type":"sentence-begin","original_text":"One sentence."}}}
{"header":{"task_id":"439e0616-2f5b-44e0-8872-0002a066a49c","event":"result-generated","attributes":{"request_uuid":"74ae3517-9583-4779-9447-6c2937338e94","x-ds-batch-queue-length":"0"}},"payload":{"output":{"sentence":{"index":0,"words":[]},"type":"sentence-synthesis"}}}
<834 bytes>
{"header":{"task_id":"439e0616-2f5b-44e0-8872-0002a066a49c","event":"task-failed","error_code":"InvalidParameter","error_message":"[tts:]Engine return error code: 418","attributes":{}},"payload":{}}
closed 1000
