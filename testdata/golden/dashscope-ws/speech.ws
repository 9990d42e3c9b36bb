### scenario
### conversation /api-ws/v1/inference
> {"header":{"action":"run-task","task_id":"439e0616-2f5b-44e0-8872-0002a066a49c","streaming":"duplex"},"payload":{"model":"cosyvoice-v2","task_group":"audio","task":"tts","function":"SpeechSynthesizer","input":{},"parameters":{"voice":"longxiaochun","format":"wav"}}}
{"header":{"task_id":"439e0616-2f5b-44e0-8872-0002a066a49c","event":"task-started","attributes":{}},"payload":{}}
> {"header":{"action":"continue-task","task_id":"439e0616-2f5b-44e0-8872-0002a066a49c"},"payload":{"input":{"text":"床前明月光，疑是地上霜。举头"}}}
{"header":{"task_id":"439e0616-2f5b-44e0-8872-0002a066a49c","event":"result-generated","attributes":{"request_uuid":"89313345-4ec4-41f5-a57f-b991353c3563","x-ds-batch-queue-length":"0"}},"payload":{"output":{"sentence":{"index":0,"words":[]},"type":"sentence-begin","original_text":"床前明月光，疑是地上霜。"}}}
{"header":{"task_id":"439e0616-2f5b-44e0-8872-0002a066a49c","event":"result-generated","attributes":{"request_uuid":"89313345-4ec4-41f5-a57f-b991353c3563","x-ds-batch-queue-length":"0"}},"payload":{"output":{"sentence":{"index":0,"words":[]},"type":"sentence-synthesis"}}}
<822 bytes>
{"header":{"task_id":"439e0616-2f5b-44e0-8872-0002a066a49c","event":"result-generated","attributes":{"request_uuid":"89313345-4ec4-41f5-a57f-b991353c3563","x-ds-batch-queue-length":"0"}},"payload":{"output":{"sentence":{"index":0,"words":[]},"type":"sentence-synthesis"}}}
<822 bytes>
{"header":{"task_id":"439e0616-2f5b-44e0-8872-0002a066a49c","event":"result-generated","attributes":{"request_uuid":"89313345-4ec4-41f5-a57f-b991353c3563","x-ds-batch-queue-length":"0"}},"payload":{"output":{"sentence":{"index":0,"words":[]},"type":"sentence-end","original_text":"床前明月光，疑是地上霜。"},"usage":{"characters":22}}}
> {"header":{"action":"finish-task","task_id":"439e0616-2f5b-44e0-8872-0002a066a49c"},"payload":{"input":{}}}
{"header":{"task_id":"439e0616-2f5b-44e0-8872-0002a066a49c","event":"result-generated","attributes":{"request_uuid":"89313345-4ec4-41f5-a57f-b991353c3563","x-ds-batch-queue-length":"0"}},"payload":{"output":{"sentence":{"index":1,"words":[]},"type":"sentence-begin","original_text":"举头"}}}
{"header":{"task_id":"439e0616-2f5b-44e0-8872-0002a066a49c","event":"result-generated","attributes":{"request_uuid":"89313345-4ec4-41f5-a57f-b991353c3563","x-ds-batch-queue-length":"0"}},"payload":{"output":{"sentence":{"index":1,"words":[]},"type":"sentence-synthesis"}}}
<800 bytes>
{"header":{"task_id":"439e0616-2f5b-44e0-8872-0002a066a49c","event":"result-generated","attributes":{"request_uuid":"89313345-4ec4-41f5-a57f-b991353c3563","x-ds-batch-queue-length":"0"}},"payload":{"output":{"sentence":{"index":1,"words":[]},"type":"sentence-synthesis"}}}
<800 bytes>
{"header":{"task_id":"439e0616-2f5b-44e0-8872-0002a066a49c","event":"result-generated","attributes":{"request_uuid":"89313345-4ec4-41f5-a57f-b991353c3563","x-ds-batch-queue-length":"0"}},"payload":{"output":{"sentence":{"index":1,"words":[]},"type":"sentence-end","original_text":"举头"},"usage":{"characters":26}}}
{"header":{"task_id":"439e0616-2f5b-44e0-8872-0002a066a49c","event":"task-finished","attributes":{"request_uuid":"89313345-4ec4-41f5-a57f-b991353c3563","x-ds-batch-queue-length":"0"}},"payload":{"output":{"sentence":{"words":[]}},"usage":{"characters":26}}}
